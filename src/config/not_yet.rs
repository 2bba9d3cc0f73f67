//! Parts of the language that are not built yet: refused by name, never ignored.

use super::{
    error::Problem,
    node::{Node, Value},
};

/// Whole sections and single keys; `[]` stands for any place of a list.
const NOT_YET: &[&str] = &[
    "regression.runs",
    "regression.split",
    "baseline.s3",
    "metrics",
    "profiles",
    "faults",
    "proxies",
    "distributed",
    "capacity",
    "report.timeseries",
    "report.curl_repro",
    "notify",
];

/// What a metric of the servers begins with.
const SERVER_METRICS: &str = "regression.metrics.server.";

/// Everything of the tree that is not built yet, in the order of the file.
pub(super) fn find(root: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    walk(root, "", &mut problems);
    problems
}

fn walk(node: &Node, path: &str, problems: &mut Vec<Problem>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| walk(item, &format!("{path}[]"), problems)),
        Value::Map(entries) => {
            for entry in entries {
                let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                let plain = without_environment(&path);
                if NOT_YET.contains(&plain) || plain.starts_with(SERVER_METRICS) {
                    let hint = format!("remove `{}:` for now", entry.key);
                    let message = format!("'{}' is not supported yet", plain.replace("[]", ""));
                    problems.push(Problem::new(entry.key_position.clone(), message, hint));
                } else {
                    walk(&entry.node, &path, problems);
                }
            }
        }
    }
}

/// What an environment lays over the file is of the same language as the file.
fn without_environment(path: &str) -> &str {
    path.strip_prefix("environments.").and_then(|rest| rest.split_once('.')).map_or(path, |(_, rest)| rest)
}

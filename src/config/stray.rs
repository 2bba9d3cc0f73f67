//! Templates where nothing is rendered: `rate: "{{ rate }}"` would else be a text that is no rate, or be sent as it stands.

use super::{
    error::Problem,
    node::{Node, Value},
};

/// Every template of the tree that stands where none is rendered, in the order of the file. All keys must be known: beside a
/// misspelt one it is the key that is wrong.
pub(super) fn find(root: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    walk(root, "", &mut problems);
    problems
}

fn walk(node: &Node, path: &str, problems: &mut Vec<Problem>) {
    match &node.value {
        Value::Scalar(scalar) if scalar.written.contains("{{") && !takes_templates(path) => {
            let hint = "templates are rendered for each request: they belong in paths, headers and bodies of `scenarios`; here, ${NAME} \
                        is filled in when the configuration is loaded";
            problems.push(Problem::new(node.position.clone(), "a template ('{{ .. }}') can't stand here", hint.to_owned()));
        }
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| walk(item, &format!("{path}[]"), problems)),
        Value::Map(entries) => {
            for entry in entries {
                let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                walk(&entry.node, &path, problems);
            }
        }
    }
}

/// Whether the value at a path is rendered, or is data that is taken as it stands.
fn takes_templates(path: &str) -> bool {
    if path.starts_with("data.") || path == "scenarios[]" {
        return true;
    }
    let Some(rest) = path.strip_prefix("scenarios[].") else { return false };
    let lists = ["steps[].", "setup[].", "teardown[]."];
    let key = lists.iter().find_map(|list| rest.strip_prefix(list)).unwrap_or(rest);
    if ["broadcast.send", "expect.json", "expect.regex"].iter().any(|place| key.starts_with(place)) {
        return true;
    }
    let first = key.split(['.', '[']).next().unwrap_or_default();
    matches!(first, "get" | "post" | "put" | "patch" | "delete" | "head" | "headers" | "body" | "json" | "websocket" | "send")
}

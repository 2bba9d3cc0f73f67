//! `junit.xml`: a test case for each threshold, each judged comparison and each check of the run.

use std::fmt::Write as _;

use super::{escape::xml, view::View};

struct Case {
    class: &'static str,
    name: String,
    /// Kind and text of what went wrong; `skipped` for what could not be judged.
    trouble: Option<(&'static str, String)>,
    output: String,
}

/// The whole file; an empty suite for runs that were not judged.
pub(super) fn render(view: &View) -> String {
    let cases = cases(view);
    let count = |kind: &str| cases.iter().filter(|case| case.trouble.as_ref().is_some_and(|(found, _)| *found == kind)).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        cases.len(),
        count("failure"),
        count("error"),
        count("skipped")
    );
    let name = xml(&view.suite);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"loadgate\" {counts}>\n  <testsuite name=\"{name}\" {counts}>\n"
    );
    for case in &cases {
        let _ = writeln!(text, "    <testcase classname=\"{name}.{}\" name=\"{}\">", case.class, xml(&case.name));
        if let Some((kind, message)) = &case.trouble {
            let _ = writeln!(text, "      <{kind} message=\"{}\"/>", xml(message));
        }
        let _ = writeln!(text, "      <system-out>{}</system-out>\n    </testcase>", xml(&case.output));
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn cases(view: &View) -> Vec<Case> {
    let Some(verdict) = &view.verdict else { return Vec::new() };
    let validity = verdict.validity.iter().map(|check| Case {
        class: "validity",
        name: check.check.to_owned(),
        trouble: (!check.ok).then(|| ("error", check.reason.clone())),
        output: check.reason.clone(),
    });
    let thresholds = verdict.thresholds.iter().map(|threshold| Case {
        class: "thresholds",
        name: threshold.expr.clone(),
        trouble: match threshold.outcome {
            "fail" => Some(("failure", threshold.reason.clone())),
            "no_data" => Some(("error", threshold.reason.clone())),
            _ => None,
        },
        output: threshold.reason.clone(),
    });
    let comparisons = verdict.rows.iter().map(|row| Case {
        class: "regression",
        name: format!("{} {}", row.endpoint, row.metric),
        trouble: match row.word {
            _ if row.fails => Some(("failure", row.reason.clone())),
            "inconclusive" | "no data" => Some(("skipped", row.reason.clone())),
            _ => None,
        },
        output: format!("{} -> {} ({} {}): {}", row.baseline, row.candidate, row.change, row.interval, row.reason),
    });
    validity.chain(thresholds).chain(comparisons).collect()
}

//! `junit.xml`: the verdict, each threshold, each compared metric and each check of the run as a test case.

use serde::Serialize;

use super::template;
use crate::report::{ChangeRow, Judged, ReportError, ThresholdView, ValidityView, View};

#[derive(Serialize)]
struct Document<'a> {
    tests: usize,
    failures: usize,
    skipped: usize,
    suites: Vec<Suite<'a>>,
}

#[derive(Serialize)]
struct Suite<'a> {
    name: String,
    tests: usize,
    failures: usize,
    skipped: usize,
    cases: Vec<Case<'a>>,
}

#[derive(Serialize)]
struct Case<'a> {
    name: String,
    #[serde(flatten)]
    result: Outcome<'a>,
}

/// What a test viewer makes of it. A warning passes and says why it is one; what could not be judged never passes.
#[derive(Serialize)]
#[serde(tag = "result", content = "reason", rename_all = "snake_case")]
enum Outcome<'a> {
    Passed(&'a str),
    Failed(&'a str),
    Skipped(&'a str),
}

/// Four suites: gate, thresholds, comparison, validity.
pub(super) fn render(view: &View) -> Result<String, ReportError> {
    let judged = &view.judged;
    let rows = judged.compared.iter().flat_map(|compared| &compared.rows);
    let named = |name: &str| format!("{} {name}", view.run.suite);
    let suites = vec![
        Suite::of(named("gate"), vec![verdict(judged)]),
        Suite::of(named("thresholds"), judged.thresholds.iter().map(threshold).collect()),
        Suite::of(named("comparison"), rows.map(change).collect()),
        Suite::of(named("validity"), judged.validity.iter().map(validity).collect()),
    ];
    let sum = |count: fn(&Suite<'_>) -> usize| suites.iter().map(count).sum();
    let document = Document {
        tests: sum(|suite| suite.tests),
        failures: sum(|suite| suite.failures),
        skipped: sum(|suite| suite.skipped),
        suites,
    };
    template::render("junit.xml", document)
}

impl<'a> Suite<'a> {
    fn of(name: String, cases: Vec<Case<'a>>) -> Self {
        let count = |wanted: fn(&Outcome<'_>) -> bool| cases.iter().filter(|case| wanted(&case.result)).count();
        Self {
            name,
            tests: cases.len(),
            failures: count(|result| matches!(result, Outcome::Failed(_))),
            skipped: count(|result| matches!(result, Outcome::Skipped(_))),
            cases,
        }
    }
}

/// What fails the gate may have no row of its own (an endpoint that is gone, a baseline that is missing): a viewer of tests must
/// not be green where the gate is not.
fn verdict(judged: &Judged) -> Case<'_> {
    let result = if judged.exit_code == 0 { Outcome::Passed(&judged.headline) } else { Outcome::Failed(&judged.headline) };
    Case { name: "verdict".to_owned(), result }
}

fn threshold(view: &ThresholdView) -> Case<'_> {
    let result = match view.outcome {
        "pass" | "warn" => Outcome::Passed(&view.reason),
        _ => Outcome::Failed(&view.reason),
    };
    Case { name: view.expr.clone(), result }
}

fn change(row: &ChangeRow) -> Case<'_> {
    let result = match (row.outcome, row.class) {
        ("regressed", "fail") => Outcome::Failed(&row.reason),
        ("inconclusive" | "no_data", _) => Outcome::Skipped(&row.reason),
        _ => Outcome::Passed(&row.reason),
    };
    Case { name: format!("{} {}", row.name, row.metric), result }
}

fn validity(view: &ValidityView) -> Case<'_> {
    Case { name: view.name.clone(), result: if view.ok { Outcome::Passed(&view.reason) } else { Outcome::Failed(&view.reason) } }
}

//! The run in a few facts: what was played, where, and whether that went well.

use std::time::Duration;

use super::{
    facts::{self, Fact},
    text,
};
use crate::{
    policy::Mode,
    record::RunRecord,
    report::escape::plain,
    units,
    verdict::{Reference, Verdict},
};

/// Checks that tell of the load generator.
const OF_GENERATOR: [&str; 4] = ["achieved_rate", "generator_late", "generator_saturated", "open_files"];

/// The facts of a verdict; none without a run.
pub(super) fn of(verdict: &Verdict, candidate: &[RunRecord], baseline: &[RunRecord]) -> Vec<Fact> {
    let Some(run) = candidate.first() else { return Vec::new() };
    let mut facts = vec![Fact::new("load", load(run, candidate.len()))];
    let mut known = |name, value: Option<String>| facts.extend(value.map(|value| Fact::new(name, value)));
    known("versions", versions(run, verdict));
    if run.provenance.imported.is_none() {
        known("machine", Some(format!("{}, {}", plain(&run.environment.runner_class), facts::processor(run))));
    }
    known("conditions", environment(verdict, run, baseline));
    known("load generator", generator(verdict));
    facts
}

/// `2 stages, 1m measured, 350/s`, for people who know the configuration.
fn load(run: &RunRecord, runs: usize) -> String {
    let measured = || run.plan.stages.iter().filter(|stage| stage.measured);
    let time = units::duration(Duration::from_micros(measured().map(|stage| stage.duration_us).sum()));
    let mut shapes: Vec<String> = measured().map(|stage| plain(&stage.shape)).collect();
    shapes.dedup();
    let shapes = if shapes.len() > 3 { format!("{}, … {}", shapes[0], shapes[shapes.len() - 1]) } else { shapes.join(", ") };
    let times = if runs > 1 { format!(", {}", text::counted(runs, "run")) } else { String::new() };
    format!("{shapes}, {time} measured in {}{times}", text::counted(measured().count(), "stage"))
}

/// `a1b2c3d4e against 9f8e7d6c5`
fn versions(run: &RunRecord, verdict: &Verdict) -> Option<String> {
    let candidate = text::short_commit(&plain(run.provenance.commit.as_deref()?));
    let commits = verdict.comparison().map_or(&[][..], |comparison| &comparison.baseline_commits);
    let newest = commits.first().map(|commit| text::short_commit(&plain(commit))).filter(|commit| *commit != candidate);
    Some(newest.map_or_else(|| candidate.clone(), |baseline| format!("{candidate} against {baseline}")))
}

fn environment(verdict: &Verdict, run: &RunRecord, baseline: &[RunRecord]) -> Option<String> {
    match &verdict.reference {
        Reference::NoBaseline => None,
        Reference::Mismatch(_) => Some("no stored baseline was made under the same".to_owned()),
        Reference::Compared(comparison) if comparison.mode == Mode::Ab => {
            Some("the same for both versions, which were played at the same time".to_owned())
        }
        Reference::Compared(_) => {
            let differences = run.fingerprint().differences(&baseline.first()?.fingerprint());
            Some(match differences.is_empty() {
                true => "the same as those of the baseline".to_owned(),
                false => format!("differ from those of the baseline: {}", plain(&differences.join("; "))),
            })
        }
    }
}

fn generator(verdict: &Verdict) -> Option<String> {
    let mut checks = verdict.validity.iter().filter(|check| OF_GENERATOR.contains(&check.check));
    let first = checks.clone().next()?;
    Some(match checks.find(|check| !check.ok) {
        Some(broken) => format!("did not keep up: {}", plain(&broken.reason)),
        None => format!("kept up: {}", plain(&first.reason)),
    })
}

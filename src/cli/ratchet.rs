//! `regression.drift`: the gate's look at the whole history, beside the newest baselines.

use super::{Failure, provenance, shelf, terminal};
use crate::{
    baseline::{Fate, Store},
    history::{self, Crept, RUNS_MIN, SERVICE},
    plan::Resolved,
    policy::Severity,
    record::{RunPoint, RunRecord},
    units,
    verdict::{self, CREEP, Verdict},
};

/// Figures that are named; the others are counted.
const NAMED: usize = 3;

/// Finds what is wrong with the history before any load is sent.
pub(super) fn check(resolved: &Resolved) -> Result<(), Failure> {
    if resolved.policy.regression.drift.is_some() {
        shelf::of(&resolved.baseline).open()?.kept(Some(&resolved.plan.suite))?;
    }
    Ok(())
}

/// The verdict, failed where the branch crept away from its best level. A change is warned of that, not failed: what crept before is
/// not its doing, and the chance of a false alarm is reckoned for a question a day, not for one with each change.
pub(super) fn apply(verdict: Verdict, candidate: &[RunRecord], resolved: &Resolved) -> Result<Verdict, Failure> {
    let (Some(rule), Some(first)) = (resolved.policy.regression.drift, candidate.first()) else { return Ok(verdict) };
    let earlier = earlier(&*shelf::of(&resolved.baseline).open()?, first)?;
    if earlier.len() + 1 < RUNS_MIN {
        let known = earlier.len();
        terminal::err(&format!("note: the ratchet (regression.drift) needs {} stored runs, there are {known}", RUNS_MIN - 1));
        return Ok(verdict);
    }
    let candidate: Vec<RunPoint> = candidate.iter().map(RunPoint::of).collect();
    let mut crept = history::crept(&earlier, &candidate, rule.window, rule.ratchet);
    crept.sort_by(|a, b| b.change().total_cmp(&a.change()));
    let more = crept.len().saturating_sub(NAMED);
    let mut sentences: Vec<String> = crept.iter().take(NAMED).map(|crept| sentence(crept, rule.ratchet)).collect();
    sentences.extend((more > 0).then(|| format!("{more} more figures crept as far: `loadgate history` shows them")));
    let severity = if provenance::is_of_change(&first.provenance) { Severity::Warn } else { Severity::Fail };
    if severity == Severity::Warn && !sentences.is_empty() {
        sentences.push(
            "the ratchet (regression.drift) only warns of a change: what the branch crept before is not its doing, and fails the \
             builds of the branch itself"
                .to_owned(),
        );
    }
    Ok(verdict::crept(verdict, sentences, severity))
}

/// The figures of runs that were made like this one and before it, oldest first, since a change was accepted last.
fn earlier(store: &Store, run: &RunRecord) -> Result<Vec<RunPoint>, Failure> {
    let fingerprint = run.fingerprint().id;
    let kept = store.kept(Some(&run.suite))?.into_iter().find(|kept| kept.fingerprint == fingerprint).unwrap_or_default();
    for (path, why) in &kept.damaged {
        terminal::err(&format!("warning: {} is left out of the history: {why}", path.display()));
    }
    let runs = kept.runs.into_iter().filter(|kept| kept.fate != Fate::Withdrawn).map(|kept| kept.point);
    let mut earlier: Vec<RunPoint> = runs.filter(|point| point.started_at < run.started_at).collect();
    earlier.drain(..history::level_began(&earlier));
    Ok(earlier)
}

fn sentence(crept: &Crept, ratchet: f64) -> String {
    let name = if crept.endpoint == SERVICE { "the service as a whole" } else { &crept.endpoint };
    let day = |at: jiff::Timestamp| at.strftime("%Y-%m-%d").to_string();
    let commit = crept.best_commit.as_deref().map_or_else(String::new, |commit| {
        format!(", up to commit {}", commit.chars().filter(|c| !c.is_control()).take(9).collect::<String>())
    });
    format!(
        "{CREEP}{name} {} is {} above its best sustained level ({} from {} to {}{commit}; now {}), and the ratchet is {}",
        crept.metric.name(),
        units::percent(crept.change()),
        units::latency(crept.best_us),
        day(crept.best.0),
        day(crept.best.1),
        units::latency(crept.today_us),
        units::percent(ratchet - 1.0),
    )
}

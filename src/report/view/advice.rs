//! What to do next. The rows' own reasons say what is wrong; this says which way leads out.

use serde::Serialize;

use crate::{
    compare::{Outcome, way_out},
    policy::{Accept, Mode, Severity},
    record::{Ended, LastWords, RunRecord},
    report::escape::plain,
    units,
    verdict::{CREEP, Reference, ThresholdOutcome, Verdict, VerdictKind, why_nothing_was_asked},
};

/// Stores a run by hand.
const PROMOTE: &str = "loadgate baseline promote RECORD";

/// Something to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    /// In a sentence.
    pub text: String,
    /// To be typed into a shell.
    pub command: Option<String>,
}

fn advise(text: &str, command: Option<&str>) -> Advice {
    Advice { text: text.to_owned(), command: command.map(str::to_owned) }
}

/// Steps for the reader of a verdict, the most useful first; none when all is well.
pub(super) fn next(verdict: &Verdict, candidate: &[RunRecord], baseline: &[RunRecord]) -> Vec<Advice> {
    let mut steps = Vec::new();
    match verdict.kind {
        VerdictKind::Invalid => return vec![make_valid(verdict, candidate, baseline)],
        VerdictKind::Fail => steps.extend(repair(verdict)),
        VerdictKind::Inconclusive => steps.push(advise(see_more(verdict), None)),
        VerdictKind::Warn | VerdictKind::Pass => {}
    }
    steps.extend(look_back(verdict));
    steps.extend(store_baseline(&verdict.reference));
    steps
}

fn see_more(verdict: &Verdict) -> &'static str {
    // What the first reason says must not be contradicted below it.
    if let Some(way_out) = verdict.reasons.first().and_then(|reason| way_out(reason)) {
        way_out
    } else if side_by_side(&verdict.reference) {
        "Play more replicates, or make the measured stages longer: each lets a smaller change be seen."
    } else {
        "Run the job again, make the measured stages longer, or store more baseline runs: each lets a smaller change be seen."
    }
}

fn side_by_side(reference: &Reference) -> bool {
    matches!(reference, Reference::Compared(comparison) if comparison.mode == Mode::Ab)
}

/// One step only: of several broken checks the first one usually explains the rest.
fn make_valid(verdict: &Verdict, candidate: &[RunRecord], baseline: &[RunRecord]) -> Advice {
    let broken = |name: &str| verdict.validity.iter().any(|check| check.check == name && !check.ok);
    let ended = |how: Ended| candidate.iter().any(|run| run.ended == how);
    if ended(Ended::Interrupted) {
        return advise("Run it again to its end.", None);
    }
    if let Some(said) = candidate.iter().flat_map(|run| &run.last_words).next() {
        return read_log(said);
    }
    if ended(Ended::Aborted) && candidate.iter().any(was_answered) && !broken("target_reachable") {
        return advise("Find out why it was aborted: the failed requests of the report tell what came back.", None);
    }
    if ended(Ended::Aborted) || broken("target_reachable") {
        // Either version may be the one that does not answer, where both were asked at the same time.
        let beside = baseline.first().filter(|run| run.ab.is_some());
        let asked = candidate.first().into_iter().chain(beside);
        let targets: String = asked.map(|run| format!(" http://{}/", plain(&run.plan.target))).collect();
        let text = match beside {
            Some(_) => "See whether both versions answer from the machine that makes the load.",
            None => "See whether the target answers from the machine that makes the load.",
        };
        let command = (!targets.is_empty()).then(|| format!("curl -v --max-time 5{targets}"));
        return advise(text, command.as_deref());
    }
    if broken("circuit_breaker") {
        return advise(
            "Find out why the target failed: its log and the failed requests of the report tell. What it would have done under \
             the rest of the load nobody has measured.",
            None,
        );
    }
    if broken("samples") && candidate.iter().any(|run| why_nothing_was_asked(run, None).is_some()) {
        return advise(
            "Make `setup` work first: failures.json of the report folder shows what was sent and what came back.",
            None,
        );
    }
    if broken("samples") {
        return advise("See that every stage is long enough and its rate above zero.", Some("loadgate check"));
    }
    if broken("generator_late") && !broken("generator_saturated") && candidate.iter().all(is_idle) {
        return advise(&quiet_machine(candidate), None);
    }
    if broken("achieved_rate") || broken("generator_late") {
        return advise("Use a larger runner for loadgate, or lower the rate: the load generator was the bottleneck.", None);
    }
    advise("Mend what the broken check names, and run it again.", None)
}

/// The port it was to listen on is gone with it: there is nobody left to ask.
fn read_log(said: &LastWords) -> Advice {
    let (side, log) = (said.side, plain(&said.log));
    if said.lines.is_empty() {
        return advise(
            &format!("See whether the command that starts the {side} starts it, and makes it listen on $PORT: it said nothing."),
            None,
        );
    }
    advise(&format!("Read what the {side}'s service said: {log}"), None)
}

/// The machine kept a generator waiting that had little to do itself.
fn quiet_machine(candidate: &[RunRecord]) -> String {
    let most = candidate.iter().filter_map(|run| run.generator.cpu_share).fold(0.0, f64::max);
    let again = if candidate.len() > 1 || candidate.iter().any(|run| run.ab.is_some()) {
        ""
    } else {
        " Where loadgate starts the service (target.start) and regression.replicates is 3 or more, it plays a late part again by itself."
    };
    format!(
        "Run it again, on a machine that does nothing else meanwhile: it was busy with something else or stood still, as the load \
         generator used only {} of its processor time and was kept waiting all the same.{again}",
        units::percent(most)
    )
}

/// Whether the target answered as it should at least once.
fn was_answered(run: &RunRecord) -> bool {
    run.endpoints.iter().flat_map(|series| series.windows()).any(|window| window.requests > window.error_count())
}

/// Whether the generator used little of the processors it had: then it was not its own load that kept it waiting.
fn is_idle(run: &RunRecord) -> bool {
    run.generator.cpu_share.is_some_and(|share| share < 0.5)
}

fn repair(verdict: &Verdict) -> Vec<Advice> {
    let mut steps = Vec::new();
    if let Reference::Compared(comparison) = &verdict.reference {
        if comparison.rows.iter().any(|row| row.outcome == Outcome::Regressed && row.level == Some(Severity::Fail)) {
            steps.push(undo_or_allow(comparison.mode));
        }
        if !comparison.vanished.is_empty() && side_by_side(&verdict.reference) {
            steps.push(advise("See why the candidate got no request of the missing endpoints.", None));
        } else if !comparison.vanished.is_empty() {
            steps.push(advise("Measure the missing endpoints again, or store a baseline without them.", Some(PROMOTE)));
        }
    }
    if verdict.thresholds.iter().any(|result| result.outcome == ThresholdOutcome::Fail) {
        steps.push(advise(
            "A broken threshold speaks of this run alone, whatever the baseline did: make the service keep it, or change it \
             under thresholds.",
            None,
        ));
    }
    if verdict.validity.iter().any(|check| check.check == "circuit_breaker" && !check.ok) {
        steps.push(advise(
            "The target failed so often that the circuit breaker held load back: its log and the failed requests of the report \
             tell why.",
            None,
        ));
    }
    steps
}

/// What crept did so over many runs: none of the rows shows it.
fn look_back(verdict: &Verdict) -> Option<Advice> {
    verdict.reasons.iter().any(|reason| reason.starts_with(CREEP)).then(|| {
        advise(
            "It crept by steps of several changes: the history shows how, and with which commits. Meant to be: accept a run of the \
             branch itself (loadgate baseline accept RECORD --reason TEXT), and its level is the one that counts.",
            Some("loadgate history"),
        )
    })
}

/// What to do about a regression that nobody wanted.
const UNDO: &str = "Not intended: the HTML report shows where and when it was slow.";
/// What to do about one that is meant to be.
const ALLOW: &str = "raise the tolerance of that endpoint under regression.overrides";

/// A level is accepted among stored runs; where both versions are played, the next change is held against what was merged anyway.
fn undo_or_allow(mode: Mode) -> Advice {
    match mode {
        Mode::Ab => advise(&format!("{UNDO} Intended: {ALLOW}."), None),
        Mode::Baseline => advise(
            &format!("{UNDO} Intended: {ALLOW}, or accept what it is now as its level:"),
            Some("loadgate baseline accept --reason TEXT RECORD"),
        ),
    }
}

/// Names the label that accepts a regression, or says why one that is there does not count.
pub(super) fn name_label(steps: &mut Vec<Advice>, rule: &Accept, refused: Option<&str>) {
    let label = plain(&rule.label);
    let intended = match refused {
        Some(why) => format!("it is not accepted yet, as {}. Then run the job again", plain(why)),
        None => {
            let why = format!(", write a line \"{label}: WHY\" into its description");
            let why = if rule.requires_reason { why } else { String::new() };
            format!("have the pull request labelled {label}{why}, and run the job again; or {ALLOW}")
        }
    };
    let step = advise(&format!("{UNDO} Intended: {intended}."), None);
    match steps.iter_mut().find(|step| step.text.starts_with(UNDO)) {
        Some(general) => *general = step,
        // A slow creep has no row that says what to do.
        None => steps.insert(0, step),
    }
}

fn store_baseline(reference: &Reference) -> Option<Advice> {
    let text = match reference {
        Reference::Compared(_) => return None,
        Reference::NoBaseline => "Store runs of the main branch as baseline",
        Reference::Mismatch(_) => "Store runs of the main branch made under these conditions as baseline",
    };
    let text = format!("{text}, five or more if you can: by update-baseline: auto in its builds, or with");
    Some(advise(&text, Some(PROMOTE)))
}

/// Nobody needs to store what builds of a branch store by themselves.
pub(super) fn leave_storing_to_builds(steps: &mut [Advice], branch: &str) {
    for asked in steps.iter_mut().filter(|step| step.command.as_deref() == Some(PROMOTE)) {
        let text = format!(
            "Builds of {} store their runs by themselves: as soon as one made under these conditions has passed, later runs are \
             compared with it.",
            plain(branch)
        );
        *asked = advise(&text, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{exit::Exit, verdict::decide};

    #[test]
    fn what_crept_is_looked_up_in_the_history() {
        let mut verdict = decide(&[], Reference::NoBaseline, &crate::policy::Policy::default());
        let commands =
            |verdict: &Verdict| next(verdict, &[], &[]).into_iter().filter_map(|step| step.command).collect::<Vec<_>>();
        for (kind, reason, expected) in [
            (VerdictKind::Fail, "slow creep: home p50 is 11% above its best sustained level", true),
            (VerdictKind::Warn, "slow creep: home p50 is 11% above its best sustained level", true),
            (VerdictKind::Fail, "p50 of home is 11% slower", false),
        ] {
            (verdict.kind, verdict.reasons) = (kind, vec![reason.to_owned()]);
            assert_eq!(commands(&verdict).contains(&"loadgate history".to_owned()), expected, "{kind} {reason}");
        }
    }

    #[test]
    fn the_label_that_accepts_a_regression_takes_the_place_of_the_command_that_does() {
        let label = |mut steps: Vec<Advice>, rule: &Accept, refused| {
            name_label(&mut steps, rule, refused);
            steps
        };
        let rule = Accept::default();
        let other = advise("Something else.", None);
        let named = label(vec![undo_or_allow(Mode::Baseline), other.clone()], &rule, None);
        let text = format!(
            "{UNDO} Intended: have the pull request labelled perf-accepted, write a line \"perf-accepted: WHY\" into its \
             description, and run the job again; or {ALLOW}."
        );
        assert_eq!(named, [advise(&text, None), other.clone()]);
        let refused = label(vec![undo_or_allow(Mode::Ab)], &rule, Some("the label was set by a bot"));
        assert!(refused[0].text.contains("Intended: it is not accepted yet, as the label was set by a bot."), "{refused:?}");
        let bare = label(vec![other.clone()], &Accept { requires_reason: false, ..rule }, None);
        assert!(bare[0].text.contains("labelled perf-accepted, and run the job again"), "{bare:?}");
        assert_eq!(bare[1..], [other]);
    }

    #[test]
    fn no_step_contradicts_the_reason_above_it() {
        let mut verdict = decide(&[], Reference::NoBaseline, &crate::policy::Policy::default());
        (verdict.kind, verdict.exit) = (VerdictKind::Inconclusive, Exit::Ok);
        let first = |verdict: &Verdict| next(verdict, &[], &[])[0].text.clone();
        verdict.reasons = vec!["cannot tell for p50: about 6 baseline runs would settle it".to_owned()];
        assert!(first(&verdict).starts_with("Run the job again"), "{}", first(&verdict));
        let hopeless = "runs on these machines differ too much for any number of them; a quieter machine is needed";
        verdict.reasons = vec![format!("cannot tell for p50: {hopeless}")];
        assert!(first(&verdict).starts_with("Use a quieter machine"), "{}", first(&verdict));
    }
}

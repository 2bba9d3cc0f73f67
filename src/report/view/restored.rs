//! What can be shown of a verdict that was read from a file.
//!
//! The file may come from a stranger's pull request. So it is taken for figures and names, not for sentences: the verdict must
//! agree with its rows, headline and reasons are made anew wherever they follow from figures, every text is cut to a length,
//! and no address in it becomes a link.

use super::{Judged, RunView, View, places, text};
use crate::{
    compare::{Change, ComparedMetric, Comparison, Look, Outcome, Part, Row, Siblings, WarmUp},
    exit::Exit,
    policy::{Mode, Severity, Threshold},
    record::Acceptance,
    report::{
        ComparisonRow, SetAsideFacts, SiblingsFacts, ThresholdRow, ValidityRow, VerdictFile,
        escape::{capped, plain},
    },
    verdict::{CHECKS, Reference, SetAside, ThresholdOutcome, ThresholdResult, ValidityCheck, Verdict, VerdictKind, headline},
};

/// Most rows, thresholds or names that are taken; a real file has a few hundred.
const ENTRIES_MAX: usize = 10_000;
/// Most reasons, notes and differences.
const SENTENCES_MAX: usize = 20;
/// No figure of a measurement is as large; one that is would be hundreds of digits long.
const FIGURE_MAX: f64 = 1e15;

impl View {
    /// Everything that reports show of a verdict that was read from a file. Charts, failures and the machine are not in it.
    ///
    /// # Errors
    /// What contradicts itself, or no verdict could say: a fragment for a message.
    pub fn restored(file: &VerdictFile) -> Result<Self, String> {
        let verdict = verdict(file)?;
        let mut judged = Judged::new(&verdict, &[], &[]);
        // Flags may come from a stranger, and without them it would be another run.
        let config = file.config.as_deref().filter(|_| !file.overridden);
        judged.reproduce = config.and_then(|path| places::gate_with(path, &[]));
        Ok(Self { run: run(file), judged, file: file.clone() })
    }
}

fn run(file: &VerdictFile) -> RunView {
    let candidate = &file.candidate;
    let mut names: Vec<&str> = file.comparisons.iter().map(|row| row.endpoint.as_str()).filter(|name| *name != "*").collect();
    names.sort_unstable();
    names.dedup();
    let failed = (candidate.requests > 0).then(|| candidate.errors as f64 / candidate.requests as f64);
    let (requests, failed) = (text::count(candidate.requests), text::share(failed));
    let mut view = RunView::new(&[]);
    if candidate.requests > 0 {
        let endpoints = if names.is_empty() { String::new() } else { format!("{}, ", text::counted(names.len(), "endpoint")) };
        view.in_short = format!("{endpoints}{requests} requests, {failed} failed.");
    }
    view.suite = capped(&file.suite);
    view.runs = file.replicates;
    view.total.requests = candidate.requests;
    view.partial = candidate.partial.as_deref().map(capped);
    view.commit = candidate.commit.as_deref().map(|commit| text::short_commit(&plain(commit)));
    view.reference = candidate.reference.as_deref().map(capped);
    view.ci =
        candidate.ci.as_ref().map(|ci| format!("{} run {}, attempt {}", capped(&ci.provider), capped(&ci.run_id), ci.attempt));
    if let Some(at) = candidate.started_at {
        view.started = text::moment(at);
    }
    view
}

fn verdict(file: &VerdictFile) -> Result<Verdict, String> {
    let kind = [VerdictKind::Pass, VerdictKind::Warn, VerdictKind::Fail, VerdictKind::Inconclusive, VerdictKind::Invalid]
        .into_iter()
        .find(|kind| kind.name() == file.verdict)
        .ok_or_else(|| format!("there is no verdict '{}'", capped(&file.verdict)))?;
    let exit = exit(kind, file.exit_code)
        .ok_or_else(|| format!("the verdict '{}' does not go with exit code {}", kind.name(), file.exit_code))?;
    let most = file.comparisons.len().max(file.thresholds.len()).max(file.validity.len());
    if most > ENTRIES_MAX {
        return Err(format!("it has {most} entries, more than any verdict"));
    }
    let rows = file.comparisons.iter().map(row).collect::<Result<Vec<Row>, String>>()?;
    let thresholds = file.thresholds.iter().map(threshold).collect::<Result<Vec<ThresholdResult>, String>>()?;
    let accepted = file.accepted.as_ref().filter(|_| kind == VerdictKind::Warn).map(acceptance);
    let fails = accepted.is_none() && rows.iter().any(|row| row.level == Some(Severity::Fail))
        || thresholds.iter().any(|result| result.outcome == ThresholdOutcome::Fail);
    if fails && !matches!(kind, VerdictKind::Fail | VerdictKind::Invalid) {
        return Err(format!("it says '{}' above a row that fails", kind.name()));
    }
    let reference = reference(file, rows);
    let told_as = if accepted.is_some() { VerdictKind::Fail } else { kind };
    let mut reasons = reasons(file, told_as, &reference, &thresholds);
    if let Some(accepted) = &accepted {
        let own = accepted.in_short();
        reasons.retain(|reason| !reason.starts_with(&own));
    }
    let validity: Vec<ValidityCheck> = file.validity.iter().filter_map(validity).collect();
    let mut sentence = headline(told_as, &reasons, &validity, &thresholds, &reference);
    if let Some(accepted) = &accepted {
        sentence = format!("{sentence}, {}", accepted.in_short());
        reasons.insert(0, accepted.in_words());
    }
    Ok(Verdict {
        kind,
        exit,
        headline: sentence,
        reasons,
        thresholds,
        validity,
        accepted,
        reference,
        set_aside: file.set_aside.iter().take(SENTENCES_MAX).map(set_aside).collect(),
    })
}

/// Who accepted a regression and why, as the file says: nobody can be asked again.
fn acceptance(written: &Acceptance) -> Acceptance {
    Acceptance { reason: capped(&written.reason), by: written.by.as_deref().map(capped), at: written.at }
}

fn set_aside(facts: &SetAsideFacts) -> SetAside {
    SetAside { replicate: facts.replicate, reason: capped(&facts.reason), again: facts.played_again }
}

fn exit(kind: VerdictKind, code: u8) -> Option<Exit> {
    let exits: &[Exit] = match kind {
        VerdictKind::Pass | VerdictKind::Warn => &[Exit::Ok],
        VerdictKind::Fail => &[Exit::Failed],
        VerdictKind::Inconclusive => &[Exit::Ok, Exit::Inconclusive],
        VerdictKind::Invalid => &[Exit::Invalid, Exit::Interrupted],
    };
    exits.iter().find(|exit| exit.code() == code).copied()
}

/// Only what no figure tells is taken from the file: why a run is invalid, or can't tell.
fn reasons(file: &VerdictFile, kind: VerdictKind, reference: &Reference, thresholds: &[ThresholdResult]) -> Vec<String> {
    match kind {
        VerdictKind::Invalid | VerdictKind::Inconclusive => sentences(&file.reasons),
        VerdictKind::Pass | VerdictKind::Warn | VerdictKind::Fail => {
            let broken = thresholds.iter().filter(|result| result.outcome == ThresholdOutcome::Fail);
            let mut reasons: Vec<String> = broken.map(|result| result.reason.clone()).collect();
            if kind != VerdictKind::Pass && reasons.is_empty() && headline(kind, &[], &[], thresholds, reference).is_empty() {
                reasons = sentences(&file.reasons);
            }
            reasons
        }
    }
}

fn sentences(texts: &[String]) -> Vec<String> {
    texts.iter().take(SENTENCES_MAX).map(|text| capped(text)).collect()
}

fn reference(file: &VerdictFile, rows: Vec<Row>) -> Reference {
    let Some(baseline) = &file.baseline else {
        let differences = sentences(&file.differences);
        return if differences.is_empty() { Reference::NoBaseline } else { Reference::Mismatch(differences) };
    };
    let design = file.design.as_ref();
    let names = |names: &[String]| names.iter().take(ENTRIES_MAX).map(|name| capped(name)).collect::<Vec<String>>();
    let alpha = design.map_or(0.01, |design| design.alpha.clamp(0.0, 1.0));
    let used = file.replicates.min(ENTRIES_MAX);
    let planned = file.planned_replicates.map_or(used, |planned| planned.clamp(used, ENTRIES_MAX));
    Reference::Compared(Box::new(Comparison {
        mode: if file.mode == Mode::Ab.name() { Mode::Ab } else { Mode::Baseline },
        look: Look { part: Part::Replicate, used, ..Look::only(planned, alpha) },
        run_us: design.map_or(0, |design| design.run_us.min(FIGURE_MAX as u64)),
        baseline_runs: baseline.runs,
        baseline_commits: names(&baseline.commits),
        candidate_runs: used,
        block_us: design.map_or(0, |design| design.block_us.min(FIGURE_MAX as u64)),
        blocks: design.map_or(0, |design| design.blocks),
        family: design.map_or(rows.len(), |design| design.family),
        alpha,
        coverage: file.coverage.unwrap_or_default().clamp(0.0, 1.0),
        sensitivity: file.sensitivity.filter(|change| is_figure(*change)),
        vanished: design.map_or_else(Vec::new, |design| names(&design.vanished)),
        appeared: design.map_or_else(Vec::new, |design| names(&design.appeared)),
        notes: design.map_or_else(Vec::new, |design| sentences(&design.notes)),
        warm_up: WarmUp::default(),
        spreads: Vec::new(),
        reruns: Vec::new(),
        doubts: Vec::new(),
        rows,
    }))
}

fn is_figure(figure: f64) -> bool {
    figure.is_finite() && figure.abs() <= FIGURE_MAX
}

fn row(row: &ComparisonRow) -> Result<Row, String> {
    let named = |what: &str, name: &str| format!("there is no {what} '{}'", capped(name));
    let metric = ComparedMetric::named(&row.metric).ok_or_else(|| named("compared metric", &row.metric))?;
    let outcome = [Outcome::Improved, Outcome::Unchanged, Outcome::Regressed, Outcome::Inconclusive, Outcome::NoData]
        .into_iter()
        .find(|outcome| outcome.name() == row.outcome)
        .ok_or_else(|| named("outcome", &row.outcome))?;
    let level = match row.level.as_deref() {
        Some("warn") => Some(Severity::Warn),
        _ => (outcome == Outcome::Regressed).then_some(Severity::Fail),
    };
    let figures = [row.baseline, row.candidate, row.change, row.p_value, row.mde, Some(row.tolerance)];
    let bounds = row.ci.into_iter().flatten();
    if !figures.into_iter().flatten().chain(bounds).all(is_figure) {
        return Err(format!("a figure of '{}' is beyond all measure", capped(&row.endpoint)));
    }
    let siblings = row.siblings.as_ref().map(|&SiblingsFacts { change, ci: [low, high], p_value, found }| Siblings {
        change,
        interval: (low, high),
        p_value,
        found,
    });
    Ok(Row {
        endpoint: capped(&row.endpoint),
        metric,
        baseline: row.baseline,
        candidate: row.candidate,
        change: row.change.map(|estimate| Change {
            estimate,
            interval: row.ci.map(|[low, high]| (low, high)),
            p_value: row.p_value,
        }),
        tolerance: row.tolerance,
        mde: row.mde,
        outcome,
        level,
        grade: None,
        suspect: row.suspect,
        equivalent: false,
        siblings,
        required: row.required,
        covers: 0,
        reason: capped(&row.reason),
    })
}

fn threshold(row: &ThresholdRow) -> Result<ThresholdResult, String> {
    let parsed = Threshold::parse(&plain(&row.expr)).map_err(|error| error.message)?;
    let all = [ThresholdOutcome::Pass, ThresholdOutcome::Warn, ThresholdOutcome::Fail, ThresholdOutcome::NoData];
    let outcome = all.into_iter().find(|outcome| outcome.name() == row.outcome);
    let outcome = outcome.ok_or_else(|| format!("there is no outcome '{}' of a threshold", capped(&row.outcome)))?;
    if !row.actual.is_none_or(is_figure) || !is_figure(parsed.limit) {
        return Err(format!("a figure of '{}' is beyond all measure", capped(&row.expr)));
    }
    let severity = if outcome == ThresholdOutcome::Warn { Severity::Warn } else { Severity::Fail };
    let (expr, scope) = (capped(&parsed.expr), parsed.scope.as_deref().map(capped));
    let owner = row.owner.as_deref().map(capped);
    let threshold = Threshold { severity, owner, line: row.line, expr, scope, ..parsed };
    let what = match outcome {
        ThresholdOutcome::Pass => "holds",
        ThresholdOutcome::Warn | ThresholdOutcome::Fail => "is broken",
        ThresholdOutcome::NoData => "can't be judged",
    };
    let actual = row.actual.map_or_else(String::new, |actual| format!(": {}", threshold.display(actual)));
    let reason = format!("{} {what}{actual}", threshold.expr);
    Ok(ThresholdResult { threshold, actual: row.actual, outcome, reason })
}

/// A check that a newer version added is left out: the verdict holds without it.
fn validity(row: &ValidityRow) -> Option<ValidityCheck> {
    let check = CHECKS.into_iter().find(|name| *name == row.check)?;
    Some(ValidityCheck { check, ok: row.ok, value: row.value, reason: capped(&row.reason) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_goes_with_its_verdicts_only() {
        assert_eq!(exit(VerdictKind::Inconclusive, 4), Some(Exit::Inconclusive));
        assert_eq!(exit(VerdictKind::Invalid, 130), Some(Exit::Interrupted));
        assert_eq!(exit(VerdictKind::Pass, 1), None);
    }
}

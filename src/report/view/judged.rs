//! What can be shown of a verdict.

use serde::Serialize;

use super::{
    advice::{self, Step},
    changes::{self, ChangeRow},
    text,
};
use crate::{
    compare::Comparison,
    record::RunRecord,
    report::{chart::Forest, escape::plain},
    units,
    verdict::{Reference, ThresholdOutcome, ThresholdResult, ValidityCheck, Verdict, VerdictKind},
};

/// The verdict for people.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// `pass`, `warn`, `fail`, `inconclusive`, `invalid`.
    pub kind: &'static str,
    /// The same as a person says it: `passed`.
    pub word: &'static str,
    /// An emoji for Markdown.
    pub icon: &'static str,
    /// A sign that every font has and that needs no colour.
    pub sign: &'static str,
    /// How the process ends.
    pub exit_code: u8,
    /// In a sentence.
    pub headline: String,
    /// What the headline does not say yet, worst first, each a sentence.
    pub reasons: Vec<String>,
    /// What to do next, the most useful first.
    pub next: Vec<Step>,
    /// What it was compared with; `None` when there was nothing.
    pub compared: Option<Compared>,
    /// Why nothing was compared.
    pub not_compared: Option<String>,
    /// What differs from the stored baselines, when none could be compared with.
    pub differences: Vec<String>,
    /// Each threshold.
    pub thresholds: Vec<ThresholdView>,
    /// Whether a threshold is broken or can't be judged.
    pub thresholds_broken: bool,
    /// `2 of 3 thresholds hold`; `None` without thresholds.
    pub thresholds_held: Option<String>,
    /// Each check of the run itself.
    pub validity: Vec<ValidityView>,
    /// Whether all of them hold.
    pub valid: bool,
}

/// A comparison for people.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// `7 runs, the newest of 2026-11-20 12:03 UTC`.
    pub baseline: String,
    /// Short commits of the baseline, newest first, at most five.
    pub baseline_commits: Vec<String>,
    /// All rows.
    pub rows: Vec<ChangeRow>,
    /// Whether any row is worth a look first.
    pub any_notable: bool,
    /// The rows that are no more than counted, in a sentence.
    pub rest: Option<String>,
    /// The service as a whole in a sentence.
    pub service: Option<String>,
    /// What the verdict rests on, in a few sentences.
    pub how_sure: String,
    /// Endpoints the candidate lacks.
    pub vanished: Vec<String>,
    /// Endpoints without a baseline.
    pub appeared: Vec<String>,
    /// What a reader must know to weigh the rows.
    pub notes: Vec<String>,
    /// The changes as a chart.
    pub chart: Option<Forest>,
    /// How the processor of the baseline differs; `None` when it is the same.
    pub other_machine: Option<String>,
}

/// A threshold for people.
#[derive(Clone, Debug, Serialize)]
pub struct ThresholdView {
    /// As written.
    pub expr: String,
    /// Endpoint or scenario it speaks of, or `all endpoints`.
    pub scope: String,
    /// Whether it speaks of the whole run.
    pub whole: bool,
    /// `p99`
    pub metric: String,
    /// `< 600 ms`
    pub limit: String,
    /// What was measured.
    pub actual: String,
    /// Name of the outcome in files.
    pub outcome: &'static str,
    /// What became of it, in a word.
    pub found: &'static str,
    /// Colour class.
    pub class: &'static str,
    /// An emoji for Markdown.
    pub icon: &'static str,
    /// A sign that every font has and that needs no colour.
    pub sign: &'static str,
    /// One sentence.
    pub reason: String,
    /// Whether a reader should look at it first.
    pub notable: bool,
}

/// A check of the run itself for people.
#[derive(Clone, Debug, Serialize)]
pub struct ValidityView {
    /// Its name in files.
    pub check: &'static str,
    /// Its name for people.
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// One sentence.
    pub reason: String,
}

impl Judged {
    pub(super) fn new(verdict: &Verdict, candidate: &[RunRecord], baseline: &[RunRecord]) -> Self {
        let (compared, not_compared, differences) = match &verdict.reference {
            Reference::Compared(comparison) => (Some(Compared::of(comparison, candidate, baseline)), None, Vec::new()),
            Reference::NoBaseline => (None, Some("There is no baseline yet, so nothing was compared."), Vec::new()),
            Reference::Mismatch(differences) => {
                let why = "No baseline was made under the same conditions, so nothing was compared.";
                (None, Some(why), differences.iter().map(|difference| plain(difference)).collect())
            }
        };
        let thresholds: Vec<ThresholdView> = verdict.thresholds.iter().map(ThresholdView::of).collect();
        let (word, icon, sign) = words(verdict);
        Self {
            kind: verdict.kind.name(),
            word,
            icon,
            sign,
            exit_code: verdict.exit.code(),
            headline: plain(&verdict.headline),
            reasons: verdict.reasons.iter().filter(|reason| **reason != verdict.headline).map(|reason| plain(reason)).collect(),
            next: advice::next(verdict, candidate),
            compared,
            not_compared: not_compared.map(str::to_owned),
            differences,
            thresholds_broken: thresholds.iter().any(|threshold| threshold.notable),
            thresholds_held: held(&verdict.thresholds),
            thresholds,
            validity: verdict.validity.iter().map(ValidityView::of).collect(),
            valid: verdict.validity.iter().all(|check| check.ok),
        }
    }
}

fn words(verdict: &Verdict) -> (&'static str, &'static str, &'static str) {
    match verdict.kind {
        VerdictKind::Pass => ("passed", "✅", "✔"),
        VerdictKind::Warn if matches!(verdict.reference, Reference::Compared(_)) => ("passed with a warning", "⚠️", "▲"),
        VerdictKind::Warn => ("passed with a warning", "ℹ️", "▲"),
        VerdictKind::Fail => ("failed", "❌", "✖"),
        VerdictKind::Inconclusive => ("inconclusive", "⚠️", "?"),
        VerdictKind::Invalid => ("invalid", "🚫", "✖"),
    }
}

fn held(thresholds: &[ThresholdResult]) -> Option<String> {
    let count = |outcome| thresholds.iter().filter(|result| result.outcome == outcome).count();
    let (kept, unknown) = (count(ThresholdOutcome::Pass), count(ThresholdOutcome::NoData));
    let not_judged = if unknown > 0 { format!(", {unknown} can't be judged") } else { String::new() };
    match (kept, thresholds.len()) {
        (_, 0) => None,
        (1, 1) => Some("The threshold holds.".to_owned()),
        (0, 1) if unknown == 1 => Some("The threshold can't be judged.".to_owned()),
        (0, 1) => Some("The threshold does not hold.".to_owned()),
        (kept, all) if kept == all => Some(format!("All {all} thresholds hold.")),
        (kept, all) => Some(format!("{kept} of {all} thresholds {}{not_judged}.", if kept == 1 { "holds" } else { "hold" })),
    }
}

impl Compared {
    fn of(comparison: &Comparison, candidate: &[RunRecord], baseline: &[RunRecord]) -> Self {
        let rows = changes::rows(comparison);
        Self {
            baseline: baseline_text(comparison, baseline),
            baseline_commits: comparison.baseline_commits.iter().take(5).map(|c| text::short_commit(&plain(c))).collect(),
            any_notable: rows.iter().any(|row| row.notable),
            rest: rest(&rows),
            service: service(&rows),
            how_sure: how_sure(comparison),
            vanished: comparison.vanished.iter().map(|name| plain(name)).collect(),
            appeared: comparison.appeared.iter().map(|name| plain(name)).collect(),
            notes: comparison.notes.iter().map(|note| plain(note)).collect(),
            chart: changes::chart(comparison, &rows),
            other_machine: other_machine(candidate, baseline),
            rows,
        }
    }
}

fn baseline_text(comparison: &Comparison, baseline: &[RunRecord]) -> String {
    let newest = baseline.iter().map(|run| run.started_at).max();
    let when = newest.map_or_else(String::new, |at| format!(", the newest of {}", text::moment(at)));
    format!("{}{when}", text::counted(comparison.baseline_runs, "run"))
}

/// Rows that need no look are counted, so that nobody wonders whether they were tested at all.
fn rest(rows: &[ChangeRow]) -> Option<String> {
    let of = |outcome: &str| rows.iter().filter(|row| !row.notable && !row.service && row.outcome == outcome).count();
    let parts: Vec<String> = [("unchanged", "unchanged"), ("inconclusive", "inconclusive"), ("no_data", "without enough data")]
        .into_iter()
        .map(|(outcome, words)| (of(outcome), words))
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{} {words}", text::counted(count, "comparison")))
        .collect();
    (!parts.is_empty()).then(|| format!("{}.", parts.join(", ")))
}

fn service(rows: &[ChangeRow]) -> Option<String> {
    let parts: Vec<String> = rows
        .iter()
        .filter(|row| row.service && row.text.change != text::NONE)
        .map(|row| format!("{} {} ({})", row.metric_name, row.text.change, row.text.interval))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn how_sure(comparison: &Comparison) -> String {
    let block = units::duration(std::time::Duration::from_micros(comparison.block_us));
    let mut sentences = vec![format!(
        "{} against {} of the baseline, each in {} of {block}.",
        text::counted(comparison.candidate_runs, "run"),
        text::counted(comparison.baseline_runs, "run"),
        text::counted(comparison.blocks, "block"),
    )];
    if comparison.family == 0 {
        sentences.push("Nothing could be tested.".to_owned());
    } else {
        sentences.push(format!(
            "The chance that a build without any change is failed is at most {} over all {} together.",
            units::percent(comparison.alpha),
            text::counted(comparison.family, "comparison"),
        ));
    }
    if let Some(change) = comparison.sensitivity {
        sentences.push(format!("A change of the whole service by {} or more would have been seen.", units::percent(change)));
    }
    sentences.push(format!("Endpoints with {} of the requests could be settled.", units::percent(comparison.coverage)));
    sentences.join(" ")
}

fn other_machine(candidate: &[RunRecord], baseline: &[RunRecord]) -> Option<String> {
    let (candidate, baseline) = (candidate.first()?, baseline.first()?);
    let differences = candidate.fingerprint().differences(&baseline.fingerprint());
    (!differences.is_empty()).then(|| plain(&differences.join("; ")))
}

impl ThresholdView {
    fn of(result: &ThresholdResult) -> Self {
        let threshold = &result.threshold;
        let (found, class, icon) = match result.outcome {
            ThresholdOutcome::Pass => ("holds", "same", "✔"),
            ThresholdOutcome::Warn => ("broken, warning only", "warn", "⚠️"),
            ThresholdOutcome::Fail => ("broken", "fail", "❌"),
            ThresholdOutcome::NoData => ("no data", "open", "⚠️"),
        };
        let over = threshold.over.map_or_else(String::new, |span| format!(" over {}", units::duration(span)));
        Self {
            expr: plain(&threshold.expr),
            scope: threshold.scope.as_deref().map_or_else(|| "all endpoints".to_owned(), plain),
            whole: threshold.scope.is_none(),
            metric: threshold.metric.to_string(),
            limit: format!("{} {}{over}", threshold.comparator, threshold.display(threshold.limit)),
            actual: result.actual.map_or_else(|| text::NONE.to_owned(), |actual| threshold.display(actual)),
            outcome: result.outcome.name(),
            found,
            class,
            icon,
            sign: changes::sign(class),
            reason: plain(&result.reason),
            notable: result.outcome != ThresholdOutcome::Pass,
        }
    }
}

impl ValidityView {
    fn of(check: &ValidityCheck) -> Self {
        Self { check: check.check, name: check.check.replace('_', " "), ok: check.ok, reason: plain(&check.reason) }
    }
}

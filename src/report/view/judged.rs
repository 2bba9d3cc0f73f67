//! What can be shown of a verdict.

use serde::Serialize;

use super::{
    advice::{self, Advice},
    changes,
    compared::Compared,
    diagnosis::DiagnosisView,
    facts::Fact,
    overview, text,
};
use crate::{
    record::RunRecord,
    report::escape::{capped, plain},
    units,
    verdict::{Reference, SetAside, ThresholdOutcome, ThresholdResult, ValidityCheck, Verdict, VerdictKind},
};

/// The verdict for people.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// `pass`, `warn`, `fail`, `inconclusive`, `invalid`; `missing` where there is no verdict.
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
    pub next: Vec<Advice>,
    /// The command that makes the same run again, where it is known.
    pub reproduce: Option<String>,
    /// The run in a few facts: what was played, where, and whether that went well.
    pub overview: Vec<Fact>,
    /// Where to look; `None` when nothing failed.
    pub diagnosis: Option<DiagnosisView>,
    /// What it was compared with; `None` when there was nothing.
    pub compared: Option<Compared>,
    /// Why nothing was compared.
    pub not_compared: Option<String>,
    /// What differs from the stored baselines, when none could be compared with.
    pub differences: Vec<String>,
    /// Each threshold.
    pub thresholds: Vec<ThresholdView>,
    /// Whether anybody is known to look after a threshold.
    pub any_owner: bool,
    /// Whether a threshold is broken or can't be judged.
    pub thresholds_broken: bool,
    /// `2 of 3 thresholds hold`; by how much, where all do; `None` without thresholds.
    pub thresholds_held: Option<String>,
    /// Each check of the run itself.
    pub validity: Vec<ValidityView>,
    /// Whether all of them hold.
    pub valid: bool,
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
    /// The same as a number: microseconds, requests per second, or a share from 0 to 1.
    pub actual_figure: Option<f64>,
    /// The limit as such a number.
    pub limit_figure: f64,
    /// How far that is from the limit: `84% to spare`, `12% beyond`.
    pub margin: String,
    /// Who looks after it.
    pub owner: Option<String>,
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
        let (mut compared, not_compared, differences) = match &verdict.reference {
            Reference::Compared(comparison) => {
                // What was accepted was as sure as what fails.
                let kind = if verdict.accepted.is_some() { VerdictKind::Fail } else { verdict.kind };
                (Some(Compared::of(comparison, kind, candidate, baseline)), None, Vec::new())
            }
            Reference::NoBaseline => (None, Some("There is no baseline yet, so nothing was compared."), Vec::new()),
            Reference::Mismatch(differences) => {
                let why = "No baseline was made under the same conditions, so nothing was compared.";
                (None, Some(why), differences.iter().map(|difference| plain(difference)).collect())
            }
        };
        if verdict.accepted.is_some() {
            compared.iter_mut().for_each(Compared::accept);
        }
        // How sure one can be says it where something was compared; once is enough.
        let set_aside: Vec<String> = verdict.set_aside.iter().map(SetAside::sentence).collect();
        compared.iter_mut().for_each(|compared| compared.tell_of(&set_aside));
        let is_told = |reason: &String| compared.is_some() && set_aside.contains(reason);
        let thresholds: Vec<ThresholdView> = verdict.thresholds.iter().map(ThresholdView::of).collect();
        let (word, icon, sign) = words(verdict);
        Self {
            kind: verdict.kind.name(),
            word,
            icon,
            sign,
            exit_code: verdict.exit.code(),
            headline: plain(&verdict.headline),
            reasons: verdict
                .reasons
                .iter()
                .filter(|reason| !is_headline(reason, &verdict.headline) && !is_told(reason))
                .map(|reason| plain(reason))
                .collect(),
            next: advice::next(verdict, candidate, baseline),
            reproduce: None,
            overview: overview::of(verdict, candidate, baseline),
            diagnosis: DiagnosisView::of(verdict, candidate),
            compared,
            not_compared: not_compared.map(str::to_owned),
            differences,
            any_owner: thresholds.iter().any(|threshold| threshold.owner.is_some()),
            thresholds_broken: thresholds.iter().any(|threshold| threshold.notable),
            thresholds_held: held(&verdict.thresholds),
            thresholds,
            validity: verdict.validity.iter().map(ValidityView::of).collect(),
            valid: verdict.validity.iter().all(|check| check.ok),
        }
    }
}

/// Whether the headline is this reason, with or without the word that the verdict begins with.
fn is_headline(reason: &str, headline: &str) -> bool {
    headline.strip_suffix(reason).is_some_and(|word| ["", "inconclusive: ", "no measurement: "].contains(&word))
}

impl Judged {
    /// The thresholds, those that do not hold first, else as configured.
    #[must_use]
    pub fn thresholds_worst_first(&self) -> Vec<&ThresholdView> {
        let mut thresholds: Vec<&ThresholdView> = self.thresholds.iter().collect();
        thresholds.sort_by_key(|threshold| !threshold.notable);
        thresholds
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
    let figures = figures(thresholds);
    match (kept, thresholds.len()) {
        (_, 0) => None,
        (1, 1) => Some(format!("The threshold holds{figures}.")),
        (0, 1) if unknown == 1 => Some("The threshold can't be judged.".to_owned()),
        (0, 1) => Some("The threshold does not hold.".to_owned()),
        (2, 2) => Some(format!("Both thresholds hold{figures}.")),
        (kept, all) if kept == all => Some(format!("All {all} thresholds hold{figures}.")),
        (kept, all) => Some(format!("{kept} of {all} thresholds {}{not_judged}.", if kept == 1 { "holds" } else { "hold" })),
    }
}

/// Thresholds whose figures are told one by one where they hold.
const FIGURES_MAX: usize = 3;

/// ` (p95 41 ms < 250 ms)`: by how much thresholds hold, of the first few.
fn figures(thresholds: &[ThresholdResult]) -> String {
    let known: Vec<String> = thresholds.iter().filter_map(figure).collect();
    let shown = known.iter().take(FIGURES_MAX).cloned().collect::<Vec<String>>().join("; ");
    match known.len().saturating_sub(FIGURES_MAX) {
        _ if shown.is_empty() => String::new(),
        0 => format!(" ({shown})"),
        more => format!(" ({shown}; and {more} more)"),
    }
}

fn figure(result: &ThresholdResult) -> Option<String> {
    let (threshold, actual) = (&result.threshold, result.actual?);
    let scope = threshold.scope.as_deref().map_or_else(String::new, |scope| format!("{} ", capped(scope)));
    let (actual, limit) = (threshold.display(actual), threshold.display(threshold.limit));
    Some(format!("{scope}{} {actual} {} {limit}", threshold.metric, threshold.comparator))
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
            actual_figure: result.actual,
            limit_figure: threshold.limit,
            margin: margin(result).unwrap_or_else(|| text::NONE.to_owned()),
            owner: threshold.owner.as_deref().map(capped),
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

/// The distance to the limit as a share of it; of a limit of zero, the distance itself.
fn margin(result: &ThresholdResult) -> Option<String> {
    let (threshold, actual) = (&result.threshold, result.actual?);
    let (limit, distance) = (threshold.limit, (threshold.limit - actual).abs());
    let holds = result.outcome == ThresholdOutcome::Pass;
    if holds && distance == 0.0 {
        return Some("none to spare".to_owned());
    }
    let size = if limit > 0.0 { units::percent(distance / limit) } else { threshold.display(distance) };
    Some(format!("{size} {}", if holds { "to spare" } else { "beyond" }))
}

impl ValidityView {
    fn of(check: &ValidityCheck) -> Self {
        Self { check: check.check, name: check.check.replace('_', " "), ok: check.ok, reason: plain(&check.reason) }
    }
}

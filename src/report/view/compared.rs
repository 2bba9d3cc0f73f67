//! What can be shown of a comparison.

use std::time::Duration;

use serde::Serialize;

use super::{
    change_charts::{self, ChangeChart},
    changes::{self, ChangeRow},
    text,
};
use crate::{
    compare::{Comparison, Part},
    policy::Mode,
    record::RunRecord,
    report::escape::plain,
    units,
    verdict::VerdictKind,
};

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
    /// The service as a whole: each metric, and what became of it.
    pub service: Vec<ServiceChange>,
    /// What the verdict rests on, in a few sentences.
    pub how_sure: String,
    /// Endpoints the candidate lacks.
    pub vanished: Vec<String>,
    /// Endpoints without a baseline.
    pub appeared: Vec<String>,
    /// What a reader must know to weigh the rows.
    pub notes: Vec<String>,
    /// The changes as charts, in the order in which they are to be looked at.
    pub charts: Vec<ChangeChart>,
    /// How the processor of the baseline differs; `None` when it is the same.
    pub other_machine: Option<String>,
}

/// What became of a metric of the service as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceChange {
    /// `p50`
    pub metric: String,
    /// `p50 +2.1% (-2.9% … +8.1%)`
    pub text: String,
}

impl Compared {
    pub(super) fn of(comparison: &Comparison, kind: VerdictKind, candidate: &[RunRecord], baseline: &[RunRecord]) -> Self {
        let rows = changes::rows(comparison);
        Self {
            baseline: baseline_text(comparison, baseline),
            baseline_commits: comparison.baseline_commits.iter().take(5).map(|c| text::short_commit(&plain(c))).collect(),
            any_notable: rows.iter().any(|row| row.notable),
            rest: rest(&rows),
            service: service(&rows),
            how_sure: how_sure(comparison, kind),
            vanished: comparison.vanished.iter().map(|name| plain(name)).collect(),
            appeared: comparison.appeared.iter().map(|name| plain(name)).collect(),
            notes: comparison.notes.iter().map(|note| plain(note)).collect(),
            charts: change_charts::charts(comparison, &rows),
            other_machine: other_machine(candidate, baseline),
            rows,
        }
    }
}

impl Compared {
    /// Says of the rows that would fail the build that they are meant to be.
    pub(super) fn accept(&mut self) {
        self.rows.iter_mut().for_each(ChangeRow::accept);
    }

    /// Says of replicates that were set aside what became of them.
    pub(super) fn tell_of(&mut self, set_aside: &[String]) {
        for sentence in set_aside {
            let mut letters = sentence.chars();
            let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            self.how_sure.push_str(&format!(" {first}{}.", plain(letters.as_str())));
        }
    }
}

fn baseline_text(comparison: &Comparison, baseline: &[RunRecord]) -> String {
    match (comparison.mode, comparison.candidate_runs) {
        (Mode::Baseline, _) => {
            let newest = baseline.iter().map(|run| run.started_at).max();
            let when = newest.map_or_else(String::new, |at| format!(", the newest of {}", text::moment(at)));
            format!("{}{when}", text::counted(comparison.baseline_runs, "run"))
        }
        (Mode::Ab, 1) => "live beside the candidate, one process per version".to_owned(),
        (Mode::Ab, runs) => format!("live beside the candidate in {}", text::counted(runs, "replicate")),
    }
}

/// Whether a row is of a kind.
type Is = fn(&ChangeRow) -> bool;

/// Rows that need no look are counted, so that nobody wonders whether they were tested at all.
fn rest(rows: &[ChangeRow]) -> Option<String> {
    let of = |is: Is| rows.iter().filter(|row| !row.notable && !row.service && is(row)).count();
    let kinds: [(Is, &str); 4] = [
        (|row| row.outcome == "unchanged" && row.class != "near", "unchanged"),
        (|row| row.class == "near", "with a change too small or too unsure to count"),
        (|row| row.outcome == "inconclusive", "inconclusive"),
        (|row| row.outcome == "no_data", "without enough data"),
    ];
    let parts: Vec<String> = kinds
        .into_iter()
        .map(|(is, words)| (of(is), words))
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{} {words}", text::counted(count, "comparison")))
        .collect();
    (!parts.is_empty()).then(|| format!("{}.", parts.join(", ")))
}

fn service(rows: &[ChangeRow]) -> Vec<ServiceChange> {
    let told = |row: &ChangeRow| ServiceChange {
        metric: row.metric_name.clone(),
        text: format!("{} {} ({})", row.metric_name, row.text.change, row.text.interval),
    };
    rows.iter().filter(|row| row.service && row.text.change != text::NONE).map(told).collect()
}

fn how_sure(comparison: &Comparison, kind: VerdictKind) -> String {
    if comparison.rows.is_empty() {
        return "Nothing could be compared.".to_owned();
    }
    let mut sentences = vec![made_of(comparison)];
    sentences.extend(played(comparison, kind));
    sentences.extend(played_again(comparison));
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

/// What the comparison is made of.
fn made_of(comparison: &Comparison) -> String {
    let block = units::duration(Duration::from_micros(comparison.block_us));
    let blocks = format!("{} of {block}", text::counted(comparison.blocks, "block"));
    let (baseline, candidate) = (comparison.baseline_runs, comparison.candidate_runs);
    match (comparison.mode, candidate) {
        (Mode::Baseline, _) => {
            let (candidate, baseline) = (text::counted(candidate, "run"), text::counted(baseline, "run"));
            format!("{candidate} against {baseline} of the baseline, each in {blocks}.")
        }
        (Mode::Ab, 1) => format!("Both versions side by side, one process of each, in {blocks}."),
        (Mode::Ab, runs) => format!("Both versions side by side in {}, each in {blocks}.", text::counted(runs, "replicate")),
    }
}

/// How much of what was planned was played, where that is not all.
fn played(comparison: &Comparison, kind: VerdictKind) -> Option<String> {
    let look = comparison.look;
    if look.is_last() {
        return None;
    }
    let part_us = match look.part {
        Part::Replicate => comparison.run_us,
        Part::Block => comparison.block_us,
    };
    let time = |parts: usize| units::duration(Duration::from_micros(part_us * parts as u64));
    let time = format!("{} of {}", time(look.used), time(look.planned));
    let measured = match look.part {
        Part::Replicate => format!("{} of {} ({time} measured)", look.used, text::counted(look.planned, "replicate")),
        Part::Block => time,
    };
    let again = !comparison.reruns.is_empty();
    Some(match kind {
        _ if again => format!("The first run stopped after {measured}: sure of itself."),
        VerdictKind::Pass | VerdictKind::Fail => format!("Stopped after {measured}: sure."),
        VerdictKind::Warn | VerdictKind::Inconclusive | VerdictKind::Invalid => format!("Only {measured} were played."),
    })
}

/// A regression that must show again: whether it did.
fn played_again(comparison: &Comparison) -> Option<String> {
    let last = comparison.reruns.last()?;
    let times = match comparison.reruns.len() {
        1 => "once".to_owned(),
        several => format!("{several} times"),
    };
    let found = if last.confirms { "the regression showed each time" } else { "the regression did not show each time" };
    Some(format!("The figures are those of the first run; all was played again {times}, and {found}."))
}

fn other_machine(candidate: &[RunRecord], baseline: &[RunRecord]) -> Option<String> {
    let (candidate, baseline) = (candidate.first()?, baseline.first()?);
    let differences = candidate.fingerprint().differences(&baseline.fingerprint());
    (!differences.is_empty()).then(|| plain(&differences.join("; ")))
}

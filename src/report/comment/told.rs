//! What is seen of a verdict without unfolding anything: chosen, ordered and put into words. The templates only lay it out.

use serde::Serialize;

use super::Failing;
use super::fixed::{self, Fixed};
use crate::report::{Advice, ChangeRow, Judged, ServiceChange, ThresholdView, View, escape::capped};

/// Longest headline; it may hold the names of many endpoints.
const HEADLINE_MAX: usize = 300;
/// Improvements that are told one by one.
const BETTER_MAX: usize = 3;
/// Sentences and names of a list that are told one by one.
const LIST_MAX: usize = 10;

/// What is seen first.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    /// An emoji.
    pub icon: &'static str,
    /// The verdict in a sentence.
    pub headline: String,
    /// The rows that do not pass, the worst first.
    pub table: Option<Table>,
    /// Why it is not the whole run, as far as the headline does not say it.
    pub partial: Option<String>,
    /// What the rows do not say yet.
    pub reasons: Vec<String>,
    /// The service as a whole, as far as the rows do not tell it.
    pub service: Option<String>,
    /// Endpoints that are gone.
    pub vanished: Vec<String>,
    /// Endpoints without a baseline.
    pub appeared: Vec<String>,
    /// How many more names there are.
    pub more_names: Option<String>,
    /// What became better: name, metric and change.
    pub better: Vec<Better>,
    /// `4 improved: `, before the first of them.
    pub better_count: Option<String>,
    /// What failed in the comment before this one, and is no longer so.
    pub fixed: Vec<Fixed>,
    /// Commit of that comment.
    pub fixed_since: Option<String>,
    /// What to do next.
    pub next: Vec<Advice>,
    /// Whether the comparison is worth showing: an invalid run is no measurement, whatever its figures are.
    pub is_judged: bool,
}

/// The rows that do not pass.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Table {
    /// Whether anything was compared; else there is nothing in the columns of a change.
    pub compared: bool,
    /// Head of the column of values: `main → this PR`.
    pub values: String,
    /// At most as many as there is room for.
    pub rows: Vec<Row>,
    /// `and 12 more that do not pass`
    pub hidden: Option<String>,
}

/// A row.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    /// Of what.
    pub name: String,
    /// Whether that is an endpoint's name.
    pub is_name: bool,
    /// `p99`
    pub metric: String,
    /// Value of the baseline, where there is one.
    pub baseline: Option<String>,
    /// Value of the candidate.
    pub candidate: String,
    /// The change, where there is one.
    pub change: Option<String>,
    /// Its interval, without unit.
    pub span: Option<String>,
    /// An emoji.
    pub icon: &'static str,
    /// What was found, in a word or two.
    pub found: String,
    /// Whether it fails the build.
    pub fails: bool,
}

/// A row that improved.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Better {
    /// Of what.
    pub name: String,
    /// Whether that is an endpoint's name.
    pub is_name: bool,
    /// `p99`
    pub metric: String,
    /// `-12%`
    pub change: String,
}

impl Told {
    /// What is seen of a view, with at most so many rows. `failing` is what failed before, `since` on which commit.
    pub(super) fn of(view: &View, rows_max: usize, failing: &[Failing], since: Option<&str>) -> Self {
        let judged = &view.judged;
        let is_judged = judged.kind != "invalid" && view.has_verdict();
        let compared = judged.compared.as_ref().filter(|_| is_judged);
        let partial = view.run.partial.is_some() && view.run.total.requests > 0;
        let rows: &[ChangeRow] = compared.map_or(&[], |compared| &compared.rows);
        let better: Vec<&ChangeRow> = rows.iter().filter(|row| row.class == "improved").collect();
        let names = |names: &[String]| names.iter().take(LIST_MAX).cloned().collect::<Vec<String>>();
        let (vanished, appeared) =
            compared.map_or_else(Default::default, |compared| (names(&compared.vanished), names(&compared.appeared)));
        let all = compared.map_or(0, |compared| compared.vanished.len() + compared.appeared.len());
        let fixed = if is_judged { fixed::of(view, failing) } else { Vec::new() };
        let table = is_judged.then(|| Table::of(view, rows, rows_max)).flatten();
        let notes: &[String] = compared.map_or(&[], |compared| &compared.notes);
        Self {
            icon: if partial && !is_judged { "⛔" } else { judged.icon },
            headline: headline(judged),
            service: compared.and_then(|compared| service(&compared.service, table.as_ref())),
            table,
            // A failure's reasons are the rows themselves.
            reasons: if judged.kind == "fail" { Vec::new() } else { unsaid(view, notes) },
            partial: partial_of(view),
            more_names: more(all - vanished.len() - appeared.len()).map(|count| format!("and {count} more endpoints")),
            vanished,
            appeared,
            better_count: (!better.is_empty()).then(|| format!("{} improved", better.len())),
            better: better.into_iter().take(BETTER_MAX).map(Better::of).collect(),
            fixed_since: since.filter(|_| !fixed.is_empty()).map(short),
            fixed,
            next: judged.next.clone(),
            is_judged,
        }
    }
}

/// Reasons that neither the headline nor a note nor the sentence about the requests holds already.
fn unsaid(view: &View, notes: &[String]) -> Vec<String> {
    let judged = &view.judged;
    let is_said = |reason: &str| {
        let is_note = notes.iter().any(|note| note == reason);
        is_note || judged.headline.contains(reason) || view.run.in_short.eq_ignore_ascii_case(&format!("{reason}."))
    };
    let unreachable = if judged.headline.starts_with("target unreachable") { "target unreachable: " } else { "" };
    let reasons = judged.reasons.iter().map(|reason| reason.strip_prefix(unreachable).unwrap_or(reason.as_str()));
    reasons.filter(|reason| !is_said(reason)).take(LIST_MAX).map(str::to_owned).collect()
}

/// Why it is not the whole run, without what the headline says of it: then only what the figures are worth is left to say.
fn partial_of(view: &View) -> Option<String> {
    let whole = view.run.partial.as_deref()?;
    let (why, left) = whole.rsplit_once("; ").unwrap_or((whole, ""));
    let why = why.strip_prefix("the run was aborted: ").unwrap_or(why);
    if left.is_empty() || !view.judged.headline.contains(why) {
        return Some(whole.to_owned());
    }
    (view.run.total.requests > 0).then(|| left.to_owned())
}

/// What is left to say of the service as a whole below these rows.
fn service(metrics: &[ServiceChange], table: Option<&Table>) -> Option<String> {
    let rows: &[Row] = table.map_or(&[], |table| &table.rows);
    let is_shown = |metric: &str| rows.iter().any(|row| !row.is_name && row.change.is_some() && row.metric == metric);
    let left: Vec<&str> = metrics.iter().filter(|of| !is_shown(&of.metric)).map(|of| of.text.as_str()).collect();
    (!left.is_empty()).then(|| left.join(", "))
}

fn more(count: usize) -> Option<usize> {
    (count > 0).then_some(count)
}

/// The first digits of a commit that somebody else may have written.
pub(super) fn short(commit: &str) -> String {
    capped(commit).chars().take(9).collect()
}

/// The verdict in a sentence that may follow a colon.
pub(super) fn headline(judged: &Judged) -> String {
    match judged.headline.strip_prefix("inconclusive: ") {
        Some(why) => shortened(&format!("inconclusive – {why}")),
        None => shortened(&judged.headline),
    }
}

/// A headline that leaves room for what comes below it.
fn shortened(headline: &str) -> String {
    match headline.char_indices().nth(HEADLINE_MAX) {
        Some((end, _)) => format!("{}…", &headline[..end]),
        None => headline.to_owned(),
    }
}

impl Table {
    fn of(view: &View, changes: &[ChangeRow], rows_max: usize) -> Option<Self> {
        let mut notable: Vec<&ChangeRow> = changes.iter().filter(|row| row.notable && row.class != "improved").collect();
        notable.sort_by(|a, b| rank(a.class).cmp(&rank(b.class)).then(b.excess.total_cmp(&a.excess)));
        let thresholds = view.judged.thresholds.iter().filter(|threshold| threshold.notable);
        let mut rows: Vec<(u8, Row)> = notable.into_iter().map(|row| (rank(row.class), Row::of_change(row))).collect();
        rows.extend(thresholds.map(|threshold| (rank(threshold.class), Row::of_threshold(threshold))));
        // Stable: regressions before broken thresholds, each the worst first.
        rows.sort_by_key(|(rank, _)| *rank);
        let all = rows.len();
        let compared = !changes.is_empty();
        let (baseline, candidate) = (baseline_name(view), candidate_name(view));
        (all > 0).then(|| Self {
            compared,
            values: if compared { format!("{baseline} → {candidate}") } else { candidate.to_owned() },
            rows: rows.into_iter().take(rows_max).map(|(_, row)| row).collect(),
            hidden: more(all.saturating_sub(rows_max)).map(|count| format!("and {count} more that do not pass")),
        })
    }
}

fn rank(class: &str) -> u8 {
    match class {
        "fail" => 0,
        "warn" => 1,
        _ => 2,
    }
}

/// The branch that was measured before, where the runs tell one.
fn baseline_name(view: &View) -> String {
    let reference = view.file.baseline.as_ref().and_then(|baseline| baseline.reference.as_deref());
    let branch = reference.and_then(|reference| reference.strip_prefix("refs/heads/"));
    branch.map(capped).filter(|name| !name.trim().is_empty() && name.chars().count() <= 40).unwrap_or("baseline".to_owned())
}

fn candidate_name(view: &View) -> &'static str {
    let is_pull_request = view.file.candidate.reference.as_deref().is_some_and(|reference| reference.starts_with("refs/pull/"));
    if is_pull_request { "this PR" } else { "candidate" }
}

impl Row {
    fn of_change(row: &ChangeRow) -> Self {
        Self {
            name: row.name.clone(),
            is_name: !row.service,
            metric: row.metric_name.clone(),
            baseline: Some(row.text.baseline.clone()),
            candidate: row.text.candidate.clone(),
            change: Some(row.text.change.clone()),
            span: Some(row.text.span.clone()).filter(|span| *span != row.text.change),
            icon: row.icon,
            found: row.found.clone(),
            fails: row.class == "fail",
        }
    }

    fn of_threshold(threshold: &ThresholdView) -> Self {
        Self {
            name: threshold.scope.clone(),
            is_name: !threshold.whole,
            metric: threshold.metric.clone(),
            baseline: None,
            candidate: threshold.actual.clone(),
            change: None,
            span: None,
            icon: threshold.icon,
            found: format!("{}: {}", threshold.found, threshold.limit),
            fails: threshold.class == "fail",
        }
    }
}

impl Better {
    fn of(row: &ChangeRow) -> Self {
        let (name, metric, change) = (row.name.clone(), row.metric_name.clone(), row.text.change.clone());
        Self { name, is_name: !row.service, metric, change }
    }
}

//! Everything any report shows, computed and put into words once.

use serde::Serialize;

use super::{
    charts::{forest, timeline},
    escape::line,
    figures::{EndpointFigures, LatencyFigures},
    verdict_json::VerdictFile,
};
use crate::{
    compare::{ComparedMetric, Outcome, Row, SERVICE},
    policy::{Quantile, Severity},
    record::RunRecord,
    units,
    verdict::{Reference, ThresholdOutcome, Verdict, VerdictKind},
};

/// What reports show of a verdict, or of runs that were not judged.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    pub(super) suite: String,
    /// What a later run finds this run's comment by: safe inside an HTML comment.
    pub(super) key: String,
    pub(super) verdict: Option<VerdictView>,
    pub(super) endpoints: Vec<EndpointView>,
    pub(super) total: EndpointView,
    pub(super) facts: Vec<Fact>,
    pub(super) failures: Vec<FailureView>,
    pub(super) stages: Vec<StageView>,
    pub(super) timelines: Vec<timeline::Timeline>,
    /// One sentence with offered and achieved rate.
    pub(super) throughput: String,
    #[serde(skip)]
    pub(super) runs: Vec<RunRecord>,
    #[serde(skip)]
    pub(super) file: Option<VerdictFile>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct VerdictView {
    pub kind: &'static str,
    pub icon: &'static str,
    pub title: &'static str,
    pub headline: String,
    pub reasons: Vec<String>,
    pub notes: Vec<String>,
    pub exit_code: u8,
    pub rows: Vec<RowView>,
    pub thresholds: Vec<ThresholdView>,
    pub validity: Vec<ValidityView>,
    /// How sure the verdict is, in a sentence; empty where nothing was compared.
    pub how_sure: String,
    /// What to do next.
    pub next: Vec<String>,
    pub forest: Option<forest::Forest>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct RowView {
    pub endpoint: String,
    pub metric: String,
    pub baseline: String,
    pub candidate: String,
    pub change: String,
    pub interval: String,
    pub limit: String,
    pub p_value: String,
    pub icon: &'static str,
    pub word: &'static str,
    pub reason: String,
    /// Worth a reader's time before the others.
    pub matters: bool,
    pub fails: bool,
    pub is_service: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct ThresholdView {
    pub expr: String,
    pub actual: String,
    pub icon: &'static str,
    pub outcome: &'static str,
    pub reason: String,
    pub line: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct ValidityView {
    pub check: &'static str,
    pub ok: bool,
    pub icon: &'static str,
    pub reason: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct EndpointView {
    pub name: String,
    pub request: String,
    pub requests: String,
    pub rate: String,
    pub errors: String,
    pub error_rate: String,
    pub dropped: u64,
    pub response: LatencyView,
    pub service: LatencyView,
    pub classes: Vec<(String, u64)>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct LatencyView {
    pub p50: String,
    pub p90: String,
    pub p95: String,
    pub p99: String,
    pub p999: String,
    pub max: String,
    pub mean: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Fact {
    pub name: &'static str,
    pub value: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct FailureView {
    pub endpoint: String,
    pub class: String,
    pub message: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct StageView {
    pub name: String,
    pub shape: String,
    pub duration: String,
    pub measured: bool,
    pub offered: u64,
    pub started: u64,
}

/// What stands where there is no number.
const NONE: &str = "–";

impl View {
    /// The view of runs that were not judged.
    #[must_use]
    pub fn of_runs(runs: &[RunRecord]) -> Self {
        let first = runs.first();
        Self {
            suite: first.map(|run| line(&run.suite)).unwrap_or_default(),
            key: first.map(|run| key(&run.suite)).unwrap_or_default(),
            verdict: None,
            endpoints: EndpointFigures::by_endpoint(runs).iter().map(EndpointView::of).collect(),
            total: EndpointView::of(&EndpointFigures::of_all(runs)),
            facts: first.map(facts).unwrap_or_default(),
            failures: runs.iter().flat_map(|run| &run.failures).map(FailureView::of).collect(),
            stages: first.map(stages).unwrap_or_default(),
            timelines: first.map(timeline::by_endpoint).unwrap_or_default(),
            throughput: throughput(runs),
            runs: runs.to_vec(),
            file: None,
        }
    }

    /// The view of a verdict on candidate runs.
    #[must_use]
    pub fn new(verdict: &Verdict, candidate: &[RunRecord]) -> Self {
        let verdict_view = VerdictView::of(verdict);
        Self { verdict: Some(verdict_view), file: Some(VerdictFile::of(verdict, candidate)), ..Self::of_runs(candidate) }
    }
}

impl VerdictView {
    fn of(verdict: &Verdict) -> Self {
        let (icon, title) = face(verdict.kind);
        let (rows, notes, how_sure, forest) = match &verdict.reference {
            Reference::Compared(found) => (
                found.rows.iter().map(RowView::of).collect(),
                found.notes.clone(),
                how_sure(found),
                forest::Forest::of(&found.rows),
            ),
            Reference::NoBaseline | Reference::Mismatch(_) => (Vec::new(), Vec::new(), String::new(), None),
        };
        Self {
            kind: verdict.kind.name(),
            icon,
            title,
            headline: line(&verdict.headline),
            reasons: verdict.reasons.iter().map(|reason| line(reason)).collect(),
            notes: notes.iter().map(|note: &String| line(note)).collect(),
            exit_code: verdict.exit.code(),
            rows,
            thresholds: verdict.thresholds.iter().map(ThresholdView::of).collect(),
            validity: verdict
                .validity
                .iter()
                .map(|check| ValidityView {
                    check: check.check,
                    ok: check.ok,
                    icon: if check.ok { "✅" } else { "⛔" },
                    reason: line(&check.reason),
                })
                .collect(),
            how_sure,
            next: next_steps(verdict),
            forest,
        }
    }
}

fn face(kind: VerdictKind) -> (&'static str, &'static str) {
    match kind {
        VerdictKind::Pass => ("✅", "passed"),
        VerdictKind::Warn => ("⚠️", "passed with a warning"),
        VerdictKind::Fail => ("❌", "failed"),
        VerdictKind::Inconclusive => ("⚠️", "inconclusive"),
        VerdictKind::Invalid => ("⛔", "no measurement"),
    }
}

fn how_sure(found: &crate::compare::Comparison) -> String {
    let runs = |n: usize| format!("{n} run{}", if n == 1 { "" } else { "s" });
    let mut text = format!(
        "{} against {} of the baseline, {} blocks of {} each; p-values corrected for {} comparisons, so that fewer than {} in 100 unchanged builds are failed by chance.",
        runs(found.candidate_runs),
        runs(found.baseline_runs),
        found.blocks,
        units::duration(std::time::Duration::from_micros(found.block_us)),
        found.family,
        units::significant(found.alpha * 100.0, 2)
    );
    if let Some(sensitivity) = found.sensitivity {
        text.push_str(&format!(" A change of {} of the whole service would have been seen.", units::percent(sensitivity)));
    }
    text
}

fn next_steps(verdict: &Verdict) -> Vec<String> {
    let steps: &[&str] = match (verdict.kind, &verdict.reference) {
        (VerdictKind::Invalid, _) => &["Nothing was said about the service. Mend the cause above and run again."],
        (_, Reference::NoBaseline) => &[
            "Store this run as the first baseline: `loadgate baseline promote --unjudged RECORD` on the main branch, five to ten times.",
        ],
        (_, Reference::Mismatch(_)) => {
            &["Record baselines under the present conditions, or go back to those of the stored ones."]
        }
        (VerdictKind::Fail, _) => &[
            "Run `loadgate gate` locally with the same configuration to see it again.",
            "If the change is intended, promote the new level after merging: `loadgate baseline promote`.",
        ],
        (VerdictKind::Inconclusive, _) => {
            &["The rows below say what would settle them: more baseline runs, a longer stage, or more traffic."]
        }
        (VerdictKind::Pass | VerdictKind::Warn, _) => &[],
    };
    steps.iter().map(|step| (*step).to_owned()).collect()
}

impl RowView {
    fn of(row: &Row) -> Self {
        let shown = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), |value| row.metric.display(value));
        let change = |value: f64| row.metric.display_change(value);
        let interval = row.change.and_then(|change| change.interval);
        let fails = row.outcome == Outcome::Regressed && row.level == Some(Severity::Fail);
        let (icon, word) = match row.outcome {
            Outcome::Regressed if fails => ("❌", "regressed"),
            Outcome::Regressed => ("⚠️", "slower, within tolerance"),
            Outcome::Improved => ("🚀", "improved"),
            Outcome::Unchanged => ("✅", "unchanged"),
            Outcome::Inconclusive => ("❔", "inconclusive"),
            Outcome::NoData => ("❔", "no data"),
        };
        let name = if row.endpoint == SERVICE { "service as a whole".to_owned() } else { line(&row.endpoint) };
        Self {
            endpoint: name,
            metric: match row.metric {
                ComparedMetric::Latency(quantile) => quantile.to_string(),
                ComparedMetric::ErrorRate => "errors".to_owned(),
            },
            baseline: shown(row.baseline),
            candidate: shown(row.candidate),
            change: row.change.map_or_else(|| NONE.to_owned(), |found| change(found.estimate)),
            interval: interval.map_or_else(String::new, |(low, high)| format!("{} … {}", change(low), change(high))),
            limit: change(row.tolerance),
            p_value: row.change.and_then(|found| found.p_value).map_or_else(|| NONE.to_owned(), p_value),
            icon,
            word,
            reason: line(&row.reason),
            matters: matches!(row.outcome, Outcome::Regressed | Outcome::Improved)
                || (row.outcome == Outcome::Inconclusive && (row.required || row.suspect)),
            fails,
            is_service: row.endpoint == SERVICE,
        }
    }
}

fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { units::significant(p, 2) }
}

impl ThresholdView {
    fn of(result: &crate::verdict::ThresholdResult) -> Self {
        let icon = match result.outcome {
            ThresholdOutcome::Pass => "✅",
            ThresholdOutcome::Warn => "⚠️",
            ThresholdOutcome::Fail => "❌",
            ThresholdOutcome::NoData => "❔",
        };
        Self {
            expr: line(&result.threshold.expr),
            actual: result.actual.map_or_else(|| NONE.to_owned(), |value| result.threshold.display(value)),
            icon,
            outcome: result.outcome.name(),
            reason: line(&result.reason),
            line: result.threshold.line,
        }
    }
}

impl EndpointView {
    fn of(figures: &EndpointFigures) -> Self {
        let totals = &figures.totals;
        let percent = |share: Option<f64>| share.map_or_else(|| NONE.to_owned(), units::percent);
        let enough = totals.response.count() >= Quantile::P999.samples_min();
        Self {
            name: line(&figures.name),
            request: line(&figures.request),
            requests: totals.requests.to_string(),
            rate: figures.rate.map_or_else(|| NONE.to_owned(), |rate| units::PerSecond(rate).to_string()),
            errors: totals.error_count().to_string(),
            error_rate: percent(totals.error_rate()),
            dropped: totals.dropped,
            response: LatencyView::of(&figures.response, enough),
            service: LatencyView::of(&figures.service, enough),
            classes: totals.errors.iter().map(|(class, count)| (class.to_string(), *count)).collect(),
        }
    }
}

impl LatencyView {
    fn of(figures: &LatencyFigures, enough_for_p999: bool) -> Self {
        let shown = |us: Option<u64>| us.map_or_else(|| NONE.to_owned(), |us| units::latency(us as f64));
        let too_few = format!("{NONE} (needs {})", Quantile::P999.samples_min());
        Self {
            p50: shown(figures.p50),
            p90: shown(figures.p90),
            p95: shown(figures.p95),
            p99: shown(figures.p99),
            p999: if enough_for_p999 { shown(figures.p999) } else { too_few },
            max: shown(figures.max),
            mean: figures.mean.map_or_else(|| NONE.to_owned(), units::latency),
        }
    }
}

impl FailureView {
    fn of(sample: &crate::record::FailureSample) -> Self {
        Self { endpoint: line(&sample.endpoint), class: sample.class.to_string(), message: line(&sample.message) }
    }
}

fn stages(run: &RunRecord) -> Vec<StageView> {
    let shown = |stage: &crate::record::StageFacts| StageView {
        name: line(&stage.name),
        shape: line(&stage.shape),
        duration: units::duration(std::time::Duration::from_micros(stage.duration_us)),
        measured: stage.measured,
        offered: stage.offered,
        started: stage.started,
    };
    run.plan.stages.iter().map(shown).collect()
}

fn throughput(runs: &[RunRecord]) -> String {
    let (offered, started): (u64, u64) = (runs.iter().map(RunRecord::offered).sum(), runs.iter().map(RunRecord::started).sum());
    let seconds: f64 = runs.iter().map(RunRecord::measured_seconds).sum();
    if offered == 0 || seconds <= 0.0 {
        return "Nothing was offered.".to_owned();
    }
    let rate = |n: u64| units::PerSecond(n as f64 / seconds);
    format!("{} offered, {} achieved ({})", rate(offered), rate(started), units::percent(started as f64 / offered as f64))
}

/// Letters, digits, dots and dashes only.
fn key(suite: &str) -> String {
    suite.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

/// Where, when and of what the first run was made.
fn facts(run: &RunRecord) -> Vec<Fact> {
    let late = run.generator.late.decode();
    let us = |value: Option<u64>| value.map_or_else(|| NONE.to_owned(), |us| units::latency(us as f64));
    let (provenance, environment) = (&run.provenance, &run.environment);
    let mut facts = vec![
        ("commit", provenance.commit.as_deref().unwrap_or(NONE).to_owned()),
        ("ref", provenance.reference.as_deref().unwrap_or(NONE).to_owned()),
        ("started", format!("{:.0}", run.started_at)),
        ("target", run.plan.target.clone()),
        ("runner", format!("{} · {} · {} cores", environment.runner_class, environment.cpu_model, environment.cores)),
        (
            "generator",
            format!(
                "{} thread{}, late p99 {}, max {}{}",
                run.plan.threads,
                if run.plan.threads == 1 { "" } else { "s" },
                us(late.quantile(0.99)),
                us(late.max()),
                run.generator.cpu_share.map_or_else(String::new, |share| format!(", CPU {}", units::percent(share)))
            ),
        ),
        ("loadgate", run.tool_version.clone()),
        ("fingerprint", run.fingerprint().id),
    ];
    if let Some(ci) = &provenance.ci {
        let page = ci.url.as_deref().unwrap_or(NONE);
        facts.push(("CI", format!("{} run {}, attempt {} {page}", ci.provider, ci.run_id, ci.attempt)));
    }
    facts.into_iter().map(|(name, value)| Fact { name, value: line(&value) }).collect()
}

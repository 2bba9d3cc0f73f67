//! What can be shown of runs alone, without a verdict.

use serde::Serialize;

use super::{
    detail::{self, Detail},
    facts::{self, Fact},
    failures::{self, FailureView, UnmeasuredView},
    generator::{self, EventView, GeneratorView},
    histogram::{self, HistogramRow},
    slow::{self, SlowView},
    sockets::{self, SocketView},
    steps::{self, StepTable},
    text,
    traffic::{self, Traffic},
    windows::{self, WindowRow},
};
use crate::{
    record::{Ended, LastWords, LatencyFrom, RunRecord},
    report::escape::{capped, plain},
    units::{self, Micros},
};

/// All that a report shows of one or more runs of one version.
#[derive(Clone, Debug, Serialize)]
pub struct RunView {
    /// Name of the configuration.
    pub suite: String,
    /// Host and port of the target; where another tool made the load, its files.
    pub target: String,
    /// From which moment response times count: `from the moment a request was due`.
    pub latency_from: &'static str,
    /// When the first run began.
    pub started: String,
    /// `a1b2c3d4e`, where it is known.
    pub commit: Option<String>,
    /// Branch or tag.
    pub reference: Option<String>,
    /// `github run 123, attempt 1`, where a CI service made it.
    pub ci: Option<String>,
    /// Its page; checked to be an address and nothing else.
    pub ci_url: Option<String>,
    /// Number of runs.
    pub runs: usize,
    /// Why it is not the whole run, in a sentence.
    pub partial: Option<String>,
    /// What services said last that kept the run from being made, or played to its end.
    pub last_words: Vec<LastWordsView>,
    /// All endpoints together.
    pub total: Traffic,
    /// Each endpoint.
    pub endpoints: Vec<Traffic>,
    /// Each scenario of WebSocket connections.
    pub sockets: Vec<SocketView>,
    /// `3 endpoints, 12,000 requests at 200/s, 0.1% failed.`
    pub in_short: String,
    /// Whether any request failed.
    pub any_errors: bool,
    /// How the load generator fared.
    pub generator: GeneratorView,
    /// What was changed about the load while it was made, in order of time.
    pub events: Vec<EventView>,
    /// A table for each `step:` stage.
    pub steps: Vec<StepTable>,
    /// Whether arrivals were held back on purpose.
    pub any_held_back: bool,
    /// Whether it is known where the time of the requests went.
    pub any_phases: bool,
    /// The stages of the first run.
    pub stages: Vec<StageView>,
    /// Failures in words.
    pub failures: Vec<FailureView>,
    /// The slowest requests, the slowest first, for the CSV file alone.
    #[serde(skip)]
    pub slowest: Vec<SlowView>,
    /// Whether any failure has the id it was sent with.
    pub traced: bool,
    /// Failures that no figure counts.
    pub unmeasured: Vec<UnmeasuredView>,
    /// The machine, the code, the tool.
    pub environment: Vec<Fact>,
    /// Each endpoint in detail: all together first, when there are several; with a verdict the worst first.
    pub details: Vec<Detail>,
    /// Every window, for the CSV file alone.
    #[serde(skip)]
    pub windows: Vec<WindowRow>,
    /// Every bucket of every histogram, for the CSV file alone.
    #[serde(skip)]
    pub histogram: Vec<HistogramRow>,
    /// The baseline, where it was played at the same time and is shown too.
    #[serde(skip)]
    pub baseline: Option<Box<RunView>>,
}

/// The end of what a service said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LastWordsView {
    /// `the candidate's service`
    pub whose: String,
    /// The file with all of it.
    pub log: String,
    /// Its last lines.
    pub lines: Vec<String>,
}

/// One stage.
#[derive(Clone, Debug, Serialize)]
pub struct StageView {
    /// Its name.
    pub name: String,
    /// `200/s`.
    pub shape: String,
    /// `2m`; `1m of 2m` when it was cut short.
    pub duration: String,
    /// `measured` or `warm-up, not measured`.
    pub kind: &'static str,
    /// Arrivals that fell due.
    pub offered: String,
    /// Arrivals that were sent, and their share.
    pub started: String,
    /// Arrivals that were held back on purpose.
    pub held_back: String,
}

impl RunView {
    /// Computes everything that reports show of these runs; they are of one version and one plan.
    #[must_use]
    pub fn new(runs: &[RunRecord]) -> Self {
        Self::against(runs, &[])
    }

    /// The same with the baseline's figures beside the candidate's in the charts.
    #[must_use]
    pub fn against(runs: &[RunRecord], baseline: &[RunRecord]) -> Self {
        Self { details: detail::of_runs(runs, baseline), ..Self::without_details(runs) }
    }

    fn without_details(runs: &[RunRecord]) -> Self {
        let first = runs.first();
        let (endpoints, total) = traffic::of_runs(runs);
        Self {
            suite: first.map_or_else(String::new, |run| plain(&run.suite)),
            target: first.map_or_else(String::new, |run| capped(&run.origin())),
            latency_from: latency_from(runs),
            started: first.map_or_else(|| text::NONE.to_owned(), |run| text::moment(run.started_at)),
            commit: first.and_then(|run| run.provenance.commit.as_deref()).map(|commit| text::short_commit(&plain(commit))),
            reference: first.and_then(|run| run.provenance.reference.as_deref()).map(plain),
            ci: first.and_then(facts::ci),
            ci_url: first.and_then(facts::ci_url),
            runs: runs.len(),
            partial: runs.iter().find_map(|run| partial(run, total.requests)),
            last_words: runs.iter().flat_map(|run| &run.last_words).map(LastWordsView::of).collect(),
            in_short: in_short(&endpoints, &total),
            any_errors: total.errors > 0,
            generator: generator::of_runs(runs),
            events: generator::events(runs),
            sockets: sockets::of_runs(runs),
            steps: steps::of_runs(runs),
            any_held_back: runs.iter().flat_map(|run| &run.plan.stages).any(|stage| stage.held_back > 0),
            any_phases: !total.phases.is_empty(),
            stages: first.map_or_else(Vec::new, stages),
            failures: failures::of_runs(runs),
            traced: runs.iter().flat_map(|run| &run.failures).any(|failure| failure.trace_id.is_some()),
            slowest: slow::of_runs(runs),
            unmeasured: failures::unmeasured(runs),
            environment: facts::of_runs(runs),
            details: Vec::new(),
            windows: windows::of_runs(runs),
            histogram: histogram::of_runs(runs),
            baseline: None,
            total,
            endpoints,
        }
    }
}

impl RunView {
    /// The same with the runs of the baseline that were made at the same time; with none, as it is.
    #[must_use]
    pub fn beside(self, baseline: &[RunRecord]) -> Self {
        let baseline = (!baseline.is_empty()).then(|| Box::new(Self::without_details(baseline)));
        Self { baseline, ..self }
    }
}

fn latency_from(runs: &[RunRecord]) -> &'static str {
    let imported = runs.iter().find_map(|run| run.provenance.imported.as_ref());
    imported.map_or(LatencyFrom::Due, |imported| imported.latency_from).in_words()
}

impl LastWordsView {
    fn of(said: &LastWords) -> Self {
        let lines = said.lines.iter().map(|line| capped(line)).collect();
        Self { whose: format!("the {}'s service", said.side), log: plain(&said.log), lines }
    }
}

/// Endpoints whose retries are told one by one.
const RETRIED_MAX: usize = 3;

fn in_short(endpoints: &[Traffic], total: &Traffic) -> String {
    if total.requests == 0 {
        return "No request was made.".to_owned();
    }
    let retried: Vec<&str> = endpoints.iter().filter_map(|traffic| traffic.text.retried.as_deref()).collect();
    let retried = if retried.len() > RETRIED_MAX { total.text.retried.iter().map(String::as_str).collect() } else { retried };
    let retried: String = retried.iter().map(|sentence| format!(" {sentence}.")).collect();
    let (endpoints, words) = (text::counted(endpoints.len(), "endpoint"), &total.text);
    format!("{endpoints}, {} requests at {}, {} failed.{retried}", words.requests, words.rate, words.error_rate)
}

fn partial(run: &RunRecord, requests: u64) -> Option<String> {
    let how = match run.ended {
        Ended::Complete => {
            let reason = run.ended_because.as_deref()?;
            return Some(format!("{}; the figures cover what was measured until then", capped(reason)));
        }
        Ended::Interrupted => "the run was interrupted",
        Ended::Aborted => "the run was aborted",
    };
    let because = run.ended_because.as_deref().map_or_else(String::new, |reason| format!(": {}", capped(reason)));
    let left = if requests == 0 { "nothing was measured" } else { "the figures cover what was measured until then" };
    Some(format!("{how}{because}; {left}"))
}

fn stages(run: &RunRecord) -> Vec<StageView> {
    let view = |stage: &crate::record::StageFacts| {
        let words = |us: u64| units::duration(Micros(us).to_duration());
        let (planned, played) = (words(stage.duration_us), words(stage.played_us));
        let share = if stage.offered > 0 {
            format!(" ({})", units::percent_floor(stage.started as f64 / stage.offered as f64))
        } else {
            String::new()
        };
        StageView {
            name: plain(&stage.name),
            shape: stage.shape.clone(),
            duration: if stage.played_us < stage.duration_us { format!("{played} of {planned}") } else { planned },
            kind: if stage.measured { "measured" } else { "not measured" },
            offered: text::count(stage.offered),
            started: format!("{}{share}", text::count(stage.started)),
            held_back: text::count(stage.held_back),
        }
    };
    run.plan.stages.iter().map(view).collect()
}

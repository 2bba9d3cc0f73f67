//! Windows of rows -> a record.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{
    error::Mistake,
    gather::{Gathered, Place},
};
use crate::{
    record::{
        Ended, EndpointSeries, Environment, Generator, Imported, PlanFacts, Provenance, RunRecord, StageFacts, Totals, Window,
        file::SCHEMA,
    },
    units,
};

/// Times from here on count from 1970 (it is September 2001); smaller ones from the start of the run, or of a machine.
const DATED_US_MIN: u64 = 1_000_000_000_000_000;
/// The stage of rows that name none, and the scenario of all: files do not tell of scenarios.
const UNNAMED: &str = "imported";
/// So many rows within a second are more likely of a longer run with times in another unit; of fewer rows, nothing is said of units.
const ROWS_OF_A_SECOND: u64 = 100;
/// The format whose file does not name the unit of its latencies.
const GENERIC: &str = "csv";
/// Half of all responses within so little are in another unit: a request to the same machine takes longer.
const MEDIAN_US_MIN: u64 = 50;
/// The same where all are written with a decimal point, as milliseconds are more often than microseconds.
const POINTED_MEDIAN_US_MIN: u64 = 1_000;

/// What the files do not tell.
#[derive(Clone, Debug)]
pub struct Labels {
    /// Name of the suite.
    pub suite: String,
    /// Which code was measured.
    pub provenance: Provenance,
    /// Kind of runner the load was made on; empty where nobody said.
    pub runner_class: String,
    /// When the run began, for times that tell no date.
    pub started_at: Timestamp,
}

/// What was read, as far as files tell.
#[derive(Clone, Debug)]
pub struct Results {
    imported: Imported,
    started_at: Option<Timestamp>,
    /// From the first row to the last.
    span: Duration,
    window_us: u64,
    stages: Vec<StageFacts>,
    endpoints: Vec<EndpointSeries>,
    /// Whether all latencies were written with a decimal point.
    pointed: bool,
    notes: Vec<String>,
}

/// The windows of a stage, counted as in [`Place`].
#[derive(Clone, Copy)]
struct Stretch {
    stage: u16,
    first: u64,
    last: u64,
}

impl Results {
    pub(super) fn of(gathered: Gathered, imported: Imported, warmup: Duration, notes: Vec<String>) -> Result<Self, Mistake> {
        let Gathered { mut windows, window_us, span_us, rows, points, .. } = gathered;
        let began = span_us.0 / window_us;
        let cut = if warmup.is_zero() { began } else { (span_us.0 + units::Micros::from_duration(warmup).0).div_ceil(window_us) };
        windows.retain(|place, _| place.window >= cut);
        if windows.is_empty() {
            let message = format!("all rows lie within the warm-up of {}", units::duration(warmup));
            return Err(Mistake::new(message, "give a shorter --warmup"));
        }
        let mut stretches: BTreeMap<u16, Stretch> = BTreeMap::new();
        for place in windows.keys() {
            let stretch =
                stretches.entry(place.stage).or_insert(Stretch { stage: place.stage, first: place.window, last: place.window });
            (stretch.first, stretch.last) = (stretch.first.min(place.window), stretch.last.max(place.window));
        }
        let mut stretches: Vec<Stretch> = stretches.into_values().collect();
        stretches.sort_by_key(|stretch| (stretch.first, stretch.stage));
        let stage = |name: &str, measured: bool, first: u64, count: u64| StageFacts {
            name: if name.is_empty() { UNNAMED.to_owned() } else { name.to_owned() },
            shape: "imported".to_owned(),
            duration_us: count * window_us,
            measured,
            began_us: (first - began) * window_us,
            played_us: count * window_us,
            ..StageFacts::default()
        };
        let warm = (cut > began).then(|| stage("warm-up", false, began, cut - began));
        let measured =
            stretches.iter().map(|s| stage(&gathered.stages[usize::from(s.stage)], true, s.first, s.last - s.first + 1));
        let stages: Vec<StageFacts> = warm.into_iter().chain(measured).collect();
        Ok(Self {
            imported: Imported { began_us: began * window_us, ..imported },
            started_at: started_at(span_us.0, began * window_us),
            span: Duration::from_micros(span_us.1 - span_us.0),
            window_us,
            endpoints: endpoints(&gathered.endpoints, windows, &stretches, stages.len() - stretches.len()),
            stages,
            pointed: points == rows,
            notes,
        })
    }

    /// What looks like a mistake in the files and may be none, each in a sentence.
    #[must_use]
    pub fn cautions(&self) -> Vec<String> {
        let short = self.span < Duration::from_secs(1) && self.imported.rows >= ROWS_OF_A_SECOND;
        let span = units::latency(self.span.as_secs_f64() * 1e6);
        let words = || format!("all {} rows lie within {span}: are the times in the unit of the format?", self.imported.rows);
        self.notes.iter().cloned().chain(short.then(words)).chain(self.milliseconds()).collect()
    }

    /// Latencies that are too small for microseconds.
    fn milliseconds(&self) -> Option<String> {
        // The other formats name the unit of their latencies.
        if self.imported.rows < ROWS_OF_A_SECOND || self.imported.format != GENERIC {
            return None;
        }
        let median = Totals::of(self.endpoints.iter().flat_map(EndpointSeries::windows)).response.quantile(0.5)?;
        let least = if self.pointed { POINTED_MEDIAN_US_MIN } else { MEDIAN_US_MIN };
        (median < least).then(|| {
            format!(
                "half of the responses took less than {median} us by latency_us: are these milliseconds? Microseconds are read; multiply \
                 by 1000"
            )
        })
    }

    /// The record, complete.
    #[must_use]
    pub fn into_record(self, labels: Labels) -> RunRecord {
        RunRecord {
            ab: None,
            schema: SCHEMA.to_owned(),
            suite: labels.suite,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at.unwrap_or(labels.started_at),
            ended: Ended::Complete,
            ended_because: None,
            last_words: Vec::new(),
            provenance: Provenance { imported: Some(self.imported), ..labels.provenance },
            environment: Environment { runner_class: labels.runner_class, ..Environment::default() },
            plan: PlanFacts {
                window_us: self.window_us,
                block_us: PlanFacts::BLOCK_US_DEFAULT,
                stages: self.stages,
                ..PlanFacts::default()
            },
            generator: Generator::default(),
            breaker: Vec::new(),
            endpoints: self.endpoints,
            failures: Vec::new(),
            slowest: Vec::new(),
            unmeasured_failures: Vec::new(),
            notes: Vec::new(),
            newer: serde_json::Map::new(),
        }
    }
}

fn started_at(first_us: u64, window_us: u64) -> Option<Timestamp> {
    (first_us >= DATED_US_MIN).then(|| Timestamp::from_microsecond(i64::try_from(window_us).ok()?).ok()).flatten()
}

/// Endpoints by name, so that the order of the rows leaves no trace, each with its windows in every stage.
fn endpoints(
    names: &[String],
    mut windows: BTreeMap<Place, Window>,
    stretches: &[Stretch],
    unmeasured: usize,
) -> Vec<EndpointSeries> {
    let mut numbered: Vec<(&String, u16)> = names.iter().zip(0..).collect();
    numbered.sort_unstable();
    let mut series = Vec::with_capacity(names.len());
    for (name, endpoint) in numbered {
        let mut any = false;
        let mut stages = vec![Vec::new(); unmeasured];
        for &Stretch { stage, first, last } in stretches {
            let mut of_stage = Vec::new();
            for window in first..=last {
                let found = windows.remove(&Place { stage, endpoint, window });
                any |= found.is_some();
                of_stage.push(found.unwrap_or_default());
            }
            stages.push(of_stage);
        }
        if any {
            series.push(EndpointSeries {
                name: name.clone(),
                scenario: UNNAMED.to_owned(),
                request: name.clone(),
                is_setup: false,
                is_occasional: false,
                is_beside: false,
                is_untimed: false,
                stages,
            });
        }
    }
    series
}

//! Counting rows into windows, in memory that does not grow with their number.
//!
//! Rows are gathered to batches; of a full batch each window is opened once, added to, and closed: encoded. So it costs the same
//! whether the rows come in order of time or not.

use std::{collections::BTreeMap, time::Duration};

use super::{error::Mistake, format::Row, names::Names};
use crate::{
    record::{ErrorClass, Totals, Window},
    units,
};

/// Rows of a batch; 32 bytes each.
const BATCH_ROWS: usize = 1 << 18;
/// Endpoints that are kept apart.
const ENDPOINTS_MAX: u16 = 1_000;
/// Stages that are kept apart.
const STAGES_MAX: u16 = 100;
/// Windows of all endpoints together; encoded, they take some hundred megabytes.
const WINDOWS_MAX: u64 = 500_000;
/// A run is not longer; what lies further apart are times that count from different moments.
const SPAN_US_MAX: u64 = 7 * 86_400_000_000;
/// Length of a window, and of those of runs that would have too many of these. Both make up blocks of 5 s.
const WINDOW_US: u64 = 1_000_000;
const LONG_WINDOW_US: u64 = 5_000_000;

/// Which window: of a stage, of an endpoint, and the how manieth since time 0 of the rows. Windows begin at whole seconds of the
/// clock the rows were written by, so that it need not be known beforehand which row is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) stage: u16,
    pub(super) endpoint: u16,
    pub(super) window: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: Place,
    latency_us: u64,
    failed: Option<ErrorClass>,
}

/// Takes rows one by one.
#[derive(Debug)]
pub(super) struct Gather {
    gathered: Gathered,
    endpoints: Names,
    stages: Names,
    batch: Vec<Entry>,
    batch_rows: usize,
}

/// All rows in windows.
#[derive(Debug)]
pub(super) struct Gathered {
    /// By [`Place::endpoint`].
    pub(super) endpoints: Vec<String>,
    /// By [`Place::stage`]; empty for rows without one.
    pub(super) stages: Vec<String>,
    /// Windows that have rows.
    pub(super) windows: BTreeMap<Place, Window>,
    /// Their length.
    pub(super) window_us: u64,
    /// Time of the first row and of the last one.
    pub(super) span_us: (u64, u64),
    pub(super) rows: u64,
    /// Those whose latency was written with a decimal point.
    pub(super) points: u64,
}

impl Gather {
    /// No rows yet. `fewer_endpoints` is for somebody who has too many.
    pub(super) fn new(fewer_endpoints: &'static str) -> Self {
        Self::in_batches(BATCH_ROWS, fewer_endpoints)
    }

    pub(super) fn in_batches(batch_rows: usize, fewer_endpoints: &'static str) -> Self {
        const STAGES: &str =
            "stages are parts of a run, such as ramp and steady: write few names into the column, or leave it out";
        Self {
            gathered: Gathered {
                endpoints: Vec::new(),
                stages: Vec::new(),
                windows: BTreeMap::new(),
                window_us: WINDOW_US,
                span_us: (u64::MAX, 0),
                rows: 0,
                points: 0,
            },
            endpoints: Names::new("endpoint", ENDPOINTS_MAX, fewer_endpoints),
            stages: Names::new("stage", STAGES_MAX, STAGES),
            batch: Vec::new(),
            batch_rows,
        }
    }

    /// Rows taken so far.
    pub(super) fn rows(&self) -> u64 {
        self.gathered.rows
    }

    /// Takes a row.
    pub(super) fn add(&mut self, line: u64, row: &Row<'_>) -> Result<(), Mistake> {
        self.gathered.extend_span(row.time_us).map_err(|mistake| mistake.at(line))?;
        let place = Place {
            stage: row.stage.map_or(Ok(0), |stage| self.stages.number(stage).map(|number| number + 1))?,
            endpoint: self.endpoints.number(row.endpoint)?,
            window: row.time_us / self.gathered.window_us,
        };
        self.batch.push(Entry { place, latency_us: row.latency_us, failed: row.failed });
        self.gathered.rows += 1;
        self.gathered.points += u64::from(row.has_point);
        if self.batch.len() >= self.batch_rows { self.close_batch() } else { Ok(()) }
    }

    /// All rows in windows.
    pub(super) fn finish(mut self) -> Result<Gathered, Mistake> {
        self.close_batch()?;
        self.gathered.endpoints = self.endpoints.into_list();
        self.gathered.stages = std::iter::once(String::new()).chain(self.stages.into_list()).collect();
        Ok(self.gathered)
    }

    fn close_batch(&mut self) -> Result<(), Mistake> {
        self.batch.sort_unstable_by_key(|entry| entry.place);
        for entries in self.batch.chunk_by(|a, b| a.place == b.place) {
            let window = self.gathered.windows.entry(entries[0].place).or_default();
            let mut totals = Totals::from(&*window);
            entries.iter().for_each(|entry| count(&mut totals, entry));
            *window = Window::from(&totals);
        }
        self.batch.clear();
        self.gathered.keep_within(self.endpoints.len() as u64)
    }
}

fn count(totals: &mut Totals, entry: &Entry) {
    totals.requests += 1;
    match entry.failed {
        None => totals.response.record(entry.latency_us),
        Some(class) => {
            *totals.errors.entry(class).or_default() += 1;
            totals.failed.record(entry.latency_us);
        }
    }
}

impl Gathered {
    fn extend_span(&mut self, time_us: u64) -> Result<(), Mistake> {
        let (first, last) = (self.span_us.0.min(time_us), self.span_us.1.max(time_us));
        if last - first > SPAN_US_MAX {
            let others = if time_us == first { self.span_us.0 } else { self.span_us.1 };
            let days = units::significant(time_us.abs_diff(others) as f64 / 86_400e6, 3);
            let message = format!("the time {time_us} is {days} days away from the rows before");
            return Err(Mistake::new(message, "one record is one run: are all times microseconds since the same moment?"));
        }
        self.span_us = (first, last);
        Ok(())
    }

    /// Makes windows longer where there would be too many, and gives up where that does not do.
    fn keep_within(&mut self, endpoints: u64) -> Result<(), Mistake> {
        if self.windows.is_empty() {
            return Ok(());
        }
        let needed = |window_us: u64| (self.span_us.1 / window_us - self.span_us.0 / window_us + 1) * endpoints.max(1);
        if needed(self.window_us) <= WINDOWS_MAX {
            return Ok(());
        }
        if needed(LONG_WINDOW_US) > WINDOWS_MAX {
            let length = units::duration(Duration::from_secs((self.span_us.1 - self.span_us.0) / 1_000_000));
            let message = format!("{endpoints} endpoints over {length} are more than a record can hold");
            return Err(Mistake::new(message, "import a shorter part of the run, or fewer endpoints"));
        }
        let factor = LONG_WINDOW_US / self.window_us;
        self.window_us = LONG_WINDOW_US;
        for (place, window) in std::mem::take(&mut self.windows) {
            let longer = self.windows.entry(Place { window: place.window / factor, ..place }).or_default();
            let mut totals = Totals::from(&*longer);
            totals.add(&Totals::from(&window));
            *longer = Window::from(&totals);
        }
        Ok(())
    }
}

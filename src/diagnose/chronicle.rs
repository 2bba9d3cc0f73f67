//! What happened when, on one axis: the run whose p99 is the worst of the candidate's.

use std::collections::BTreeMap;

use super::correlation::{Link, link};
use crate::record::{BreakerState, Late, RunRecord, Totals, Window};

/// More places than a chart shows are merged.
const PLACES_MAX: usize = 240;
/// Slowest moments that are marked.
const SLOWEST: usize = 3;
/// Imported series that are kept.
const IMPORTED_MAX: usize = 12;
/// Events that are kept: more can neither be drawn nor read.
const EVENTS_MAX: usize = 60;

/// Series on one axis of time.
#[derive(Clone, Debug)]
pub struct Chronicle {
    /// Number of the run, from 1, and how many there are.
    pub run: (usize, usize),
    /// Begin of each place, in seconds from the start of the run.
    pub at_s: Vec<f64>,
    /// Length of each place; the last one of a stage may be shorter than the others.
    pub length_s: Vec<f64>,
    /// Length of a whole place.
    pub step_s: f64,
    /// Each with a value for each place, or none where there was nothing.
    pub series: Vec<Series>,
    /// Series of other programs that are left out, as those that are kept are clearer linked with the p99.
    pub series_left_out: usize,
    /// Stages, what the generator changed about the load, and events of others, in order of time.
    pub events: Vec<Event>,
    /// Events that are left out, as those that are kept are nearer to the slowest moments.
    pub events_left_out: usize,
    /// States of the circuit breaker: from, to, name.
    pub breaker: Vec<(f64, f64, &'static str)>,
    /// Places with the highest p99, in order of time.
    pub slowest: Vec<usize>,
    /// How the other series moved with the p99, the clearest first.
    pub links: Vec<Link>,
}

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name for people.
    pub name: String,
    /// What its values are.
    pub unit: Unit,
    /// One for each place.
    pub values: Vec<Option<f64>>,
    /// Whether another program measured it.
    pub imported: bool,
}

/// What values of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds.
    Micros,
    /// 0 to 1.
    Share,
    /// Per second.
    PerSecond,
    /// Whatever another program measured.
    Number,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Seconds from the start of the run.
    pub at_s: f64,
    /// `stage`, `load shed`, or what another program calls it.
    pub kind: String,
    /// What it says.
    pub text: String,
}

/// One place of the axis.
struct Place {
    begin_us: u64,
    length_us: u64,
    total: Totals,
    late: Late,
}

impl Place {
    fn end_us(&self) -> u64 {
        self.begin_us + self.length_us
    }

    fn middle_s(&self) -> f64 {
        (self.begin_us + self.length_us / 2) as f64 / 1e6
    }

    fn per_s(&self, count: u64) -> f64 {
        count as f64 / (self.length_us as f64 / 1e6)
    }
}

impl Chronicle {
    /// The timeline of the run whose p99 is the worst; `None` where nothing was measured.
    pub(super) fn of(runs: &[RunRecord]) -> Option<Self> {
        let p99 = |run: &RunRecord| run.total().response.quantile(0.99).unwrap_or(0);
        let (number, run) = runs.iter().enumerate().rev().max_by_key(|(_, run)| p99(run))?;
        let (places, step_us) = places(run)?;
        let step_s = step_us as f64 / 1e6;
        let mut series = measured(&places);
        let p99 = series.first()?.values.clone();
        let others = series.iter().filter(|series| !["p99", "p50"].contains(&series.name.as_str()));
        let mut links: Vec<Link> = others.filter_map(|series| link(&series.name, &series.values, &p99, step_s)).collect();
        let imported = imported(run, &places, &p99, step_s);
        let series_left_out = imported.len().saturating_sub(IMPORTED_MAX);
        for (other, link) in imported.into_iter().take(IMPORTED_MAX) {
            series.push(other);
            links.extend(link);
        }
        links.sort_by(|a, b| b.strength().total_cmp(&a.strength()));
        let slowest = slowest(&p99);
        let moments: Vec<f64> = slowest.iter().map(|place| places[*place].middle_s()).collect();
        let (events, events_left_out) = events(run, &moments);
        Some(Self {
            run: (number + 1, runs.len()),
            at_s: places.iter().map(|place| place.begin_us as f64 / 1e6).collect(),
            length_s: places.iter().map(|place| place.length_us as f64 / 1e6).collect(),
            step_s,
            series,
            series_left_out,
            events,
            events_left_out,
            breaker: breaker(run, places.last().map_or(0, Place::end_us)),
            slowest,
            links,
        })
    }
}

/// The windows of all endpoints at their times, merged where they are many, and the length of a whole place.
fn places(run: &RunRecord) -> Option<(Vec<Place>, u64)> {
    let window_us = run.plan.window_us.max(1);
    let count =
        |stage: usize| run.endpoints.iter().filter_map(|series| series.stages.get(stage)).map(Vec::len).max().unwrap_or(0);
    let all: usize = (0..run.plan.stages.len()).map(count).sum();
    let merged = all.div_ceil(PLACES_MAX).max(1);
    let mut places = Vec::new();
    for (number, stage) in run.plan.stages.iter().enumerate() {
        let late_of_stage = run.generator.late_by_window.get(number).map_or(&[][..], Vec::as_slice);
        for first in (0..count(number)).step_by(merged) {
            let length_us = merged.min(count(number) - first) as u64 * window_us;
            let windows = run.endpoints.iter().filter_map(|series| series.stages.get(number));
            let windows = windows.flat_map(|windows| windows.iter().skip(first).take(merged)).collect::<Vec<&Window>>();
            let begin_us = stage.began_us + first as u64 * window_us;
            let mut late = Late::default();
            late_of_stage.iter().skip(first).take(merged).for_each(|window| late.add(window));
            places.push(Place { begin_us, length_us, total: Totals::of(windows), late });
        }
    }
    (!places.is_empty()).then_some((places, window_us * merged as u64))
}

/// What loadgate measured itself; the p99 first.
fn measured(places: &[Place]) -> Vec<Series> {
    let series = |name: &str, unit, value: &dyn Fn(&Place) -> Option<f64>| Series {
        name: name.to_owned(),
        unit,
        values: places.iter().map(value).collect(),
        imported: false,
    };
    let quantile = |q: f64| move |of: &Place| of.total.response.quantile(q).map(|us| us as f64);
    let mut all = vec![
        series("p99", Unit::Micros, &quantile(0.99)),
        series("p50", Unit::Micros, &quantile(0.5)),
        series("failed", Unit::Share, &|of| of.total.error_rate()),
        series("requests", Unit::PerSecond, &|of| Some(of.per_s(of.total.requests))),
    ];
    let late = [
        series("sent late, mean", Unit::Micros, &|of| of.late.mean_us()),
        series("sent late, worst", Unit::Micros, &|of| of.late.worst_us()),
    ];
    // Records of other tools say nothing of it. A lane of small values is worth its room: it was not the generator then.
    all.extend(late.into_iter().filter(|series| series.values.iter().any(Option::is_some)));
    let rare = [
        series("dropped", Unit::PerSecond, &|of| Some(of.per_s(of.total.dropped))),
        series("connections opened", Unit::PerSecond, &|of| Some(of.per_s(of.total.connections))),
        series("retries", Unit::PerSecond, &|of| Some(of.per_s(of.total.retries))),
    ];
    all.extend(rare.into_iter().filter(|series| series.values.iter().flatten().any(|value| *value > 0.0)));
    all
}

/// The series of others, the mean of the points in each place, with their links; the clearest first.
fn imported(run: &RunRecord, places: &[Place], p99: &[Option<f64>], step_s: f64) -> Vec<(Series, Option<Link>)> {
    let mut points: BTreeMap<&str, Vec<(u64, f64)>> = BTreeMap::new();
    for note in &run.notes {
        if let Some(value) = note.value {
            points.entry(note.name.as_str()).or_default().push((note.at_us, value));
        }
    }
    let mut all = Vec::with_capacity(points.len());
    for (name, points) in points {
        let mean = |place: &Place| {
            let within = |at: u64| (place.begin_us..place.end_us()).contains(&at);
            let values: Vec<f64> = points.iter().filter(|(at, _)| within(*at)).map(|(_, value)| *value).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let values: Vec<Option<f64>> = places.iter().map(mean).collect();
        let link = link(name, &values, p99, step_s);
        all.push((Series { name: name.to_owned(), unit: Unit::Number, values, imported: true }, link));
    }
    let strength = |of: &(Series, Option<Link>)| of.1.as_ref().map_or(-1.0, Link::strength);
    all.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    all
}

/// As many events as are kept, in order of time, and how many are left out: what loadgate did itself goes before what others noted, and of
/// either those go first that are nearest to the slowest moments.
fn events(run: &RunRecord, moments_s: &[f64]) -> (Vec<Event>, usize) {
    let event = |us: u64, kind: &str, text: &str| Event { at_s: us as f64 / 1e6, kind: kind.to_owned(), text: text.to_owned() };
    let stages = run.plan.stages.iter().filter(|stage| stage.played_us > 0);
    let mut events: Vec<Event> = stages.map(|stage| event(stage.began_us, "stage", &stage.name)).collect();
    events.extend(run.breaker.iter().map(|change| {
        let text = format!("circuit breaker {}: {}", change.state.name(), change.reason);
        event(change.at_us, "circuit breaker", &text)
    }));
    events.extend(run.generator.shed.iter().map(|shed| event(shed.at_us, "load shed", &shed.reason)));
    let notes = run.notes.iter().filter(|note| note.value.is_none());
    let mut noted: Vec<Event> = notes.map(|note| event(note.at_us, &note.name, &note.text)).collect();
    // Where no moment stands out, the earliest are kept.
    let distance = |of: &Event| moments_s.iter().map(|at| (at - of.at_s).abs()).reduce(f64::min).unwrap_or(of.at_s);
    events.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    noted.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    events.append(&mut noted);
    let left_out = events.len().saturating_sub(EVENTS_MAX);
    events.truncate(EVENTS_MAX);
    events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    (events, left_out)
}

/// From, to and name of each state, where it did not stay closed.
fn breaker(run: &RunRecord, end_us: u64) -> Vec<(f64, f64, &'static str)> {
    let mut states = Vec::new();
    let mut now = (0, BreakerState::Closed);
    for event in &run.breaker {
        states.push((now.0, event.at_us, now.1));
        now = (event.at_us, event.state);
    }
    if !run.breaker.is_empty() {
        states.push((now.0, end_us.max(now.0), now.1));
    }
    states.into_iter().map(|(from, to, state)| (from as f64 / 1e6, to as f64 / 1e6, state.name())).collect()
}

/// Places of the highest values, none where all are about equal.
fn slowest(p99: &[Option<f64>]) -> Vec<usize> {
    let mut places: Vec<(usize, f64)> = p99.iter().enumerate().filter_map(|(place, value)| Some((place, (*value)?))).collect();
    places.sort_by(|a, b| b.1.total_cmp(&a.1));
    let middle = places.get(places.len() / 2).map_or(0.0, |(_, value)| *value);
    let mut slowest: Vec<usize> =
        places.iter().take(SLOWEST).filter(|(_, value)| *value > middle * 1.2).map(|(place, _)| *place).collect();
    slowest.sort_unstable();
    slowest
}

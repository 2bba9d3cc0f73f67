//! Several series below one another on one axis of time, with what happened meanwhile drawn through all of them.

use super::{
    Area, Tick,
    scale::{Scale, multiples},
    tenth,
};
use crate::{
    diagnose::{Chronicle, Series, Unit},
    report::escape::{capped, squeezed},
    units,
};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 846.0;
const TOP: f64 = 26.0;
const LANE: f64 = 54.0;
const GAP: f64 = 16.0;
/// Longest name beside a lane.
const NAME_MAX: usize = 18;
/// Steps of a time axis in seconds.
const TIME_STEPS_S: [f64; 13] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14_400.0];

/// Series on one axis, placed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Lanes {
    /// Of the drawing.
    pub width: f64,
    /// Of the drawing.
    pub height: f64,
    /// Height of all lanes together.
    pub span: f64,
    /// Around all lanes.
    pub area: Area,
    /// What it shows, for those who do not see it.
    pub summary: String,
    /// One for each series; p99 and p50 share one.
    pub lanes: Vec<Lane>,
    /// Time axis.
    pub x_ticks: Vec<Tick>,
    /// What happened, as lines through all lanes.
    pub marks: Vec<LaneMark>,
    /// The slowest moments.
    pub slowest: Vec<Band>,
    /// When the circuit breaker was not closed.
    pub breaker: Vec<Band>,
}

/// One lane.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Lane {
    /// Its name, cut to fit beside it.
    pub name: String,
    /// Its whole name.
    pub whole_name: String,
    /// Base line of the name.
    pub name_y: f64,
    /// Upper and lower edge.
    pub edges: [f64; 2],
    /// What stands at them.
    pub ends: [String; 2],
    /// Its lines.
    pub lines: Vec<LaneLine>,
}

/// A line of a lane.
#[derive(Clone, Debug, serde::Serialize)]
pub struct LaneLine {
    /// Colour class.
    pub class: &'static str,
    /// Unbroken pieces.
    pub pieces: Vec<String>,
}

/// Something that happened.
#[derive(Clone, Debug, serde::Serialize)]
pub struct LaneMark {
    /// Place.
    pub x: f64,
    /// `stage` or `event`: colour class.
    pub class: &'static str,
    /// What stands above it, where there is room.
    pub label: Option<String>,
    /// What it says.
    pub text: String,
}

/// A span of time.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Band {
    /// Left edge.
    pub x: f64,
    /// Width.
    pub width: f64,
    /// What it says.
    pub text: String,
}

/// A value of a series in words.
pub(in crate::report) fn value(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Micros if value <= 0.0 => "0".to_owned(),
        Unit::Micros => units::latency(value),
        Unit::Share => units::percent(value),
        Unit::PerSecond => units::PerSecond(value).to_string(),
        Unit::Number => units::significant(value, 4),
    }
}

/// Places a chronicle.
pub(in crate::report) fn lanes(chronicle: &Chronicle) -> Lanes {
    let begin = chronicle.at_s.first().copied().unwrap_or(0.0);
    let end = chronicle.at_s.last().zip(chronicle.length_s.last()).map_or(1.0, |(at, length)| at + length);
    let x = Scale { domain: (begin, end), range: (LEFT, RIGHT), logarithmic: false };
    let groups = groups(&chronicle.series);
    let lanes: Vec<Lane> = groups.iter().enumerate().map(|(n, group)| lane(n, group, chronicle, &x)).collect();
    let bottom = TOP + lanes.len() as f64 * (LANE + GAP) - GAP;
    let band = |from: f64, to: f64, text: String| {
        let (x, right) = (x.at(from), x.at(to));
        Band { x, width: tenth((right - x).max(1.0)), text }
    };
    let p99 = chronicle.series.first();
    let slow = |place: &usize| {
        let at = chronicle.at_s[*place];
        let slow = p99.and_then(|p99| p99.values[*place]).unwrap_or(0.0);
        band(at, at + chronicle.length_s[*place], format!("{}: p99 {}", seconds(at), units::latency(slow)))
    };
    let open = chronicle.breaker.iter().filter(|(_, _, state)| *state != "closed");
    Lanes {
        width: WIDTH,
        height: bottom + 34.0,
        span: bottom - TOP,
        area: Area { left: LEFT, right: RIGHT, top: TOP, bottom },
        summary: format!("{} series over {}, on one axis of time", chronicle.series.len(), seconds(end - begin)),
        x_ticks: time_ticks(&x),
        marks: marks(chronicle, &x),
        slowest: chronicle.slowest.iter().map(slow).collect(),
        breaker: open.map(|(from, to, state)| band(*from, *to, format!("circuit breaker {state}"))).collect(),
        lanes,
    }
}

/// p99 and p50 together, each other series by itself.
fn groups(series: &[Series]) -> Vec<Vec<(&'static str, &Series)>> {
    let mut groups: Vec<Vec<(&'static str, &Series)>> = Vec::new();
    for (n, series) in series.iter().enumerate() {
        match (n, groups.first_mut()) {
            (1, Some(first)) if series.unit == Unit::Micros => first.push(("p50", series)),
            (0, _) => groups.push(vec![("p99", series)]),
            _ => groups.push(vec![(if series.imported { "imported" } else { "p95" }, series)]),
        }
    }
    groups
}

fn lane(n: usize, group: &[(&'static str, &Series)], chronicle: &Chronicle, x: &Scale) -> Lane {
    let top = TOP + n as f64 * (LANE + GAP);
    let values = || group.iter().flat_map(|(_, series)| &series.values).flatten().copied();
    let (unit, imported) = group.first().map_or((Unit::Number, false), |(_, series)| (series.unit, series.imported));
    let least = values().reduce(f64::min).unwrap_or(0.0);
    let low = if imported { least } else { 0.0 };
    let high = values().reduce(f64::max).filter(|high| *high > low).unwrap_or(low + 1.0);
    let y = Scale { domain: (low, high), range: (top + LANE, top + 2.0), logarithmic: false };
    let names: Vec<&str> = group.iter().map(|(_, series)| series.name.as_str()).collect();
    let whole_name = capped(&names.join(", "));
    Lane {
        name: squeezed(&whole_name, NAME_MAX),
        whole_name,
        name_y: tenth(top + LANE / 2.0 + 4.0),
        edges: [top, top + LANE],
        ends: [value(unit, high), value(unit, low)],
        lines: group.iter().map(|(class, series)| LaneLine { class, pieces: pieces(&series.values, chronicle, x, &y) }).collect(),
    }
}

/// Unbroken pieces: where there was nothing there is a gap, not a bridge.
fn pieces(values: &[Option<f64>], chronicle: &Chronicle, x: &Scale, y: &Scale) -> Vec<String> {
    let mut pieces: Vec<Vec<String>> = vec![Vec::new()];
    let mut ended = f64::INFINITY;
    for ((at, length), value) in chronicle.at_s.iter().zip(&chronicle.length_s).zip(values) {
        if *at > ended + chronicle.step_s / 2.0 {
            pieces.push(Vec::new());
        }
        ended = at + length;
        match (value, pieces.last_mut()) {
            (Some(value), Some(piece)) => piece.push(format!("{},{}", x.at(at + length / 2.0), y.at(*value))),
            _ => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    // A lone point is drawn as a line of no length, which round ends make a dot.
    let drawn =
        |piece: Vec<String>| if piece.len() == 1 { [piece[0].clone(), piece[0].clone()].join(" ") } else { piece.join(" ") };
    pieces.into_iter().map(drawn).collect()
}

fn marks(chronicle: &Chronicle, x: &Scale) -> Vec<LaneMark> {
    let mut free_from = f64::NEG_INFINITY;
    let mut marks = Vec::new();
    for mark in chronicle.events.iter().filter(|mark| (x.domain.0..=x.domain.1).contains(&mark.at_s)) {
        let (at, is_stage) = (x.at(mark.at_s), mark.kind == "stage");
        let name = squeezed(&capped(if is_stage { &mark.text } else { &mark.kind }), NAME_MAX);
        let width = name.chars().count() as f64 * 7.0;
        let label = (at >= free_from && at + width <= WIDTH).then_some(name);
        if label.is_some() {
            free_from = at + width + 6.0;
        }
        let text = format!("{}: {} {}", seconds(mark.at_s), capped(&mark.kind), capped(&mark.text));
        marks.push(LaneMark { x: at, class: if is_stage { "stage" } else { "event" }, label, text });
    }
    marks
}

fn time_ticks(x: &Scale) -> Vec<Tick> {
    let length = x.domain.1 - x.domain.0;
    let step = TIME_STEPS_S.into_iter().find(|step| length / step <= 10.0).unwrap_or(86_400.0);
    multiples(step, x.domain).into_iter().map(|value| Tick { at: x.at(value), label: seconds(value) }).collect()
}

/// A moment or a length, in words.
pub(in crate::report) fn seconds(value: f64) -> String {
    units::duration(std::time::Duration::from_secs_f64(value.max(0.0)))
}

//! Charts over time: response times of each window, and what the others share with them.

use super::{
    Area, Slot, Tick,
    scale::Scale,
    tenth,
    time_axis::{self, seconds},
};
use crate::units;

pub(super) const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 220.0;
const AREA: Area = Area { left: 70.0, right: 800.0, top: 22.0, bottom: 180.0 };
/// Names of the lines, with their colour classes.
const LINES: [&str; 3] = ["p50", "p95", "p99"];
/// Largest over smallest value from which on a linear axis would flatten the lower line.
pub(super) const LOGARITHMIC_FROM: f64 = 30.0;
/// Least distance between the names at the ends of the lines.
const LABEL_DISTANCE: f64 = 13.0;

/// A chart over time, placed.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Timeline {
    /// What it is of: `response time`.
    pub title: &'static str,
    /// What it shows, for those who do not see it.
    pub summary: String,
    /// Of the drawing.
    pub width: f64,
    /// Of the drawing.
    pub height: f64,
    /// Where the data is.
    pub area: Area,
    /// Values over time.
    pub lines: Vec<Line>,
    /// Parts of a whole over time.
    pub bars: Vec<Bar>,
    /// What the bars are of.
    pub legend: Vec<Key>,
    /// Axis of the values.
    pub y_ticks: Vec<Tick>,
    /// Time axis.
    pub x_ticks: Vec<Tick>,
    /// Begins of the stages.
    pub stages: Vec<Tick>,
    /// Spans with failed or dropped requests, drawn below the lines.
    pub troubles: Vec<Trouble>,
    /// Whether the axis of the values is logarithmic.
    pub logarithmic: bool,
}

/// One line of a chart.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Line {
    /// Colour class.
    pub class: &'static str,
    /// Unbroken pieces, each a list of `x,y`: where there was no request there is a gap, not a bridge.
    pub pieces: Vec<String>,
    /// Its name at its right end.
    pub label: Option<Label>,
}

/// Rectangles of one colour, as one path: hundreds of elements would be larger and slower.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Bar {
    /// Colour class.
    pub class: &'static str,
    /// The path.
    pub path: String,
}

/// What a colour stands for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Key {
    /// Colour class.
    pub class: &'static str,
    /// What it is.
    pub text: String,
}

/// A text in a chart.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Label {
    /// Left end.
    pub x: f64,
    /// Base line.
    pub y: f64,
    /// What it says.
    pub text: &'static str,
}

/// A marked span of time.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Trouble {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// At least one unit, so that it can be seen.
    pub width: f64,
    /// What happened, shown on hovering.
    pub text: String,
}

/// Places the latencies of the slots; `None` when nothing succeeded, as there is no latency to draw.
pub(in crate::report) fn timeline(slots: &[Slot]) -> Option<Timeline> {
    let values = || slots.iter().flat_map(|slot| slot.us).flatten().map(|us| us as f64);
    let (smallest, largest) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
    let x = time_axis::of_slots(slots, &AREA)?;
    let y = latency_scale(smallest, largest, &AREA);
    let quantile = |n: usize| line(LINES[n], LINES[n], slots, |slot| slot.us[n].map(|us| us as f64), &x, &y);
    let mut lines: Vec<Line> = (0..LINES.len()).map(quantile).collect();
    spread(&mut lines);
    Some(Timeline {
        title: "response time",
        summary: format!(
            "Response time over {}: the p50, p95 and p99 of its windows lie between {} and {}.",
            seconds(x.domain.1 - x.domain.0),
            units::latency(smallest),
            units::latency(largest),
        ),
        width: WIDTH,
        height: HEIGHT,
        area: AREA,
        lines,
        y_ticks: y.ticks(4, latency_label),
        x_ticks: time_axis::ticks(&x),
        stages: time_axis::stages(slots, &x),
        troubles: slots.iter().filter_map(|slot| trouble(slot, &x)).collect(),
        logarithmic: y.logarithmic,
        ..Timeline::default()
    })
}

/// An upright axis of latencies, logarithmic where they are far apart.
pub(super) fn latency_scale(smallest: f64, largest: f64, area: &Area) -> Scale {
    let logarithmic = smallest > 0.0 && largest / smallest >= LOGARITHMIC_FROM;
    let domain = if logarithmic { (smallest * 0.8, largest * 1.2) } else { (0.0, largest * 1.08) };
    Scale { domain, range: (area.bottom, area.top), logarithmic }
}

pub(super) fn latency_label(us: f64) -> String {
    if us > 0.0 { units::latency(us) } else { "0".to_owned() }
}

/// A value of each slot over time.
pub(super) fn line(
    class: &'static str,
    name: &'static str,
    slots: &[Slot],
    value: impl Fn(&Slot) -> Option<f64>,
    x: &Scale,
    y: &Scale,
) -> Line {
    let mut pieces: Vec<Vec<String>> = vec![Vec::new()];
    let mut label = None;
    let mut ended_s = f64::INFINITY;
    for slot in slots {
        if slot.begin_s > ended_s + slot.length_s / 2.0 {
            pieces.push(Vec::new());
        }
        ended_s = slot.begin_s + slot.length_s;
        match value(slot) {
            Some(value) => {
                let (at, y) = (x.at(slot.middle_s()), y.at(value));
                label = Some(Label { x: x.range.1 + 8.0, y: tenth(y + 4.0), text: name });
                if let Some(piece) = pieces.last_mut() {
                    piece.push(format!("{at},{y}"));
                }
            }
            None => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    // A lone point is drawn as a line of no length, which round ends make a dot.
    let pieces = pieces
        .into_iter()
        .map(|piece| if piece.len() == 1 { [piece[0].clone(), piece[0].clone()].join(" ") } else { piece.join(" ") });
    Line { class, pieces: pieces.collect(), label }
}

/// Moves names that would overlap upwards. The lines come in ascending order, so their ends go upwards too.
pub(super) fn spread(lines: &mut [Line]) {
    let mut above = f64::INFINITY;
    for label in lines.iter_mut().filter_map(|line| line.label.as_mut()) {
        label.y = tenth(label.y.min(above - LABEL_DISTANCE));
        above = label.y;
    }
}

fn trouble(slot: &Slot, x: &Scale) -> Option<Trouble> {
    let (from, to) = (x.at(slot.begin_s), x.at(slot.begin_s + slot.length_s));
    let mut parts = Vec::new();
    if slot.errors > 0 {
        parts.push(format!("{} of {} requests failed", slot.errors, slot.requests));
    }
    if slot.dropped > 0 {
        parts.push(format!("{} were dropped", slot.dropped));
    }
    let text = format!("{}: {}", seconds(slot.begin_s), parts.join(", "));
    (!parts.is_empty()).then(|| Trouble { x: from, y: AREA.bottom + 2.0, width: tenth((to - from).max(1.0)), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(second: u32, us: Option<u64>) -> Slot {
        Slot {
            begin_s: f64::from(second),
            length_s: 1.0,
            us: [us, us.map(|us| us * 2), us.map(|us| us * 3)],
            requests: 10,
            ..Slot::default()
        }
    }

    #[test]
    fn nothing_that_succeeded_is_no_chart() {
        assert!(timeline(&[slot(0, None)]).is_none());
    }

    #[test]
    fn a_window_without_success_is_a_gap() {
        let chart = timeline(&[slot(0, Some(100)), slot(1, Some(110)), slot(2, None), slot(3, Some(100))]).unwrap();
        assert_eq!(chart.lines[0].pieces.len(), 2);
        assert!(!chart.logarithmic);
    }

    #[test]
    fn a_pause_between_stages_is_a_gap() {
        let chart = timeline(&[slot(0, Some(100)), slot(9, Some(110))]).unwrap();
        assert_eq!(chart.lines[0].pieces.len(), 2);
    }

    #[test]
    fn a_spike_makes_the_axis_logarithmic() {
        let chart = timeline(&[slot(0, Some(100)), slot(1, Some(100_000))]).unwrap();
        assert!(chart.logarithmic);
        assert_eq!(
            chart.y_ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>().join(" "),
            "100 us 1 ms 10 ms 100 ms"
        );
    }

    #[test]
    fn failures_are_marked_where_they_happened() {
        let failed = Slot { errors: 3, dropped: 1, ..slot(1, Some(100)) };
        let chart = timeline(&[slot(0, Some(100)), failed]).unwrap();
        assert_eq!(chart.troubles.len(), 1);
        assert_eq!(chart.troubles[0].text, "1s: 3 of 10 requests failed, 1 were dropped");
        assert!(chart.troubles[0].x > chart.area.left);
    }

    #[test]
    fn names_of_lines_do_not_overlap() {
        let equal = Slot { us: [Some(100); 3], ..slot(0, None) };
        let ys: Vec<f64> = timeline(&[equal]).unwrap().lines.iter().filter_map(|line| Some(line.label.as_ref()?.y)).collect();
        assert!(ys.windows(2).all(|pair| pair[0] - pair[1] >= LABEL_DISTANCE), "{ys:?}");
    }
}

//! Response time over time: p50, p95 and p99 of each window.

use super::{
    Area, Tick,
    scale::{Scale, multiples},
    tenth,
};
use crate::units;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 220.0;
const AREA: Area = Area { left: 70.0, right: 800.0, top: 22.0, bottom: 180.0 };
/// Names of the lines, with their colour classes.
const LINES: [&str; 3] = ["p50", "p95", "p99"];
/// Largest over smallest value from which on a linear axis would flatten the lower line.
const LOGARITHMIC_FROM: f64 = 30.0;
/// Least distance between the names at the ends of the lines.
const LABEL_DISTANCE: f64 = 13.0;
/// Longest stage name above the lines; the table of stages has it whole.
const STAGE_NAME_MAX: usize = 24;
/// Steps of a time axis in seconds.
const TIME_STEPS_S: [f64; 13] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14_400.0];

/// One span of time to be drawn.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Slot {
    /// From the start of the drawing.
    pub begin_s: f64,
    pub length_s: f64,
    /// Name of the stage that begins here.
    pub stage: Option<String>,
    /// p50, p95, p99.
    pub us: [Option<u64>; 3],
    pub requests: u64,
    pub errors: u64,
    pub dropped: u64,
}

/// A chart of latencies over time, placed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Timeline {
    /// Endpoint.
    pub name: String,
    /// What it shows, for those who do not see it.
    pub summary: String,
    /// Of the drawing.
    pub width: f64,
    /// Of the drawing.
    pub height: f64,
    /// Where the data is.
    pub area: Area,
    /// The quantiles.
    pub lines: Vec<Line>,
    /// Latency axis.
    pub y_ticks: Vec<Tick>,
    /// Time axis.
    pub x_ticks: Vec<Tick>,
    /// Begins of the stages.
    pub stages: Vec<Tick>,
    /// Spans with failed or dropped requests, drawn below the lines.
    pub troubles: Vec<Mark>,
    /// Whether the latency axis is logarithmic.
    pub logarithmic: bool,
}

/// One quantile of a [`Timeline`].
#[derive(Clone, Debug, serde::Serialize)]
pub struct Line {
    /// Colour class and name.
    pub class: &'static str,
    /// Unbroken pieces, each a list of `x,y`: where there was no request there is a gap, not a bridge.
    pub pieces: Vec<String>,
    /// Its name at its right end.
    pub label: Option<Label>,
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
pub struct Mark {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// At least one unit, so that it can be seen.
    pub width: f64,
    /// What happened, shown on hovering.
    pub text: String,
}

/// Places the slots; `None` when nothing succeeded, as there is no latency to draw.
pub(in crate::report) fn timeline(name: &str, slots: &[Slot]) -> Option<Timeline> {
    let values = || slots.iter().flat_map(|slot| slot.us).flatten().map(|us| us as f64);
    let (smallest, largest) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
    let last = slots.last()?;
    let logarithmic = largest / smallest >= LOGARITHMIC_FROM;
    let x =
        Scale { domain: (slots[0].begin_s, last.begin_s + last.length_s), range: (AREA.left, AREA.right), logarithmic: false };
    let domain = if logarithmic { (smallest * 0.8, largest * 1.2) } else { (0.0, largest * 1.08) };
    let y = Scale { domain, range: (AREA.bottom, AREA.top), logarithmic };
    let mut lines: Vec<Line> = (0..LINES.len()).map(|quantile| line(quantile, slots, &x, &y)).collect();
    spread(&mut lines);
    Some(Timeline {
        name: name.to_owned(),
        summary: format!(
            "response time of {name} over time: from {} to {} over {}",
            units::latency(smallest),
            units::latency(largest),
            seconds(x.domain.1 - x.domain.0)
        ),
        width: WIDTH,
        height: HEIGHT,
        area: AREA,
        lines,
        y_ticks: y.ticks(4, |us| if us > 0.0 { units::latency(us) } else { "0".to_owned() }),
        x_ticks: time_ticks(&x),
        stages: stages(slots, &x),
        troubles: slots.iter().filter_map(|slot| trouble(slot, &x)).collect(),
        logarithmic,
    })
}

fn line(quantile: usize, slots: &[Slot], x: &Scale, y: &Scale) -> Line {
    let mut pieces: Vec<Vec<String>> = vec![Vec::new()];
    let mut label = None;
    let mut ended_s = f64::INFINITY;
    for slot in slots {
        if slot.begin_s > ended_s + slot.length_s / 2.0 {
            pieces.push(Vec::new());
        }
        ended_s = slot.begin_s + slot.length_s;
        match slot.us[quantile] {
            Some(us) => {
                let (x, y) = (x.at(slot.begin_s + slot.length_s / 2.0), y.at(us as f64));
                label = Some(Label { x: AREA.right + 8.0, y: y + 4.0, text: LINES[quantile] });
                if let Some(piece) = pieces.last_mut() {
                    piece.push(format!("{x},{y}"));
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
    Line { class: LINES[quantile], pieces: pieces.collect(), label }
}

/// Moves names that would overlap upwards. The lines come in ascending order, so their ends go upwards too.
fn spread(lines: &mut [Line]) {
    let mut above = f64::INFINITY;
    for label in lines.iter_mut().filter_map(|line| line.label.as_mut()) {
        label.y = tenth(label.y.min(above - LABEL_DISTANCE));
        above = label.y;
    }
}

fn time_ticks(x: &Scale) -> Vec<Tick> {
    let length = x.domain.1 - x.domain.0;
    let step = TIME_STEPS_S.into_iter().find(|step| length / step <= 10.0).unwrap_or(86_400.0);
    multiples(step, x.domain).into_iter().map(|value| Tick { at: x.at(value), label: seconds(value) }).collect()
}

fn seconds(value: f64) -> String {
    units::duration(std::time::Duration::from_secs_f64(value.max(0.0)))
}

fn stages(slots: &[Slot], x: &Scale) -> Vec<Tick> {
    let name = |slot: &Slot| slot.stage.as_ref().map(|stage| stage.chars().take(STAGE_NAME_MAX).collect());
    slots.iter().filter_map(|slot| Some(Tick { at: x.at(slot.begin_s), label: name(slot)? })).collect()
}

fn trouble(slot: &Slot, x: &Scale) -> Option<Mark> {
    let (from, to) = (x.at(slot.begin_s), x.at(slot.begin_s + slot.length_s));
    let mut parts = Vec::new();
    if slot.errors > 0 {
        parts.push(format!("{} of {} requests failed", slot.errors, slot.requests));
    }
    if slot.dropped > 0 {
        parts.push(format!("{} were dropped", slot.dropped));
    }
    let text = format!("{}: {}", seconds(slot.begin_s), parts.join(", "));
    (!parts.is_empty()).then(|| Mark { x: from, y: AREA.bottom + 2.0, width: tenth((to - from).max(1.0)), text })
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
        assert!(timeline("x", &[slot(0, None)]).is_none());
    }

    #[test]
    fn a_window_without_success_is_a_gap() {
        let chart = timeline("x", &[slot(0, Some(100)), slot(1, Some(110)), slot(2, None), slot(3, Some(100))]).unwrap();
        assert_eq!(chart.lines[0].pieces.len(), 2);
        assert!(!chart.logarithmic);
    }

    #[test]
    fn a_pause_between_stages_is_a_gap() {
        let chart = timeline("x", &[slot(0, Some(100)), slot(9, Some(110))]).unwrap();
        assert_eq!(chart.lines[0].pieces.len(), 2);
    }

    #[test]
    fn a_spike_makes_the_axis_logarithmic() {
        let chart = timeline("x", &[slot(0, Some(100)), slot(1, Some(100_000))]).unwrap();
        assert!(chart.logarithmic);
        assert_eq!(
            chart.y_ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>().join(" "),
            "100 us 1 ms 10 ms 100 ms"
        );
    }

    #[test]
    fn failures_are_marked_where_they_happened() {
        let failed = Slot { errors: 3, dropped: 1, ..slot(1, Some(100)) };
        let chart = timeline("x", &[slot(0, Some(100)), failed]).unwrap();
        assert_eq!(chart.troubles.len(), 1);
        assert_eq!(chart.troubles[0].text, "1s: 3 of 10 requests failed, 1 were dropped");
        assert!(chart.troubles[0].x > chart.area.left);
    }

    #[test]
    fn names_of_lines_do_not_overlap() {
        let equal = Slot { us: [Some(100); 3], ..slot(0, None) };
        let ys: Vec<f64> =
            timeline("x", &[equal]).unwrap().lines.iter().filter_map(|line| Some(line.label.as_ref()?.y)).collect();
        assert!(ys.windows(2).all(|pair| pair[0] - pair[1] >= LABEL_DISTANCE), "{ys:?}");
    }
}

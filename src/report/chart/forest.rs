//! The forest plot: each change with its interval, beside the tolerance it is held against.

use super::{Area, Tick, scale::Scale, tenth};
use crate::units;

const WIDTH: f64 = 860.0;
const ROW_HEIGHT: f64 = 24.0;
const PLOT: (f64, f64) = (300.0, 780.0);
const TOP: f64 = 10.0;
/// Room for the axis below the rows.
const BOTTOM: f64 = 40.0;
/// More rows than anybody compares by eye; the table has them all.
const ROWS_MAX: usize = 60;
/// Longest name that fits beside the plot.
const NAME_MAX: usize = 34;
/// A change beyond these is drawn on the edge, with an arrow: one tenfold slowdown must not flatten all other rows.
const DOMAIN_MAX: (f64, f64) = (-0.9, 2.0);

/// What the changes of a plot are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum ForestOf {
    /// Response times: shares of themselves.
    Latencies,
    /// Error rates: differences of shares.
    Errors,
}

impl ForestOf {
    /// Least change that is drawn to scale on both sides: small plots of nothing look like something otherwise.
    fn least(self) -> f64 {
        match self {
            Self::Latencies => 0.02,
            Self::Errors => 0.005,
        }
    }

    /// What the ends of the axis mean.
    fn ends(self) -> [&'static str; 2] {
        match self {
            Self::Latencies => ["faster", "slower"],
            Self::Errors => ["fewer errors", "more errors"],
        }
    }

    fn label(self, change: f64) -> String {
        match (change == 0.0, self) {
            (true, _) => "0".to_owned(),
            (false, Self::Latencies) => units::signed_percent(change),
            (false, Self::Errors) => units::signed_percent(change).replace('%', " pp"),
        }
    }
}

/// One change to be drawn; fractions.
#[derive(Clone, Debug)]
pub(in crate::report) struct ForestInput<'a> {
    pub name: &'a str,
    pub metric: &'a str,
    pub class: &'static str,
    pub estimate: f64,
    pub interval: Option<(f64, f64)>,
    pub tolerance: f64,
    pub text: &'a str,
}

/// A forest plot, placed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Forest {
    /// Of the drawing.
    pub width: f64,
    /// Of the drawing.
    pub height: f64,
    /// Where the data is.
    pub area: Area,
    /// Where "no change" is.
    pub zero: f64,
    /// The rows, top down.
    pub rows: Vec<ForestRow>,
    /// The axis.
    pub ticks: Vec<Tick>,
    /// Where the name of the axis begins.
    pub axis_y: f64,
    /// What its ends mean.
    pub ends: [&'static str; 2],
    /// What was left out, in a sentence.
    pub left_out: Option<String>,
}

/// One row of a [`Forest`].
#[derive(Clone, Debug, serde::Serialize)]
pub struct ForestRow {
    /// Endpoint, cut to fit.
    pub name: String,
    /// Metric.
    pub metric: String,
    /// Colour class: the outcome.
    pub class: &'static str,
    /// Middle of the row.
    pub y: f64,
    /// Base line of its text.
    pub text_y: f64,
    /// The tolerance: from no change to where it fails.
    pub tolerance: [f64; 2],
    /// Upper edge and height of the tolerance band.
    pub band: [f64; 2],
    /// Ends of the interval.
    pub interval: Option<[f64; 2]>,
    /// Whether the interval goes on beyond the left, the right edge.
    pub beyond: [bool; 2],
    /// The estimate.
    pub x: f64,
    /// The estimate in words.
    pub text: String,
}

/// Places the rows; `None` when there is nothing to draw.
pub(in crate::report) fn forest(of: ForestOf, inputs: &[ForestInput<'_>]) -> Option<Forest> {
    if inputs.is_empty() {
        return None;
    }
    let drawn = &inputs[..inputs.len().min(ROWS_MAX)];
    let scale = Scale { domain: domain(of, drawn), range: PLOT, logarithmic: false };
    let rows: Vec<ForestRow> = drawn.iter().enumerate().map(|(index, input)| row(index, input, &scale)).collect();
    let bottom = TOP + ROW_HEIGHT * rows.len() as f64;
    let left_out = inputs.len() - drawn.len();
    Some(Forest {
        width: WIDTH,
        height: bottom + BOTTOM,
        area: Area { left: PLOT.0, right: PLOT.1, top: TOP, bottom },
        zero: scale.at(0.0),
        rows,
        ticks: scale.ticks(6, |change| of.label(change)),
        axis_y: bottom + 34.0,
        ends: of.ends(),
        left_out: (left_out > 0).then(|| format!("{left_out} more rows are in the table only.")),
    })
}

/// From the smallest to the largest value drawn, with no change and a little room.
fn domain(of: ForestOf, inputs: &[ForestInput<'_>]) -> (f64, f64) {
    let (mut lo, mut hi) = (-of.least(), of.least());
    for input in inputs {
        let (low, high) = input.interval.unwrap_or((input.estimate, input.estimate));
        lo = lo.min(low).min(input.estimate);
        hi = hi.max(high).max(input.estimate).max(input.tolerance);
    }
    let room = (hi - lo) * 0.04;
    ((lo - room).max(DOMAIN_MAX.0), (hi + room).min(DOMAIN_MAX.1))
}

fn row(index: usize, input: &ForestInput<'_>, scale: &Scale) -> ForestRow {
    let top = TOP + ROW_HEIGHT * index as f64;
    let y = tenth(top + ROW_HEIGHT / 2.0);
    let beyond = input.interval.map_or([false; 2], |(low, high)| [low < scale.domain.0, high > scale.domain.1]);
    ForestRow {
        name: cut(input.name),
        metric: input.metric.to_owned(),
        class: input.class,
        y,
        text_y: y + 4.0,
        tolerance: [scale.at(0.0), tenth(scale.at(input.tolerance) - scale.at(0.0))],
        band: [top + 4.0, ROW_HEIGHT - 8.0],
        interval: input.interval.map(|(low, high)| [scale.at(low), scale.at(high)]),
        beyond,
        x: scale.at(input.estimate),
        text: input.text.to_owned(),
    }
}

fn cut(name: &str) -> String {
    match name.char_indices().nth(NAME_MAX) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(estimate: f64, interval: Option<(f64, f64)>) -> ForestInput<'static> {
        ForestInput { name: "GET /", metric: "p50", class: "unchanged", estimate, interval, tolerance: 0.1, text: "+1%" }
    }

    #[test]
    fn nothing_to_draw_is_no_chart() {
        assert!(forest(ForestOf::Latencies, &[]).is_none());
    }

    #[test]
    fn an_estimate_lies_within_its_interval_and_the_plot() {
        let chart = forest(ForestOf::Latencies, &[input(0.05, Some((-0.02, 0.12))), input(-0.3, None)]).unwrap();
        let [left, right] = chart.rows[0].interval.unwrap();
        assert!(chart.area.left <= left && left < chart.rows[0].x && chart.rows[0].x < right && right <= chart.area.right);
        assert!(chart.rows[1].x < chart.zero);
        assert!(chart.ticks.iter().any(|tick| tick.label == "0" && tick.at == chart.zero), "{:?}", chart.ticks);
    }

    #[test]
    fn a_tenfold_slowdown_is_drawn_on_the_edge_with_an_arrow() {
        let chart = forest(ForestOf::Latencies, &[input(9.0, Some((8.0, 10.0)))]).unwrap();
        assert_eq!((chart.rows[0].x, chart.rows[0].beyond), (chart.area.right, [false, true]));
    }

    #[test]
    fn what_is_left_out_is_said() {
        let chart = forest(ForestOf::Latencies, &vec![input(0.0, None); 65]).unwrap();
        assert_eq!((chart.rows.len(), chart.left_out.as_deref()), (60, Some("5 more rows are in the table only.")));
    }

    #[test]
    fn changes_of_error_rates_are_points_on_an_axis_of_their_own() {
        let chart = forest(ForestOf::Errors, &[input(0.031, Some((0.02, 0.04)))]).unwrap();
        assert!(chart.ticks.iter().any(|tick| tick.label.ends_with(" pp")), "{:?}", chart.ticks);
        assert_eq!(chart.ends, ["fewer errors", "more errors"]);
    }
}

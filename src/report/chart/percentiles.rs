//! The percentile curve on the scale of HdrHistogram: each further nine of the requests takes as much room as the one before.

use super::{
    Area, Line, Tick,
    scale::Scale,
    timeline::{latency_label, latency_scale},
};
use crate::record::Latencies;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 250.0;
const AREA: Area = Area { left: 62.0, right: 432.0, top: 12.0, bottom: 210.0 };
/// Points per nine.
const POINTS: u32 = 12;
/// Most nines that are drawn: 99.999 %.
const NINES_MAX: f64 = 5.0;
/// Where the axis is named.
const TICKS: [(f64, &str); 7] =
    [(0.0, "0%"), (0.5, "50%"), (0.9, "90%"), (0.99, "99%"), (0.999, "99.9%"), (0.9999, "99.99%"), (0.99999, "99.999%")];

/// Percentile curves, placed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Percentiles {
    /// What it shows, for those who do not see it.
    pub summary: String,
    /// Of the drawing.
    pub width: f64,
    /// Of the drawing.
    pub height: f64,
    /// Where the data is.
    pub area: Area,
    /// The baseline where there is one, and the candidate over it.
    pub lines: Vec<Line>,
    /// Latency axis.
    pub y_ticks: Vec<Tick>,
    /// Share of the requests.
    pub x_ticks: Vec<Tick>,
    /// Whether the latency axis is logarithmic.
    pub logarithmic: bool,
}

/// Places the curves; `None` when nothing succeeded.
pub(in crate::report) fn percentiles(candidate: &Latencies, baseline: Option<&Latencies>) -> Option<Percentiles> {
    let both = || std::iter::once(candidate).chain(baseline).filter(|latencies| !latencies.is_empty());
    candidate.max()?;
    let smallest = both().filter_map(Latencies::min).min()? as f64;
    let largest = both().filter_map(|latencies| latencies.quantile(fraction(nines(latencies)))).max()? as f64;
    let most = both().map(nines).fold(1.0, f64::max);
    let x = Scale { domain: (0.0, most), range: (AREA.left, AREA.right), logarithmic: false };
    let y = latency_scale(smallest, largest, &AREA);
    let curve = |latencies: &Latencies, class| Line { class, pieces: vec![points(latencies, &x, &y)], label: None };
    let baseline = baseline.filter(|latencies| !latencies.is_empty()).map(|latencies| curve(latencies, "base"));
    let compared = if baseline.is_some() { ", the baseline's and the candidate's over one another" } else { "" };
    let shown = |fraction: &f64| nines_of(*fraction) <= most + 1e-9;
    Some(Percentiles {
        summary: format!(
            "Percentile curve of the response times{compared}, from {} to {}; the table has its figures.",
            latency_label(smallest),
            latency_label(largest)
        ),
        width: WIDTH,
        height: HEIGHT,
        area: AREA,
        lines: baseline.into_iter().chain([curve(candidate, "cand")]).collect(),
        y_ticks: y.ticks(4, latency_label),
        x_ticks: TICKS
            .iter()
            .filter(|(at, _)| shown(at))
            .map(|(at, label)| Tick { at: x.at(nines_of(*at)), label: (*label).to_owned() })
            .collect(),
        logarithmic: y.logarithmic,
    })
}

/// How many nines so many latencies can tell of: beyond it there is not one.
fn nines(latencies: &Latencies) -> f64 {
    (latencies.count().max(1) as f64).log10().clamp(1.0, NINES_MAX)
}

fn nines_of(fraction: f64) -> f64 {
    -(1.0 - fraction).log10()
}

fn fraction(nines: f64) -> f64 {
    1.0 - 10f64.powf(-nines)
}

fn points(latencies: &Latencies, x: &Scale, y: &Scale) -> String {
    let most = nines(latencies);
    let steps = (most * f64::from(POINTS)).floor() as u32;
    let at = (0..=steps).map(|step| f64::from(step) / f64::from(POINTS)).chain([most]);
    let point = |nines: f64| Some(format!("{},{}", x.at(nines), y.at(latencies.quantile(fraction(nines))? as f64)));
    at.filter_map(point).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latencies(count: u64, scale: u64) -> Latencies {
        let mut latencies = Latencies::default();
        (1..=count).for_each(|n| latencies.record(1_000 * scale + n * scale));
        latencies
    }

    #[test]
    fn each_nine_takes_as_much_room_as_the_one_before() {
        let chart = percentiles(&latencies(1_000, 1), None).unwrap();
        let at: Vec<f64> = chart.x_ticks.iter().map(|tick| tick.at).collect();
        let labels: Vec<&str> = chart.x_ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["0%", "50%", "90%", "99%", "99.9%"]);
        assert!(((at[3] - at[2]) - (at[4] - at[3])).abs() < 0.2, "{at:?}");
        assert_eq!(chart.lines.len(), 1);
    }

    #[test]
    fn a_slower_candidate_lies_above_its_baseline() {
        let chart = percentiles(&latencies(1_000, 2), Some(&latencies(1_000, 1))).unwrap();
        let heights = |line: &Line| -> Vec<f64> {
            line.pieces[0].split(' ').filter_map(|point| point.split_once(',')?.1.parse().ok()).collect()
        };
        let (base, candidate) = (heights(&chart.lines[0]), heights(&chart.lines[1]));
        assert_eq!((chart.lines[0].class, base.len()), ("base", candidate.len()));
        assert!(base.iter().zip(&candidate).all(|(base, candidate)| candidate < base), "{base:?} {candidate:?}");
    }

    #[test]
    fn few_latencies_have_few_nines_and_none_have_no_curve() {
        let chart = percentiles(&latencies(20, 1), None).unwrap();
        assert_eq!(chart.x_ticks.last().map(|tick| tick.label.as_str()), Some("90%"));
        assert!(percentiles(&Latencies::default(), Some(&latencies(10, 1))).is_none());
    }
}

//! The histogram of response times: how many requests took about so long.

use std::fmt::Write as _;

use super::{
    Area, Tick,
    scale::Scale,
    tenth,
    timeline::{LOGARITHMIC_FROM, latency_label},
};
use crate::{record::Latencies, units};

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 250.0;
const AREA: Area = Area { left: 62.0, right: 448.0, top: 12.0, bottom: 210.0 };
/// Columns, where the latencies are known so finely.
const BINS: usize = 40;
/// Columns a row of the table takes together.
const BINS_PER_ROW: usize = 4;
/// What is drawn: a few very slow requests would press all others into one column.
const DRAWN: f64 = 0.999;

/// A histogram, placed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Histogram {
    /// What it shows, for those who do not see it.
    pub summary: String,
    /// Of the drawing.
    pub width: f64,
    /// Of the drawing.
    pub height: f64,
    /// Where the data is.
    pub area: Area,
    /// The candidate's columns, as one path.
    pub candidate: String,
    /// The outline of the baseline's.
    pub baseline: Option<String>,
    /// Share of the requests.
    pub y_ticks: Vec<Tick>,
    /// Latency axis.
    pub x_ticks: Vec<Tick>,
    /// Whether the latency axis is logarithmic.
    pub logarithmic: bool,
    /// The same as a table, some columns together in each row.
    pub rows: Vec<ShareRow>,
}

/// How many requests took so long.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ShareRow {
    /// Shortest of these response times.
    pub from: String,
    /// Longest.
    pub to: String,
    /// Their share of the baseline's requests; empty without one.
    pub baseline: String,
    /// Their share of the candidate's.
    pub candidate: String,
}

/// Edges of the columns.
struct Bins {
    domain: (f64, f64),
    logarithmic: bool,
    count: usize,
}

impl Bins {
    fn edge(&self, index: usize) -> f64 {
        let (lo, hi) = self.domain;
        let share = index as f64 / self.count as f64;
        if self.logarithmic { lo * (hi / lo).powf(share) } else { lo + (hi - lo) * share }
    }

    /// Shares of all latencies; what is longer than the last column counts, but stands in none.
    fn shares(&self, latencies: &Latencies) -> Vec<f64> {
        let mut shares = vec![0.0; self.count];
        for (us, count) in latencies.buckets() {
            let middle = us as f64 - (latencies.bucket_width(us) - 1) as f64 / 2.0;
            if let Some(bin) = (0..self.count).find(|bin| middle < self.edge(bin + 1)) {
                shares[bin] += count as f64 / latencies.count() as f64;
            }
        }
        shares
    }
}

/// Places the columns; `None` when nothing succeeded.
pub(in crate::report) fn histogram(candidate: &Latencies, baseline: Option<&Latencies>) -> Option<Histogram> {
    candidate.max()?;
    let baseline = baseline.filter(|latencies| !latencies.is_empty());
    let bins = bins(candidate, baseline)?;
    let shares = bins.shares(candidate);
    let base = baseline.map(|latencies| bins.shares(latencies));
    let highest = shares.iter().chain(base.iter().flatten()).copied().fold(0.0, f64::max);
    let x = Scale { domain: bins.domain, range: (AREA.left, AREA.right), logarithmic: bins.logarithmic };
    let y = Scale { domain: (0.0, (highest * 1.08).max(1e-9)), range: (AREA.bottom, AREA.top), logarithmic: false };
    Some(Histogram {
        summary: format!(
            "Histogram of the response times{}, from {} to {}: most of the candidate's requests took about {}.",
            if base.is_some() { " of baseline and candidate" } else { "" },
            latency_label(bins.domain.0),
            latency_label(bins.domain.1),
            latency_label(peak(&bins, &shares)),
        ),
        width: WIDTH,
        height: HEIGHT,
        area: AREA,
        candidate: columns(&bins, &shares, &x, &y),
        baseline: base.as_ref().map(|base| outline(&bins, base, &x, &y)),
        y_ticks: y.ticks(4, |share| if share > 0.0 { units::percent(share) } else { "0".to_owned() }),
        x_ticks: x.ticks(4, latency_label),
        logarithmic: bins.logarithmic,
        rows: rows(&bins, &shares, base.as_deref()),
    })
}

fn bins(candidate: &Latencies, baseline: Option<&Latencies>) -> Option<Bins> {
    let both = || std::iter::once(candidate).chain(baseline);
    let smallest = both().filter_map(Latencies::min).min()?;
    let largest = both().filter_map(|latencies| latencies.quantile(DRAWN)).max()?;
    let (lo, hi) = (smallest as f64 * 0.98, largest as f64 * 1.02 + 1.0);
    // Columns narrower than what latencies are known to would stand apart like the teeth of a comb.
    let width = candidate.bucket_width(largest) as f64;
    let count = (((hi - lo) / width).floor() as usize).clamp(1, BINS);
    Some(Bins { domain: (lo, hi), logarithmic: hi / lo >= LOGARITHMIC_FROM, count })
}

/// Middle of the highest column.
fn peak(bins: &Bins, shares: &[f64]) -> f64 {
    let highest = (0..bins.count).max_by(|a, b| shares[*a].total_cmp(&shares[*b])).unwrap_or(0);
    f64::midpoint(bins.edge(highest), bins.edge(highest + 1))
}

fn columns(bins: &Bins, shares: &[f64], x: &Scale, y: &Scale) -> String {
    let mut path = String::new();
    for (bin, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
        let (from, to) = (x.at(bins.edge(bin)), x.at(bins.edge(bin + 1)));
        // Writing to a string cannot fail.
        let _ = write!(path, "M{from} {}V{}h{}V{}z", AREA.bottom, y.at(*share), tenth(to - from - 0.6), AREA.bottom);
    }
    path
}

fn outline(bins: &Bins, shares: &[f64], x: &Scale, y: &Scale) -> String {
    let mut path = format!("M{} {}", AREA.left, AREA.bottom);
    for (bin, share) in shares.iter().enumerate() {
        let _ = write!(path, "V{}H{}", y.at(*share), x.at(bins.edge(bin + 1)));
    }
    path + &format!("V{}", AREA.bottom)
}

fn rows(bins: &Bins, shares: &[f64], base: Option<&[f64]>) -> Vec<ShareRow> {
    let row = |from: usize| {
        let to = (from + BINS_PER_ROW).min(bins.count);
        let sum = |shares: &[f64]| units::percent(shares[from..to].iter().sum());
        let base = base.map_or_else(String::new, sum);
        let [from, to] = [from, to].map(|edge| latency_label(bins.edge(edge)));
        ShareRow { from, to, baseline: base, candidate: sum(shares) }
    };
    (0..bins.count).step_by(BINS_PER_ROW).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(us: u64) -> Latencies {
        let mut latencies = Latencies::default();
        (0..1_000).for_each(|n| latencies.record(us + n));
        latencies
    }

    #[test]
    fn the_columns_have_all_requests_but_the_slowest() {
        let mut latencies = around(1_000);
        latencies.record(9_000_000);
        let bins = bins(&latencies, None).unwrap();
        let sum: f64 = bins.shares(&latencies).iter().sum();
        assert!((sum - 1_000.0 / 1_001.0).abs() < 1e-9, "{sum}");
        assert!(!bins.logarithmic && bins.domain.1 < 2_100.0, "{:?}", bins.domain);
    }

    #[test]
    fn a_baseline_is_an_outline_over_the_same_columns() {
        let chart = histogram(&around(2_000), Some(&around(1_000))).unwrap();
        let outline = chart.baseline.unwrap();
        assert_eq!(outline.matches('H').count(), BINS);
        assert!(chart.rows.first().is_some_and(|row| row.baseline != "0%" && row.candidate == "0%"), "{:?}", chart.rows);
        assert!(chart.rows.last().is_some_and(|row| row.baseline == "0%" && row.candidate != "0%"), "{:?}", chart.rows);
    }

    #[test]
    fn short_latencies_make_no_comb() {
        let mut latencies = Latencies::default();
        (50..60).for_each(|us| latencies.record(us));
        let chart = histogram(&latencies, None).unwrap();
        assert_eq!(chart.candidate.matches('M').count(), 10, "{}", chart.candidate);
        assert!(histogram(&Latencies::default(), None).is_none());
    }
}

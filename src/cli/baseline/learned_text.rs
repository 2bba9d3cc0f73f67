//! What comparisons side by side taught, as a table.

use crate::{
    baseline::StoredNoise,
    record::{Learned, LearnedNoise},
    units,
};

/// The lessons of one fingerprint, newest first.
pub(in crate::cli) fn render(lessons: &[StoredNoise]) -> Vec<String> {
    let Some(newest) = lessons.first() else { return Vec::new() };
    let learned = LearnedNoise::of(lessons.iter().map(|lesson| &lesson.noise));
    let noise = &newest.noise;
    let mut lines = vec![format!(
        "noise learned for fingerprint {} of '{}' from {}, the newest of {:.0}",
        noise.fingerprint,
        noise.suite,
        sources(&learned),
        noise.started_at
    )];
    let rows: Vec<[String; 4]> = learned.all().into_iter().map(row).collect();
    let head = ["endpoint", "metric", "differs by", "known from"].map(str::to_owned);
    let width = |column: usize| rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 4] = std::array::from_fn(width);
    lines.extend([&head].into_iter().chain(&rows).map(|row| {
        let [endpoint, metric, spread, from] = row;
        let cells = format!("{endpoint:<0$}  {metric:<1$}  {spread:>2$}  {from}", widths[0], widths[1], widths[2]);
        cells.trim_end().to_owned()
    }));
    lines
}

fn sources(learned: &LearnedNoise) -> String {
    let of = |count: usize, thing: &str| (count > 0).then(|| format!("{count} {thing}{}", if count == 1 { "" } else { "s" }));
    let parts = [of(learned.duets(), "comparison"), of(learned.pairs(), "pair")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// Standard deviations in logarithms are shares, as long as they are small.
fn row((endpoint, metric, learned): (&str, &str, Learned)) -> [String; 4] {
    let (variance, from) = if learned.df > 0.0 {
        (learned.sum_of_squares / learned.df, format!("{} degrees of freedom", learned.df))
    } else {
        (learned.excess.max(0.0), format!("{} pairs of one version", learned.pairs))
    };
    let name = if endpoint == crate::compare::SERVICE { "service as a whole" } else { endpoint };
    [name.to_owned(), metric.to_owned(), units::percent(variance.sqrt()), from]
}

//! What comparisons side by side taught, as a table.

use std::time::Duration;

use crate::{
    baseline::StoredLesson,
    cli::columns,
    record::{DuetNoise, Learned, LearnedNoise},
    units,
};

/// Characters of a commit that tell it from others.
const COMMIT_CHARS: usize = 12;

/// The lessons of one fingerprint, newest first.
pub(in crate::cli) fn render(lessons: &[StoredLesson]) -> Vec<String> {
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
    let head = ["endpoint", "metric", "differs by", "known from"].map(str::to_owned);
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(learned.all().into_iter().map(row)).collect();
    lines.extend(columns::lines(&rows, &[2]));
    lines
}

/// Each lesson by its name, newest first, so that one can be chosen to be forgotten.
pub(super) fn entries(lessons: &[StoredLesson]) -> Vec<String> {
    let row = |lesson: &StoredLesson| {
        let DuetNoise { started_at, commit, same_version, replicates, seconds_per_replicate, .. } = &lesson.noise;
        let seconds = units::duration(Duration::try_from_secs_f64(*seconds_per_replicate).unwrap_or_default());
        let played =
            if *replicates == 1 { format!("1 pair of {seconds}") } else { format!("{replicates} replicates of {seconds}") };
        let versions = if *same_version { ", one version" } else { "" };
        let commit = commit.as_deref().unwrap_or("unknown").chars().filter(|c| !c.is_control()).take(COMMIT_CHARS).collect();
        [lesson.entry(), format!("{started_at:.0}"), commit, format!("{played}{versions}")]
    };
    let head = ["entry", "made", "commit", "played"].map(str::to_owned);
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(lessons.iter().map(row)).collect();
    let lines = columns::lines(&rows, &[]).into_iter();
    let last = "one that should not count is taken back by: loadgate baseline forget ENTRY".to_owned();
    ["learned from".to_owned()].into_iter().chain(lines).chain([last]).collect()
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
        let pairs = if learned.pairs == 1 { "pair" } else { "pairs" };
        (learned.excess.max(0.0), format!("{} {pairs} of one version", learned.pairs))
    };
    let name = if endpoint == crate::compare::SERVICE { "service as a whole" } else { endpoint };
    [name.to_owned(), metric.to_owned(), units::percent(variance.sqrt()), from]
}

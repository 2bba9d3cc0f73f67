//! One comment on several verdicts.

use serde::Serialize;

use super::{
    Around, Failing, Footer, Rung, State,
    told::{self, Told},
};
use crate::report::{Judged, RunView, View, escape::capped};

/// One of several measurements: a job of a matrix, say.
#[derive(Clone, Copy, Debug)]
pub struct Leg<'a> {
    /// What it is called, `linux-arm64`; the suite's name where nobody gave one.
    pub name: &'a str,
    /// Its verdict.
    pub view: &'a View,
}

/// What the template needs.
#[derive(Serialize)]
pub(super) struct Merged<'a> {
    icon: &'static str,
    headline: String,
    legs: Vec<LegTold<'a>>,
    details: bool,
    brief: bool,
    verdict_only: bool,
    footer: Footer<'a>,
}

#[derive(Serialize)]
struct LegTold<'a> {
    name: String,
    word: &'static str,
    passes: bool,
    told: Told,
    judged: &'a Judged,
    run: &'a RunView,
}

/// The worst first; of one verdict those that fail the build before those that do not, else as they were given.
pub(super) fn ordered<'a>(legs: &[Leg<'a>]) -> Vec<Leg<'a>> {
    let mut legs = legs.to_vec();
    legs.sort_by_key(|leg| (rank(leg.view.judged.kind), leg.view.judged.exit_code == 0));
    legs
}

fn rank(kind: &str) -> u8 {
    match kind {
        "missing" => 0,
        "invalid" => 1,
        "fail" => 2,
        "inconclusive" => 3,
        "warn" => 4,
        _ => 5,
    }
}

/// What the next run must know: the verdict of the worst, and of each what failed.
pub(super) fn state(legs: &[Leg<'_>]) -> State {
    let failing = legs.iter().flat_map(|leg| {
        let name = capped(leg.name);
        State::of(&leg.view.file).failing.into_iter().map(move |failing| Failing { leg: Some(name.clone()), ..failing })
    });
    let first = legs.first().map(|leg| State::of(&leg.view.file)).unwrap_or_default();
    State { failing: failing.take(2 * super::state::FAILING_MAX).collect(), ..first }
}

impl<'a> Merged<'a> {
    /// `legs` are in order.
    pub(super) fn of(legs: &[Leg<'a>], around: &'a Around, rung: Rung, rows_max: usize) -> Self {
        let each = rows_max.div_ceil(legs.len().max(1)).min(rows_max);
        let told = |leg: &Leg<'a>| {
            let name = capped(leg.name);
            let told = Told::of(leg.view, each, &around.failing(Some(&name)), around.since());
            let judged = &leg.view.judged;
            LegTold { word: judged.word, passes: judged.kind == "pass", told, judged, run: &leg.view.run, name }
        };
        let measured = legs.iter().find(|leg| leg.view.has_verdict());
        let footer = measured.map(|leg| Footer { baseline_commit: None, reproduce: None, ..Footer::of(leg.view, around) });
        Self {
            icon: icon(legs),
            headline: headline(legs),
            legs: legs.iter().map(told).collect(),
            details: rung == Rung::Full,
            brief: rung >= Rung::Rows,
            verdict_only: rung == Rung::Verdict,
            footer: footer.unwrap_or_else(|| Footer::without_run(around)),
        }
    }
}

/// That of the worst.
pub(super) fn icon(legs: &[Leg<'_>]) -> &'static str {
    legs.first().map_or("🚫", |leg| leg.view.judged.icon)
}

/// `1 of 3 measurements failed, 1 inconclusive (linux-arm64: regression in ..)`
pub(super) fn headline(legs: &[Leg<'_>]) -> String {
    let all = legs.len();
    let Some(worst) = legs.first() else { return "there is no measurement".to_owned() };
    let worst_one = told::headline(&worst.view.judged);
    match (worst.view.judged.kind, all) {
        (_, 1) => return worst_one,
        ("pass", _) => return format!("all {all} measurements passed"),
        _ => {}
    }
    let mut counts: Vec<(usize, &str)> = Vec::new();
    for word in legs.iter().map(|leg| leg.view.judged.word).filter(|word| *word != "passed") {
        match counts.iter_mut().find(|(_, known)| *known == word) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, word)),
        }
    }
    let words = counts.into_iter().enumerate().map(|(n, (count, word))| {
        if n == 0 { format!("{count} of {all} measurements {word}") } else { format!("{count} {word}") }
    });
    format!("{} ({}: {worst_one})", words.collect::<Vec<_>>().join(", "), capped(worst.name))
}

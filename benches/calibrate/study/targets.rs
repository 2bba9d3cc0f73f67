//! What the gate has to reach, beside what it reached.

use std::fmt::Write as _;

use super::{
    Change,
    plan::{Results, Study},
    table::bound,
    tally::Tally,
};

/// Largest bound of the share of unchanged builds that are failed.
pub(super) const FALSE_ALARMS: f64 = 0.01;
/// A target that is so few standard errors away may be met or missed.
const NEAR: f64 = 2.0;

/// A share of the cases of a design that has to be reached.
struct Target {
    study: &'static str,
    design: &'static str,
    wanted: f64,
    of: Share,
}

enum Share {
    Found(Change),
    PassedUnchanged,
}

const TARGETS: [Target; 9] = [
    Target::new("6 x 20 s, 1000/s", "learned from 0", 0.95, Share::Found(Change::One(0.10))),
    Target::new("6 x 20 s, 1000/s", "learned from 0", 0.40, Share::Found(Change::One(0.05))),
    Target::new("6 x 20 s, 1000/s", "learned from 0", 0.75, Share::Found(Change::Whole(0.05))),
    Target::new("6 x 20 s, 1000/s", "learned from 0", 0.95, Share::PassedUnchanged),
    Target::new("6 x 20 s, 1000/s", "learned from 5", 0.85, Share::Found(Change::One(0.05))),
    Target::new("6 x 20 s, 240/s", "learned from 0", 0.90, Share::PassedUnchanged),
    Target::new("runners differ by 3 %", "k = 10", 0.90, Share::Found(Change::One(0.20))),
    Target::new("runners differ by 3 %", "k = 10", 0.65, Share::Found(Change::Whole(0.20))),
    Target::new("runners differ by 3 %", "k = 10", 0.85, Share::PassedUnchanged),
];

impl Target {
    const fn new(study: &'static str, design: &'static str, wanted: f64, of: Share) -> Self {
        Self { study, design, wanted, of }
    }

    /// The number of the change it is about, the cases of it, and what was reached; `None` where the study did not play it.
    fn reached<'a>(&self, study: &Study, results: &'a Results) -> Option<(usize, &'a Tally, f64)> {
        let design = study.designs().iter().position(|name| name == self.design).filter(|_| study.name == self.study)?;
        let change = match self.of {
            Share::Found(change) => change,
            Share::PassedUnchanged => Change::None,
        };
        let number = study.changes.iter().position(|known| *known == change)?;
        let tally = &results.designs()[design][number];
        let count = if matches!(self.of, Share::PassedUnchanged) { tally.passed } else { tally.found };
        Some((number, tally, tally.share(count)))
    }

    fn in_words(&self) -> String {
        let what = match self.of {
            Share::Found(Change::One(size)) => format!("+{:.0} % of one endpoint found", size * 100.0),
            Share::Found(Change::Whole(size)) => format!("+{:.0} % of the whole found", size * 100.0),
            Share::Found(Change::None) | Share::PassedUnchanged => "unchanged passes".to_owned(),
        };
        format!("{}, {}: {what}", self.study, self.design)
    }
}

/// Numbers of the changes for which a target is so near that more cases are needed to tell.
pub(super) fn near(study: &Study, results: &Results) -> Vec<usize> {
    let is_near = |target: &Target| {
        let (number, tally, reached) = target.reached(study, results)?;
        let error = (target.wanted * (1.0 - target.wanted) / f64::from(tally.cases)).sqrt();
        ((reached - target.wanted).abs() < NEAR * error).then_some(number)
    };
    TARGETS.iter().filter_map(is_near).collect()
}

/// Each target with what was reached.
pub(crate) fn table(studies: &[(Study, Results)]) -> String {
    let mut text = "| target | at least | reached | |\n|---|---|---|---|\n".to_owned();
    for target in &TARGETS {
        let reached = studies.iter().find_map(|(study, results)| target.reached(study, results));
        if let Some((_, tally, reached)) = reached {
            let (wanted, met, reached) = (target.wanted * 100.0, met(reached >= target.wanted), reached * 100.0);
            let _ = writeln!(text, "| {} | {wanted:.0} % | {reached:.1} % of {} | {met} |", target.in_words(), tally.cases);
        }
    }
    // What one pair of processes cannot know is a limit of that design, and the report says so.
    let unchanged = studies.iter().filter(|(study, _)| !study.one_odd_process()).flat_map(|(_, results)| results.designs());
    let worst = unchanged.map(|tallies| &tallies[0]).max_by(|a, b| a.failed_at_most().total_cmp(&b.failed_at_most()));
    if let Some(worst) = worst {
        let (failed, met) = (in_words(worst), met(worst.failed_at_most() <= FALSE_ALARMS));
        let _ = writeln!(text, "| unchanged builds failed, the worst design | at most 1 % | {failed} | {met} |");
    }
    text
}

fn in_words(tally: &Tally) -> String {
    format!("{} of {}: below {}", tally.failed, tally.cases, bound(tally.failed_at_most()))
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**missed**" }
}

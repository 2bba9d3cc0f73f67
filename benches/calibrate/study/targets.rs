//! What the gate has to reach, beside what it reached.

use std::fmt::Write as _;

use super::{
    Change,
    plan::{Results, Study},
    tally::Tally,
};

/// Largest bound of the share of unchanged builds that are failed.
const FALSE_ALARMS: f64 = 0.01;

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

    /// What was reached; `None` where it was not played.
    fn reached(&self, studies: &[(Study, Results)]) -> Option<f64> {
        let (study, results) = studies.iter().find(|(study, _)| study.name == self.study)?;
        let design = study.designs().iter().position(|name| name == self.design)?;
        let of = |change: Change| {
            let number = study.changes.iter().position(|known| *known == change)?;
            Some(&results.designs()[design][number])
        };
        match self.of {
            Share::Found(change) => of(change).map(|tally| tally.share(tally.found)),
            Share::PassedUnchanged => of(Change::None).map(|tally| tally.share(tally.passed)),
        }
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

/// Each target with what was reached.
pub(crate) fn table(studies: &[(Study, Results)]) -> String {
    let mut text = "| target | at least | reached | |\n|---|---|---|---|\n".to_owned();
    for target in &TARGETS {
        if let Some(reached) = target.reached(studies) {
            let (wanted, met, reached) = (target.wanted * 100.0, met(reached >= target.wanted), reached * 100.0);
            let _ = writeln!(text, "| {} | {wanted:.0} % | {reached:.0} % | {met} |", target.in_words());
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
    format!("{} of {}: below {:.1} %", tally.failed, tally.cases, tally.failed_at_most() * 100.0)
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**missed**" }
}

//! A second round for what the first one leaves in doubt, so that the page can say it with more certainty.

use super::{
    plan::{Results, Study},
    tally::Tally,
    targets,
};

/// Plays so many cases; under changes whose result they leave in doubt it goes on, to `doubtful` cases together.
pub(crate) fn play(study: &Study, cases: u64, doubtful: u64) -> Results {
    let mut results = study.play(0..cases);
    let doubts = doubts(study, &results);
    if doubtful > cases && !doubts.is_empty() {
        results.add_some(&doubts, &study.under(&doubts).play(cases..doubtful));
    }
    results
}

/// Numbers of the changes to go on with: that unchanged builds are hardly ever failed is not shown, or a goal is so near that it
/// may be met or missed. Noise is learned from unchanged builds, so that these are always among them.
pub(crate) fn doubts(study: &Study, results: &Results) -> Vec<usize> {
    let mut doubts = targets::near(study, results);
    let is_unsure = |tallies: &Vec<Tally>| tallies[0].failed_at_most() > targets::FALSE_ALARMS;
    // What one pair of processes can't know, more cases don't teach.
    if !doubts.is_empty() || (!study.one_odd_process() && results.designs().iter().any(is_unsure)) {
        doubts.push(0);
    }
    doubts.sort_unstable();
    doubts.dedup();
    doubts
}

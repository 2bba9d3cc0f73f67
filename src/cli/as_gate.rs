//! Records of a gate are judged later as the gate judged them: at the same look, which may have ended it early. What can't be done
//! alike is said.

use crate::{
    compare::{Look, Part},
    policy::Regression,
    record::{LearnedNoise, LookFacts, LookPart, RunRecord},
    units::Micros,
};

/// A look as records keep it.
pub(super) fn facts(look: &Look, round: usize, learned: &LearnedNoise, rules: &Regression) -> LookFacts {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    LookFacts {
        round: number(round),
        part: match look.part {
            Part::Replicate => LookPart::Replicate,
            Part::Block => LookPart::Block,
        },
        used: number(look.used),
        planned: number(look.planned),
        alpha_share: look.alpha / rules.alpha,
        beta: look.beta,
        learned_from: number(known(learned, look.part == Part::Replicate && look.planned > 1)),
    }
}

/// Earlier comparisons that noise was learned from.
fn known(learned: &LearnedNoise, replicated: bool) -> usize {
    if replicated { learned.duets() } else { learned.pairs() }
}

/// How pairs are judged now.
#[derive(Debug, PartialEq)]
pub(super) struct AsGate {
    pub(super) look: Look,
    /// How many windows of each stage are compared, where the gate did not look at all of them.
    pub(super) windows: Option<Vec<usize>>,
    /// What is other than in the gate, each a sentence.
    pub(super) notes: Vec<String>,
}

/// The look for these runs of the candidate: that of the gate that made them, as far as they are what it judged.
pub(super) fn of(candidate: &[RunRecord], learned: &LearnedNoise, rules: &Regression) -> AsGate {
    let only = AsGate { look: Look::only(candidate.len(), rules.alpha), windows: None, notes: Vec::new() };
    let looks: Vec<Option<LookFacts>> = candidate.iter().map(|run| run.ab.and_then(|part| part.look)).collect();
    let Some(first) = looks.iter().flatten().next().copied() else { return only };
    let apart = |why: &str| AsGate {
        notes: vec![format!("judged as all there is, which is other than in the gate that made these records: {why}")],
        ..only
    };
    if looks.iter().any(|look| *look != Some(first)) {
        return apart("they are not of one comparison; a gate judges a run that was played again by itself");
    }
    let used = usize::try_from(first.used).unwrap_or(usize::MAX);
    let look = Look {
        part: if first.part == LookPart::Block { Part::Block } else { Part::Replicate },
        used,
        planned: usize::try_from(first.planned).unwrap_or(usize::MAX),
        alpha: first.alpha_share * rules.alpha,
        beta: first.beta,
    };
    let windows = match (look.part, candidate) {
        (Part::Replicate, all) if all.len() == used => None,
        (Part::Replicate, _) => return apart(&format!("it judged {used} replicates together")),
        (Part::Block, [run]) if run.plan.block_us == Micros::from_duration(rules.block).0 => {
            Some(run.plan.windows_of_blocks(used, run.plan.block_us))
        }
        (Part::Block, _) => return apart("it had blocks of another length (regression.block)"),
    };
    AsGate { look, windows, notes: other_noise(first, known(learned, candidate.len() > 1)).into_iter().collect() }
}

/// Noise that was learned from other comparisons than in the gate.
fn other_noise(gate: LookFacts, now: usize) -> Option<String> {
    let gate = usize::try_from(gate.learned_from).unwrap_or(usize::MAX);
    let comparisons =
        |count: usize| if count == 1 { "1 earlier comparison".to_owned() } else { format!("{count} earlier comparisons") };
    match (gate, now) {
        (gate, now) if gate == now => None,
        (gate, 0) => Some(format!(
            "the gate that made these records knew noise from {}, which is not counted here; name their folder with --noise DIR",
            comparisons(gate)
        )),
        (gate, now) => Some(format!(
            "noise is known from {} here, and was from {gate} in the gate that made these records; this comparison itself may be among \
             them",
            comparisons(now)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{fixture, looks, looks_of_pair},
        record::{AbPart, Side},
    };

    fn runs(count: usize, look: Option<LookFacts>) -> Vec<RunRecord> {
        let mut run = fixture::steady(40, &["/a"], 20, |_, _, n| 9_000 + n);
        run.plan.block_us = 5_000_000;
        run.ab = Some(AbPart { side: Side::Candidate, replicate: 1, replicates: 6, look });
        vec![run; count]
    }

    fn kept(look: &Look) -> Option<LookFacts> {
        Some(facts(look, 1, &LearnedNoise::default(), &Regression::default()))
    }

    fn judged(runs: &[RunRecord]) -> AsGate {
        of(runs, &LearnedNoise::default(), &Regression::default())
    }

    #[test]
    fn replicates_are_judged_at_the_look_that_ended_them() {
        let look = looks(6, 0.01)[1];
        let found = judged(&runs(4, kept(&look)));
        assert_eq!((found.look.used, found.look.planned, found.windows, found.notes), (4, 6, None, Vec::new()));
        assert!((found.look.alpha - look.alpha).abs() < 1e-15 && found.look.beta == look.beta);
        let rules = Regression { alpha: 0.05, ..Regression::default() };
        let other = of(&runs(4, kept(&look)), &LearnedNoise::default(), &rules).look;
        assert!((other.alpha - 0.005).abs() < 1e-15, "as much of another alpha");
        assert_eq!(judged(&runs(6, None)), AsGate { look: Look::only(6, 0.01), windows: None, notes: Vec::new() });
    }

    #[test]
    fn a_pair_is_judged_by_the_blocks_that_were_looked_at() {
        let look = looks_of_pair(8, 0.01)[0];
        let found = judged(&runs(1, kept(&look)));
        assert_eq!((found.look.part, found.look.used, found.windows), (Part::Block, 6, Some(vec![30])));
        let rules = Regression { block: std::time::Duration::from_secs(2), ..Regression::default() };
        let other = of(&runs(1, kept(&look)), &LearnedNoise::default(), &rules);
        assert!(other.look == Look::only(1, 0.01) && other.notes[0].ends_with("blocks of another length (regression.block)"));
    }

    #[test]
    fn what_is_not_as_in_the_gate_is_said() {
        let look = looks(6, 0.01)[1];
        let fewer = judged(&runs(3, kept(&look)));
        assert!(fewer.look == Look::only(3, 0.01) && fewer.notes[0].ends_with("it judged 4 replicates together"), "{fewer:?}");
        let again = |round| kept(&look).map(|look| LookFacts { round, ..look });
        let mixed = judged(&[runs(2, again(1)), runs(2, again(2))].concat());
        assert!(mixed.notes[0].contains("they are not of one comparison"), "{mixed:?}");
        let learned = kept(&look).map(|look| LookFacts { learned_from: 5, ..look });
        let note = "the gate that made these records knew noise from 5 earlier comparisons, which is not counted here; name their \
                    folder with --noise DIR";
        assert_eq!(judged(&runs(4, learned)).notes, [note]);
    }
}

//! A single pair of services is looked at while it is played, and its run ends as soon as the verdict is sure.

use super::{
    pair,
    replicates::{Made, Turn},
};
use crate::{
    compare::{Look, Part, looks_of_pair},
    engine::Ending,
    plan::{Replicate, Resolved},
    record::{Ended, EndpointSeries, PlanFacts, RunRecord, Side, Window, WindowPlace},
    units::Micros,
    verdict::{Verdict, is_sure},
};

/// Why a run was ended, in words.
const SURE: &str = "it ended early, as the verdict was sure";

/// The looks at a run of one pair; only the one at its end where it may not end early, or is too short for another. Where a stage ends
/// by a count, nobody knows beforehand how long it is.
pub(super) fn looks(resolved: &Resolved) -> Vec<Look> {
    let alpha = resolved.policy.regression.alpha;
    let is_timed = resolved.plan.stages.iter().all(|stage| !stage.measured || stage.iterations.is_none());
    let looks = looks_of_pair(resolved.measured_blocks(), alpha);
    if resolved.replication.early_stop && is_timed && looks.len() > 1 { looks } else { vec![Look::only(1, alpha)] }
}

/// What a comparison is made of that a look ended: of both versions the blocks that were looked at.
pub(super) fn beginning(made: &Made, look: &Look, resolved: &Resolved) -> Made {
    let cut = |run: &RunRecord| run.beginning(&windows(&run.plan, look, resolved));
    Made { candidate: cut(&made.candidate), baseline: made.baseline.as_ref().map(cut), ..made.clone() }
}

fn windows(plan: &PlanFacts, look: &Look, resolved: &Resolved) -> Vec<usize> {
    plan.windows_of_blocks(look.used, Micros::from_duration(resolved.policy.regression.block).0)
}

/// Watches one run of a pair.
pub(super) struct PairWatch<'a, J> {
    resolved: &'a Resolved,
    /// The looks before the end that are still to be made.
    looks: Vec<Look>,
    /// How what was seen until a look is judged.
    judge: J,
    /// The records, with nothing measured.
    blank: [RunRecord; 2],
    /// Complete windows by version and stage, each with one entry per endpoint.
    seen: [Vec<Vec<Vec<Window>>>; 2],
}

impl<'a, J: Fn(&Made) -> Verdict> PairWatch<'a, J> {
    /// A watch over what is played now.
    pub(super) fn of(turn: &Turn<'a>, looks: &[Look], judge: J) -> Self {
        let early = looks.iter().filter(|look| look.part == Part::Block && !look.is_last());
        let stages = vec![Vec::new(); turn.resolved.plan.stages.len()];
        Self {
            resolved: turn.resolved,
            looks: early.copied().collect(),
            judge,
            blank: [Side::Candidate, Side::Baseline].map(|side| pair::blank(turn.resolved, turn.replicate, side)),
            seen: [stages.clone(), stages],
        }
    }

    /// Takes a complete window. When both versions have come to a look and the verdict is sure at it, gives the look, and why the run is
    /// ended.
    pub(super) fn look(&mut self, side: Side, place: WindowPlace, windows: &[Window]) -> Option<(Look, Ending)> {
        let look = *self.looks.first()?;
        self.seen[side.number()][place.stage].push(windows.to_vec());
        let needed = self::windows(&self.blank[0].plan, &look, self.resolved);
        let has = |seen: &Vec<Vec<_>>| seen.iter().zip(&needed).all(|(seen, needed)| seen.len() >= *needed);
        if !self.seen.iter().all(has) {
            return None;
        }
        self.looks.remove(0);
        let [candidate, baseline] = [Side::Candidate, Side::Baseline].map(|side| self.so_far(side).beginning(&needed));
        let made = Made { look: Some(look), ..Made::of(Replicate::ONLY, candidate, Some(baseline)) };
        is_sure(&(self.judge)(&made)).then(|| (look, Ending::Enough(SURE.to_owned())))
    }

    /// The record of a version as far as it was seen.
    fn so_far(&self, side: Side) -> RunRecord {
        let (workload, seen) = (&self.resolved.plan.workload, &self.seen[side.number()]);
        // What becomes of connections is not known while they are open.
        let is_known = |id: usize| workload.is_measured(id) && !workload.is_untimed(id);
        let measured = workload.endpoints.iter().enumerate().filter(|(id, _)| is_known(*id));
        let endpoints = measured.map(|(id, endpoint)| EndpointSeries {
            name: endpoint.name.clone(),
            scenario: endpoint.scenario.clone(),
            request: endpoint.request.clone(),
            is_setup: workload.is_setup(id),
            is_occasional: workload.is_occasional(id),
            is_beside: workload.is_beside(id),
            is_untimed: workload.is_untimed(id),
            stages: seen.iter().map(|stage| stage.iter().map(|windows| windows[id].clone()).collect()).collect(),
        });
        RunRecord { ended: Ended::Complete, endpoints: endpoints.collect(), ..self.blank[side.number()].clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{compare_ab, fixture},
        config,
        engine::Stop,
        plan,
        record::{LearnedNoise, Window},
        verdict::{Reference, VerdictKind, decide_ab},
    };

    /// A pair of 24 blocks.
    fn resolved() -> Resolved {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loadgate.yml");
        let text = "target: { base_url: 'http://127.0.0.1:1', baseline_url: 'http://127.0.0.1:2' }\n\
             stages: [ { rate: 9/s, duration: 3s, warmup: true }, { rate: 9/s, duration: 24s } ]\n\
             scenarios: [ { name: /a, get: /a }, { name: /b, get: /b } ]\nregression: { block: 1s, metrics: { p50: { fail: 10% } } }\n";
        std::fs::write(&path, text).unwrap();
        plan::resolve(&config::load(&path, &config::Overrides::default()).unwrap()).unwrap()
    }

    /// What is measured of each version in each window, by endpoint; `/b` is slower by `factor` in the candidate.
    fn windows(factor: f64) -> [Vec<Vec<Window>>; 2] {
        [factor, 1.0].map(|factor| {
            let run = fixture::steady(24, &["/a", "/b"], 60, |endpoint, second, n| {
                let us = 8_000 + (n * 7919 + second * 104_729) % 3_000 + (factor * 3.0) as u64;
                if endpoint == 1 { (us as f64 * factor) as u64 } else { us }
            });
            let of = |second: usize| run.endpoints.iter().map(|endpoint| endpoint.stages[0][second].clone()).collect();
            (0..24).map(of).collect()
        })
    }

    fn place(second: u64) -> WindowPlace {
        let length = std::time::Duration::from_secs(1);
        WindowPlace { stage: 1, ends: length * u32::try_from(second + 4).unwrap(), length, is_last: second == 23 }
    }

    /// Shows the candidate's windows and then those of the baseline; the second of the baseline at which the run is ended, and the look.
    fn ended(factor: f64) -> Option<(usize, Look)> {
        let (resolved, stop) = (resolved(), Stop::default());
        let judge = |made: &Made| {
            let (candidate, baseline) = (vec![made.candidate.clone()], vec![made.baseline.clone().unwrap()]);
            let rules = &resolved.policy.regression;
            let comparison = compare_ab(&baseline, &candidate, rules, &LearnedNoise::default(), made.look.unwrap());
            assert_eq!(comparison.blocks, made.look.unwrap().used, "no more than was looked at");
            let verdict = decide_ab(&candidate, &baseline, Reference::Compared(Box::new(comparison)), &resolved.policy);
            assert_ne!(verdict.kind, VerdictKind::Invalid, "{:?}", verdict.reasons);
            verdict
        };
        let turn =
            Turn { resolved: &resolved, replicate: Replicate::ONLY, talk: super::super::recording::Talk::default(), stop: &stop };
        let mut watch = PairWatch::of(&turn, &looks(&resolved), judge);
        let [candidate, baseline] = windows(factor);
        for (second, windows) in candidate.iter().enumerate() {
            assert_eq!(watch.look(Side::Candidate, place(second as u64), windows), None, "one version says nothing");
        }
        baseline.iter().enumerate().find_map(|(second, windows)| {
            let (look, ending) = watch.look(Side::Baseline, place(second as u64), windows)?;
            assert_eq!(ending, Ending::Enough(SURE.to_owned()));
            Some((second, look))
        })
    }

    #[test]
    fn a_pair_is_ended_as_soon_as_both_versions_have_come_to_a_look_that_is_sure() {
        let (second, look) = ended(1.6).unwrap();
        assert_eq!((second, look.used, look.planned), (11, 12, 24), "6 blocks are too few for a test");
        let of = |second: Option<(usize, Look)>| second.map(|(second, look)| (second + 1, look.used));
        assert_eq!(of(ended(1.0)), Some((12, 12)));
        assert_eq!(of(ended(1.08)), None, "within the tolerance, and not sure to be");
    }

    #[test]
    fn a_pair_that_may_not_end_early_is_looked_at_once() {
        let only = [Look::only(1, 0.01)];
        assert_eq!(looks(&resolved()).len(), 4);
        let (mut whole, mut counted) = (resolved(), resolved());
        whole.replication.early_stop = false;
        counted.plan.stages[1].iterations = Some(100);
        assert_eq!((looks(&whole), looks(&counted)), (only.to_vec(), only.to_vec()));
    }
}

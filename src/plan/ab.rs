//! A/B: two versions of a service that are played at the same time.
//!
//! Arrivals are dealt out one by one, never in slices: what the machine does to one version it does to the other in the same
//! moment. Of each two arrivals a coin says which version gets the first one, so both get the same number, and nothing in a
//! service that happens at every second request can fall on one of them alone. Users of a closed loop stay with one version.

use std::borrow::Cow;

use super::{Crowd, Load, Plan, Scenario, Step, Target, TargetId, workload::split_mix};
use crate::record::{Side, StageFacts};

/// Make the coins other sequences than the choice of scenarios, which comes from the same seed.
const ARRIVALS: u64 = 0x6172_7269_7661_6c73;
const USERS: u64 = 0x7573_6572_735f_6f66;

impl Plan {
    /// The versions that are played, in the order of [`Side::number`].
    #[must_use]
    pub fn sides(&self) -> &'static [Side] {
        if self.baseline.is_some() { &[Side::Candidate, Side::Baseline] } else { &[Side::Candidate] }
    }

    /// The service of a version.
    #[must_use]
    pub fn target_of(&self, side: Side) -> TargetId {
        match side {
            Side::Candidate => 0,
            Side::Baseline => self.baseline.unwrap_or(0),
        }
    }

    /// The version that a service is; none of them where it is the same for both.
    #[must_use]
    pub fn side_of_target(&self, target: TargetId) -> Option<Side> {
        self.sides().iter().copied().find(|side| self.target_of(*side) == target)
    }

    /// The version that arrival `n` of a run goes to; the same for equal seeds, whatever thread asks.
    #[must_use]
    pub fn side_of_arrival(&self, n: u64) -> Side {
        if self.baseline.is_some() { self.dealt(ARRIVALS, n) } else { Side::Candidate }
    }

    /// The version that a user stays with: of each two, one has the one and one the other. Dealt out by a coin as well, as what users
    /// do may follow from whether their number is even.
    #[must_use]
    pub fn side_of_user(&self, number: u64) -> Side {
        if self.baseline.is_some() { self.dealt(USERS, number) } else { Side::Candidate }
    }

    /// The number of user `turn` of an open loop among those who play a version. Users of a closed loop have the first numbers, and
    /// no two have the same.
    #[must_use]
    pub fn user_of_open_loop(&self, turn: u64, side: Side) -> u64 {
        let (closed, sides) = (u64::from(self.peak_users()), self.sides().len() as u64);
        let first = closed.next_multiple_of(sides) + turn * sides;
        if sides == 1 || self.side_of_user(first) == side { first } else { first + 1 }
    }

    /// A coin for each pair says which of the two the candidate gets.
    fn dealt(&self, what: u64, n: u64) -> Side {
        let coin = split_mix(split_mix(self.seed ^ what) ^ (n / 2));
        if (coin ^ n) & 1 == 0 { Side::Candidate } else { Side::Baseline }
    }

    /// A scenario as it is played with a version: what it asks of the service under `target:` goes there.
    #[must_use]
    pub fn scenario_with<'a>(&self, scenario: &'a Scenario, side: Side) -> Cow<'a, Scenario> {
        let target = self.target_of(side);
        if target == 0 {
            return Cow::Borrowed(scenario);
        }
        let mut scenario = scenario.clone();
        for step in scenario.setup.iter_mut().chain(&mut scenario.steps).chain(&mut scenario.teardown) {
            match step {
                Step::Request(step) if step.request.target == 0 => step.request.target = target,
                Step::Request(_) | Step::Think(_) => {}
            }
        }
        Cow::Owned(scenario)
    }

    /// All targets as they are there for what is played with a version. To the service of the other version no redirect leads: its
    /// answers would count for this one.
    #[must_use]
    pub fn targets_with(&self, side: Side) -> Vec<Target> {
        let mut targets = self.targets.clone();
        for other in self.sides().iter().filter(|other| **other != side) {
            targets[self.target_of(*other)].host.clear();
        }
        targets
    }

    /// The same plan for these services: each replicate starts them anew, at other ports. Without a baseline it is a plan of one
    /// version.
    #[must_use]
    pub fn aimed_at(&self, candidate: Target, baseline: Option<Target>) -> Self {
        let mut plan = self.clone();
        plan.targets[0] = candidate;
        match (plan.baseline, baseline) {
            (Some(place), Some(baseline)) => plan.targets[place] = baseline,
            (None, Some(baseline)) => {
                plan.baseline = Some(plan.targets.len());
                plan.targets.push(baseline);
            }
            (place, None) => {
                // Nothing else refers to it by its number: it is the last.
                if let Some(place) = place {
                    plan.targets.truncate(place);
                }
                plan.baseline = None;
            }
        }
        plan
    }

    /// The stages as the record of each version tells of them, before anything was played: with the version's part of the load.
    #[must_use]
    pub fn stage_facts(&self) -> Vec<StageFacts> {
        let parts = self.sides().len();
        self.stages.iter().map(|stage| StageFacts { shape: stage.load.part(parts).to_string(), ..stage.facts() }).collect()
    }
}

impl Load {
    /// One of so many equal parts.
    fn part(self, parts: usize) -> Self {
        match self {
            Self::Arrivals(shape) => Self::Arrivals(shape.times(1.0 / parts as f64)),
            Self::Users(Crowd { from, to }) => {
                let parts = parts as u32;
                Self::Users(Crowd { from: from / parts, to: to / parts })
            }
            Self::Connections(Crowd { from, to }) => {
                let parts = parts as u32;
                Self::Connections(Crowd { from: from / parts, to: to / parts })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        plan::{Control, HttpSettings, HttpVersion, Limits, Shape, Stage, Workload},
        units::PerSecond,
    };

    fn plan() -> Plan {
        let target = Target {
            name: "target".to_owned(),
            host: "127.0.0.1".to_owned(),
            port: 80,
            has_chosen_port: false,
            base_path: String::new(),
            protocol: HttpVersion::Auto,
            tls: None,
            headers: Vec::new(),
            wait_for: None,
            start: None,
        };
        let stage = Stage {
            name: "steady".to_owned(),
            load: Load::Arrivals(Shape::Constant(PerSecond(100.0))),
            duration: Duration::from_secs(1),
            iterations: None,
            measured: true,
            step_of: None,
        };
        Plan {
            suite: "test".to_owned(),
            targets: vec![target],
            baseline: None,
            stages: vec![stage],
            workload: Workload::default(),
            http: HttpSettings::default(),
            control: Control::default(),
            limits: Limits::default(),
            window: Duration::from_secs(1),
            seed: 42,
        }
    }

    fn paired() -> Plan {
        let plan = plan();
        let baseline = Target { name: "baseline".to_owned(), port: 81, ..plan.target().clone() };
        plan.aimed_at(plan.target().clone(), Some(baseline))
    }

    #[test]
    fn each_two_arrivals_go_to_both_versions_in_an_order_of_chance() {
        let plan = paired();
        let sides: Vec<Side> = (0..20_000).map(|n| plan.side_of_arrival(n)).collect();
        assert!(sides.chunks(2).all(|pair| pair[0] != pair[1]), "halves, exactly");
        let first = sides.chunks(2).filter(|pair| pair[0] == Side::Candidate).count() as f64;
        assert!((first - 5_000.0).abs() < 4.0 * 50.0, "{first} of 10000");
        let turns = sides.chunks(4).filter(|pairs| pairs[0] != pairs[2]).count() as f64;
        assert!((turns - 2_500.0).abs() < 4.0 * 36.0, "what went before says nothing of what comes: {turns} of 5000");
    }

    #[test]
    fn the_coin_follows_from_the_seed_and_not_from_the_scenario() {
        let sequence = |seed| {
            let plan = Plan { seed, ..paired() };
            (0..200).map(|n| plan.side_of_arrival(n)).collect::<Vec<_>>()
        };
        assert_eq!(sequence(42), sequence(42));
        assert_ne!(sequence(42), sequence(43));
        let plan = paired();
        let mut seen = [[0_u32; 2]; 2];
        let scenario = |weight| Scenario { weight, ..Scenario::default() };
        let workload = Workload { scenarios: vec![scenario(1), scenario(1)], ..plan.workload.clone() };
        (0..40_000).for_each(|n| seen[workload.scenario_of(plan.seed, n)][plan.side_of_arrival(n).number()] += 1);
        for count in seen.into_iter().flatten() {
            assert!((f64::from(count) - 10_000.0).abs() < 4.0 * 87.0, "{seen:?}");
        }
    }

    #[test]
    fn a_plan_of_one_version_plays_it_alone() {
        let plan = plan();
        assert_eq!(plan.sides(), [Side::Candidate]);
        assert!((0..100).all(|n| (plan.side_of_arrival(n), plan.side_of_user(n)) == (Side::Candidate, Side::Candidate)));
        assert_eq!(plan.stage_facts()[0].shape, "100/s");
    }

    #[test]
    fn each_version_has_half_of_the_load() {
        let mut plan = paired();
        assert_eq!(plan.stage_facts()[0].shape, "50/s");
        plan.stages[0].load = Load::Users(Crowd { from: 4, to: 20 });
        assert_eq!(plan.stage_facts()[0].shape, "2..10 users");
        let sides: Vec<Side> = (0..20).map(|user| plan.side_of_user(user)).collect();
        assert!(sides.chunks(2).all(|pair| pair[0] != pair[1]), "{sides:?}");
        assert!((1..=9).contains(&sides.iter().step_by(2).filter(|side| **side == Side::Candidate).count()), "{sides:?}");
    }

    #[test]
    fn no_two_users_have_the_same_number() {
        let mut plan = paired();
        plan.stages[0].load = Load::Users(Crowd { from: 4, to: 4 });
        let open =
            (0..50).flat_map(|turn| [Side::Candidate, Side::Baseline].map(|side| (plan.user_of_open_loop(turn, side), side)));
        let open: Vec<(u64, Side)> = open.collect();
        assert!(open.iter().all(|(number, side)| plan.side_of_user(*number) == *side));
        let mut numbers: Vec<u64> = open.into_iter().map(|(number, _)| number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (4..104).collect::<Vec<u64>>());
    }

    #[test]
    fn a_plan_is_aimed_at_other_services_as_often_as_wanted() {
        let plan = paired();
        let at = |port| Target { port, ..plan.target().clone() };
        let ports = |plan: &Plan| plan.targets.iter().map(|target| target.port).collect::<Vec<_>>();
        let again = plan.aimed_at(at(1), Some(at(2)));
        assert_eq!((ports(&again), again.baseline), (vec![1, 2], Some(1)));
        let alone = again.aimed_at(at(3), None);
        assert_eq!((ports(&alone), alone.baseline), (vec![3], None));
    }
}

//! One user: what is remembered from step to step and from iteration to iteration.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use minijinja::{Value, value::ValueKind};
use rand::{SeedableRng as _, rngs::SmallRng};

use super::{
    feeds::{Kept, Row},
    setback::Setback,
};
use crate::{
    clock,
    mask::is_credential,
    plan::{Names, Plan, ScenarioId, Scope, realm},
};

/// Characters of a value that is masked; shorter ones would mask half of what is told.
const PRIVATE_CHARS_MIN: usize = 4;

/// A user of one thread. In a closed loop there is one per `vus`; in an open loop an arrival takes one that is free, or a new one.
#[derive(Debug)]
pub(super) struct User<S> {
    /// From 0, over all threads.
    pub(super) number: u64,
    /// Iterations it has begun before the present one.
    pub(super) iteration: u64,
    /// Source of everything this user does at random, except for what templates draw.
    pub(super) rng: SmallRng,
    /// What the driver remembers of it.
    pub(super) session: S,
    /// Rows of data it keeps.
    pub(super) kept: Kept,
    /// What it has to wait for.
    pub(super) setback: Setback,
    /// Source of what templates draw, with the number.
    seed: u64,
    /// Rounds of steps that a connection has begun, those of its setups included.
    rounds: u64,
    scope: Arc<Scope>,
    /// What it learned in the setup of each scenario it has begun.
    begun: BTreeMap<ScenarioId, Names>,
}

impl<S> User<S> {
    /// User `number`; equal seeds make users who do the same.
    pub(super) fn new(number: u64, plan: &Plan, session: S) -> Self {
        Self::seeded(number, plan.seed, Arc::clone(&plan.workload.names), session)
    }

    fn seeded(number: u64, seed: u64, names: Arc<Names>, session: S) -> Self {
        Self {
            number,
            iteration: 0,
            rng: SmallRng::seed_from_u64(seed ^ number.rotate_left(32)),
            session,
            seed,
            rounds: 0,
            scope: Arc::new(Scope::new(names)),
            begun: BTreeMap::new(),
            kept: Kept::new(),
            setback: Setback::default(),
        }
    }

    /// Begins an iteration: it knows what it learned in the setup of the scenario and the rows it has taken, and no more.
    pub(super) fn begin(&mut self, scenario: ScenarioId, row: Row) {
        let mut own = self.begun.get(&scenario).cloned().unwrap_or_default();
        own.extend(row);
        self.remember(own);
    }

    /// Begins a round of steps on a connection: all templates of it see the same user and iteration. What they draw was drawn in no round
    /// before, the setups of earlier sockets included, which see the same iteration as the round after them.
    pub(super) fn begin_connection_round(&mut self) {
        let (seed, number, iteration, round) = (self.seed, self.number, self.iteration, self.rounds);
        Arc::make_mut(&mut self.scope).begin_round(seed, number, iteration, round);
        self.rounds += 1;
    }

    fn remember(&mut self, own: Names) {
        let (seed, number, iteration) = (self.seed, self.number, self.iteration);
        let scope = Arc::make_mut(&mut self.scope);
        scope.own = own;
        scope.begin(seed, number, iteration);
    }

    /// Whether the setup of a scenario is still to be made.
    pub(super) fn is_new_to(&self, scenario: ScenarioId) -> bool {
        !self.begun.contains_key(&scenario)
    }

    /// The setup of a scenario is made: what is known now will be known in each iteration.
    pub(super) fn settle(&mut self, scenario: ScenarioId) {
        self.begun.insert(scenario, self.scope.own.clone());
        self.setback = Setback::default();
    }

    /// A setup has failed at a moment of the run.
    pub(super) fn set_back(&mut self, moment: Duration) {
        self.setback.again(moment, &mut self.rng);
    }

    /// Ends the user's part in a scenario, knowing what was known after its setup. False when it never had one.
    pub(super) fn leave(&mut self, scenario: ScenarioId) -> bool {
        let Some(own) = self.begun.remove(&scenario) else { return false };
        self.remember(own);
        true
    }

    /// Remembers values taken from an answer.
    pub(super) fn learn(&mut self, values: Vec<(Arc<str>, Value)>) {
        Arc::make_mut(&mut self.scope).own.extend(values);
    }

    /// Values of this user's own that nobody else is to see: those taken from answers, and what rows of data name as credentials.
    pub(super) fn private_values(&self) -> Vec<String> {
        let mut values = Vec::new();
        for (name, value) in &self.scope.own {
            if value.kind() != ValueKind::Map {
                values.push(value.to_string());
                continue;
            }
            let keys =
                value.try_iter().into_iter().flatten().filter(|key| is_credential(name) || is_credential(&key.to_string()));
            values.extend(keys.filter_map(|key| value.get_item(&key).ok()).map(|value| value.to_string()));
        }
        values.retain(|value| value.chars().count() >= PRIVATE_CHARS_MIN);
        values
    }

    /// What templates see at this moment.
    pub(super) fn scope_now(&mut self) -> &Arc<Scope> {
        Arc::make_mut(&mut self.scope).now = clock::wall();
        &self.scope
    }
}

impl User<()> {
    /// Connection `number` of those that go by a name. Users of other names, and those of requests, have the same numbers and draw others.
    pub(super) fn of_connection(number: u64, name: &str, plan: &Plan) -> Self {
        Self::seeded(number, plan.seed ^ realm(name), Arc::clone(&plan.workload.names), ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(name: &str) -> Vec<u64> {
        let mut user = User::seeded(3, 42 ^ realm(name), Arc::default(), ());
        let mut round = || {
            user.begin_connection_round();
            user.scope_now().draw()
        };
        vec![round(), round(), round()]
    }

    #[test]
    fn a_connection_draws_anew_in_each_round_also_of_one_iteration_and_as_no_other_scenario_does() {
        let (feed, chat) = (rounds("feed"), rounds("chat"));
        let drawn: std::collections::BTreeSet<u64> = feed.iter().chain(&chat).copied().collect();
        assert_eq!(drawn.len(), 6, "{feed:?} {chat:?}");
        assert_eq!(rounds("feed"), feed, "and the same in each run");
    }
}

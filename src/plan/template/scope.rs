//! The values templates see, of one user in one iteration.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use jiff::Timestamp;
use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Enumerator, Object},
};

use crate::plan::workload::split_mix;

/// Values by name.
pub type Names = BTreeMap<Arc<str>, Value>;

/// The name under which functions find the scope; no template can write it.
const SELF: &str = " scope";

/// All that a template can name.
#[derive(Debug, Default)]
pub struct Scope {
    /// Number of the user.
    pub vu: u64,
    /// Number of the iteration of this user.
    pub iteration: u64,
    /// What `now()` says.
    pub now: Timestamp,
    /// What is the same for all users.
    pub shared: Arc<Names>,
    /// What is this user's own: rows of feeders, extracted values. Goes before what is shared.
    pub own: Names,
    /// State of the random numbers of this iteration.
    dice: AtomicU64,
}

impl Scope {
    /// The values of a user who knows nothing yet but what all know.
    #[must_use]
    pub fn new(shared: Arc<Names>) -> Self {
        Self { shared, ..Self::default() }
    }

    /// Begins an iteration: random numbers depend on the seed, the user and the iteration alone.
    pub fn begin(&mut self, seed: u64, vu: u64, iteration: u64) {
        self.begin_round(seed, vu, iteration, iteration);
    }

    /// Begins a round of several that may belong to one iteration: random numbers depend on the round instead.
    pub fn begin_round(&mut self, seed: u64, vu: u64, iteration: u64, round: u64) {
        (self.vu, self.iteration) = (vu, iteration);
        *self.dice.get_mut() = split_mix(split_mix(split_mix(seed).wrapping_add(vu)).wrapping_add(round));
    }

    /// 64 random bits. One user does one thing at a time, so the plain load and store lose nothing.
    pub fn draw(&self) -> u64 {
        let state = self.dice.load(Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.dice.store(state, Relaxed);
        split_mix(state)
    }

    /// Calls `then` with the scope that a template is rendered with.
    pub(super) fn of<T>(state: &State<'_, '_>, then: impl FnOnce(&Self) -> T) -> Result<T, Error> {
        let value = state.lookup(SELF);
        let scope = value.as_ref().and_then(|value| value.downcast_object_ref::<Self>());
        scope.map(then).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "there is no user here"))
    }
}

impl Clone for Scope {
    fn clone(&self) -> Self {
        let (shared, own) = (Arc::clone(&self.shared), self.own.clone());
        let dice = AtomicU64::new(self.dice.load(Relaxed));
        Self { vu: self.vu, iteration: self.iteration, now: self.now, shared, own, dice }
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "vu" => Some(Value::from(self.vu)),
            "iteration" => Some(Value::from(self.iteration)),
            SELF => Some(Value::from_dyn_object(Arc::clone(self))),
            _ => self.own.get(key).or_else(|| self.shared.get(key)).cloned(),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

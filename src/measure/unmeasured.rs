//! Failures that no window counts, counted by what failed.

use std::collections::BTreeMap;

use crate::{
    plan::{EndpointId, ScenarioId, Workload},
    record::{ErrorClass, Part, UnmeasuredFailures},
};

/// What failed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UnmeasuredPlace {
    pub(super) scenario: ScenarioId,
    pub(super) part: Part,
    pub(super) endpoint: EndpointId,
    pub(super) class: ErrorClass,
}

/// How often what failed. No more entries than steps have classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmeasured(BTreeMap<UnmeasuredPlace, u64>);

impl Unmeasured {
    pub(super) fn add(&mut self, place: UnmeasuredPlace, count: u64) {
        *self.0.entry(place).or_default() += count;
    }

    pub(super) fn sum<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        parts.flat_map(|part| &part.0).for_each(|(place, count)| *sum.0.entry(*place).or_default() += count);
        sum
    }

    /// With names instead of numbers, in the order of the configuration.
    #[must_use]
    pub fn named(&self, workload: &Workload) -> Vec<UnmeasuredFailures> {
        let named = |(place, count): (&UnmeasuredPlace, &u64)| UnmeasuredFailures {
            scenario: workload.scenarios[place.scenario].name.clone(),
            part: place.part,
            endpoint: workload.endpoints[place.endpoint].name.clone(),
            class: place.class,
            count: *count,
        };
        self.0.iter().map(named).collect()
    }
}

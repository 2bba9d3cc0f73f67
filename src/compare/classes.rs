//! Which classes of error are new in the candidate, or have clearly grown: what went wrong, beside how often.

use std::{collections::BTreeMap, fmt};

use crate::{
    record::ErrorClass,
    stats::rates::{self, Rate},
    units,
};

/// P-value, uncorrected, below which a class that both sides know has clearly grown.
const GROWN_P: f64 = 0.001;

/// Failed requests by class, and all requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Classes {
    pub errors: BTreeMap<ErrorClass, u64>,
    pub requests: u64,
}

impl Classes {
    /// Adds another run or endpoint.
    pub(super) fn add(&mut self, errors: &BTreeMap<ErrorClass, u64>, requests: u64) {
        errors.iter().for_each(|(class, count)| *self.errors.entry(*class).or_default() += count);
        self.requests += requests;
    }

    fn of(&self, class: ErrorClass) -> u64 {
        self.errors.get(&class).copied().unwrap_or(0)
    }
}

/// A class of error that there is more of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grown {
    class: ErrorClass,
    /// Failed requests of the class and all requests, baseline then candidate.
    counts: [(u64, u64); 2],
}

/// Classes with at least `errors_min` errors in the candidate that are new there or have clearly grown, by counts that are worth as
/// much less as errors come in bursts (`design_effect`). The most frequent first.
pub(super) fn grown(baseline: &Classes, candidate: &Classes, design_effect: f64, errors_min: u64) -> Vec<Grown> {
    let rate = |(events, trials): (u64, u64)| Rate { events: events as f64, trials: trials as f64 }.deflated(design_effect);
    let mut grown: Vec<Grown> = Vec::new();
    for (&class, &errors) in candidate.errors.iter().filter(|(_, errors)| **errors >= errors_min) {
        let counts = [(baseline.of(class), baseline.requests), (errors, candidate.requests)];
        let [before, after] = counts.map(rate);
        if before.events <= 0.0 || (after.share() > before.share() && rates::conditional_binomial(after, before) < GROWN_P) {
            grown.push(Grown { class, counts });
        }
    }
    grown.sort_by_key(|grown| std::cmp::Reverse(grown.counts[1].0));
    grown
}

impl fmt::Display for Grown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |(errors, requests)| format!("{} of {}", units::count(errors), units::count(requests));
        let [before, after] = self.counts;
        if before.0 == 0 {
            write!(f, "{} is new: {}", self.class, of(after))
        } else {
            write!(f, "{} grew from {} to {}", self.class, of(before), of(after))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(errors: &[(ErrorClass, u64)], requests: u64) -> Classes {
        Classes { errors: errors.iter().copied().collect(), requests }
    }

    fn words(baseline: &Classes, candidate: &Classes, design_effect: f64) -> Vec<String> {
        grown(baseline, candidate, design_effect, 5).iter().map(Grown::to_string).collect()
    }

    #[test]
    fn a_class_that_is_new_is_named_with_its_count() {
        let baseline = classes(&[(ErrorClass::Status5xx, 30)], 36_000);
        let candidate =
            classes(&[(ErrorClass::Status5xx, 11), (ErrorClass::TimeoutFirstByte, 37), (ErrorClass::Reset, 4)], 12_000);
        assert_eq!(words(&baseline, &candidate, 2.0), ["timeout.first_byte is new: 37 of 12,000"]);
    }

    #[test]
    fn a_class_that_has_clearly_grown_is_named_and_bursts_make_it_less_clear() {
        let (baseline, candidate) =
            (classes(&[(ErrorClass::Status5xx, 3)], 12_000), classes(&[(ErrorClass::Status5xx, 24)], 12_000));
        assert_eq!(words(&baseline, &candidate, 1.0), ["5xx grew from 3 of 12,000 to 24 of 12,000"]);
        assert_eq!(words(&baseline, &candidate, 6.0), Vec::<String>::new());
        assert_eq!(words(&candidate, &baseline, 1.0), Vec::<String>::new());
    }
}

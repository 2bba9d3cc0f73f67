//! Self-protection: decides when the generator has too much to do, and how much of the load is left then. Pure.

use std::time::Duration;

use crate::{
    measure::Strain,
    plan::{OnSaturated, SelfProtection},
    record::ShedEvent,
    units::{self, Micros},
};

/// Looks in a row without strain after which shed load comes back.
const CALM_LOOKS: u32 = 2;
/// Share of the limit below which there is no strain.
const CALM_SHARE: f64 = 0.75;

/// What was decided so far.
#[derive(Debug)]
pub(super) struct Overload {
    rules: SelfProtection,
    kept: f64,
    calm: u32,
    /// The first look that found too much, in words, where that makes the run invalid.
    pub(super) saturated: Option<String>,
    /// Each change of the share that is left.
    pub(super) shed: Vec<ShedEvent>,
}

impl Overload {
    /// All of the load is left.
    pub(super) fn new(rules: SelfProtection) -> Self {
        Self { rules, kept: 1.0, calm: 0, saturated: None, shed: Vec::new() }
    }

    /// Looks at how the generator fared in a time up to a moment of the run. Returns the share of the load that is left.
    pub(super) fn look(&mut self, moment: Duration, time: Duration, strain: &Strain) -> f64 {
        let too_much = self.too_much(strain);
        match (self.rules.on_saturated, too_much) {
            (OnSaturated::Invalid, None) => {}
            (OnSaturated::Invalid, Some(reason)) => {
                let [time, moment] =
                    [time, moment].map(|time| units::duration(Duration::from_millis(time.as_millis() as u64 / 100 * 100)));
                self.saturated.get_or_insert_with(|| format!("{reason} in the {time} before {moment}"));
            }
            (OnSaturated::Shed, Some(reason)) => {
                self.calm = 0;
                self.change(moment, self.kept * (1.0 - self.rules.shed), reason);
            }
            (OnSaturated::Shed, None) => {
                self.calm = if self.is_calm(strain) { self.calm + 1 } else { 0 };
                if self.calm >= CALM_LOOKS && self.kept < 1.0 {
                    self.calm = 0;
                    let kept = (self.kept / (1.0 - self.rules.shed)).min(1.0);
                    // Steps down and up again must end at the whole load, whatever the rounding.
                    self.change(moment, if kept > 0.999 { 1.0 } else { kept }, "the generator copes again".to_owned());
                }
            }
        }
        self.kept
    }

    fn change(&mut self, moment: Duration, kept: f64, reason: String) {
        self.kept = kept;
        self.shed.push(ShedEvent { at_us: Micros::from_duration(moment).0, kept, reason });
    }

    /// What is beyond its limit, in words.
    fn too_much(&self, strain: &Strain) -> Option<String> {
        let limit = |share: f64| format!("{} are allowed", units::percent(share));
        if let Some(busy) = strain.busy.filter(|busy| *busy > self.rules.cpu) {
            let waiting = strain.waiting.filter(|waiting| *waiting >= 0.01).map_or_else(String::new, |waiting| {
                format!(", {} of it waiting for a processor that others used", units::percent(waiting / busy))
            });
            return Some(format!(
                "its busiest thread was busy {} of the time{waiting} ({})",
                units::percent(busy),
                limit(self.rules.cpu)
            ));
        }
        let memory = strain.memory.filter(|memory| *memory > self.rules.memory)?;
        Some(format!("it used {} of the memory ({})", units::percent(memory), limit(self.rules.memory)))
    }

    fn is_calm(&self, strain: &Strain) -> bool {
        let below = |share: Option<f64>, limit: f64| share.is_none_or(|share| share < limit * CALM_SHARE);
        below(strain.busy, self.rules.cpu) && below(strain.memory, self.rules.memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(10);

    fn busy(share: f64) -> Strain {
        Strain { busy: Some(share), waiting: Some(share / 2.0), ..Strain::default() }
    }

    /// Shares left after looks of this strain.
    fn kept(overload: &mut Overload, looks: &[f64]) -> Vec<f64> {
        let look = |(n, share): (usize, &f64)| overload.look(EVERY * (n as u32 + 1), EVERY, &busy(*share));
        looks.iter().enumerate().map(look).map(|kept| (kept * 1e4).round() / 1e4).collect()
    }

    #[test]
    fn a_saturated_generator_sheds_a_fifth_at_each_look_and_takes_it_back_when_it_is_calm_for_two() {
        let mut overload = Overload::new(SelfProtection { on_saturated: OnSaturated::Shed, ..SelfProtection::default() });
        let looks = [0.5, 0.9, 0.85, 0.7, 0.5, 0.5, 0.5, 0.7, 0.5, 0.5, 0.5, 0.5];
        let left = [1.0, 0.8, 0.64, 0.64, 0.64, 0.8, 0.8, 0.8, 0.8, 1.0, 1.0, 1.0];
        assert_eq!(kept(&mut overload, &looks), left);
        assert_eq!(overload.shed.iter().map(|event| event.at_us / 1_000_000).collect::<Vec<_>>(), [20, 30, 60, 100]);
        assert_eq!(overload.saturated, None, "what was sent is still a measurement");
    }

    #[test]
    fn in_a_gate_the_load_goes_on_and_the_run_is_marked_with_the_first_finding() {
        let mut overload = Overload::new(SelfProtection::default());
        assert_eq!(kept(&mut overload, &[0.5, 0.9, 0.99]), [1.0; 3]);
        assert_eq!(
            overload.saturated.unwrap(),
            "its busiest thread was busy 90% of the time, 50% of it waiting for a processor that others used \
             (80% are allowed) in the 10s before 20s"
        );
    }

    #[test]
    fn memory_is_looked_at_too_and_what_the_system_does_not_tell_is_no_strain() {
        let mut overload = Overload::new(SelfProtection::default());
        overload.look(EVERY, EVERY, &Strain::default());
        assert_eq!(overload.saturated, None);
        overload.look(EVERY * 2, EVERY, &Strain { memory: Some(0.93), ..Strain::default() });
        assert_eq!(overload.saturated.unwrap(), "it used 93% of the memory (80% are allowed) in the 10s before 20s");
    }
}

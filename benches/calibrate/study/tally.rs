//! Counting what became of cases.

use loadgate::verdict::VerdictKind;

use super::{
    gate::Judged,
    rivals::{Alarm, Rival},
};

/// 95 % of a normal distribution lie below.
const Z95: f64 = 1.644_853_626_951_472_7;

/// Cases of one design under one change.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub cases: u32,
    pub failed: u32,
    pub warned: u32,
    pub inconclusive: u32,
    pub passed: u32,
    pub found: u32,
    /// Replicates that were played, all cases together.
    pub replicates: f64,
    /// Cases in which a slow beginning was left out.
    pub cut: u32,
    /// Parallel to [`Rival::ALL`]: cases judged, any alarm, found.
    pub rivals: [[u32; 3]; Rival::ALL.len()],
    /// Smallest change that would have been seen, summed: of the endpoint that changes, of the whole; and how many of each there are.
    pub seen: [(f64, u32); 2],
}

impl Tally {
    pub(super) fn count(&mut self, judged: Judged) {
        assert!(judged.verdict != VerdictKind::Invalid, "a simulated run is a measurement");
        self.cases += 1;
        self.failed += u32::from(judged.failed);
        self.found += u32::from(judged.found);
        self.replicates += judged.replicates;
        self.cut += u32::from(judged.cut);
        for ((sum, count), smallest) in self.seen.iter_mut().zip(judged.smallest) {
            *sum += smallest.unwrap_or(0.0);
            *count += u32::from(smallest.is_some());
        }
        match judged.verdict {
            VerdictKind::Pass => self.passed += 1,
            VerdictKind::Warn => self.warned += 1,
            VerdictKind::Inconclusive => self.inconclusive += 1,
            VerdictKind::Fail | VerdictKind::Invalid => {}
        }
    }

    /// Counts what other rules say of the same case, in the order of [`Rival::ALL`].
    pub(super) fn count_rivals(&mut self, alarms: &[Option<Alarm>; Rival::ALL.len()]) {
        for ([cases, any, found], alarm) in self.rivals.iter_mut().zip(alarms) {
            let Some(alarm) = alarm else { continue };
            *cases += 1;
            *any += u32::from(alarm.any);
            *found += u32::from(alarm.found);
        }
    }

    /// Adds the cases of another thread.
    pub(super) fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.failed += other.failed;
        self.warned += other.warned;
        self.inconclusive += other.inconclusive;
        self.passed += other.passed;
        self.found += other.found;
        self.replicates += other.replicates;
        self.cut += other.cut;
        self.rivals.iter_mut().flatten().zip(other.rivals.iter().flatten()).for_each(|(sum, count)| *sum += count);
        for ((sum, count), (more, cases)) in self.seen.iter_mut().zip(other.seen) {
            *sum += more;
            *count += cases;
        }
    }

    /// That share of the cases.
    pub(crate) fn share(&self, count: u32) -> f64 {
        f64::from(count) / f64::from(self.cases.max(1))
    }

    /// Failed share that the truth is below, with 95 % confidence.
    pub(crate) fn failed_at_most(&self) -> f64 {
        wilson_upper(self.failed, self.cases)
    }

    /// Failed share that the truth is above, with 95 % confidence.
    pub(crate) fn failed_at_least(&self) -> f64 {
        wilson(self.failed, self.cases, -Z95).max(0.0)
    }
}

/// Upper end of a one-sided 95 % interval of a share.
pub(crate) fn wilson_upper(count: u32, cases: u32) -> f64 {
    wilson(count, cases, Z95)
}

/// The end of the interval of a share that is so many standard errors away from it.
///
/// Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
fn wilson(count: u32, cases: u32, z: f64) -> f64 {
    let (n, share) = (f64::from(cases), f64::from(count) / f64::from(cases));
    let z2 = z * z;
    (share + z2 / (2.0 * n) + z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt()) / (1.0 + z2 / n)
}

//! From an estimate and its corrected p-values to an outcome: sure *and* large enough, or honestly unknown.

use super::{
    ComparedMetric, Grade, Outcome,
    family::Adjusted,
    relative::{Measured, RelativeTest},
    shift::Shift,
    trial::Trial,
};
use crate::policy::{LatencyRule, Severity};

/// Uncorrected p-value below which a change beyond the tolerance is suspect though not yet sure.
const SUSPECT_P: f64 = 0.01;

/// What a test found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Settled {
    pub outcome: Outcome,
    pub level: Option<Severity>,
    pub grade: Option<Grade>,
    /// Smallest growth that would have been seen, as a fraction.
    pub mde: f64,
    pub suspect: bool,
    /// Whether the change stays within the tolerance for sure.
    pub equivalent: bool,
}

/// Settles a test of a trial.
pub(super) fn relative(test: &RelativeTest, measured: &Measured, p: &Adjusted, trial: &Trial<'_>) -> Settled {
    let own = measured.shift.mde(p.level);
    // A change of this endpoint alone is seen by the better of the two.
    let mde = test.contrast.as_ref().map_or(own, |contrast| contrast.shift.mde(p.level).min(own));
    settle(
        &measured.shift,
        p,
        (measured.baseline, mde),
        &TestRule::of(&test.rule, test.metric),
        (trial.rules.alpha, trial.look.beta),
    )
}

/// A rule in the terms of a test: logarithms and growth.
struct TestRule {
    warn: f64,
    fail: f64,
    sensitivity: f64,
    floor: f64,
}

impl TestRule {
    fn of(rule: &LatencyRule, metric: ComparedMetric) -> Self {
        Self {
            warn: metric.worsening(rule.warn),
            fail: metric.worsening(rule.fail),
            sensitivity: metric.worsening(rule.sensitivity).exp_m1(),
            floor: rule.floor.as_secs_f64() * 1e6,
        }
    }
}

/// `baseline` turns the floor into a share; `alpha` is what p-values are read against, `beta` the chance of a wrong
/// "equivalent".
fn settle(shift: &Shift, p: &Adjusted, (baseline, mde): (f64, f64), rule: &TestRule, (alpha, beta): (f64, f64)) -> Settled {
    let large = baseline * shift.change().abs() >= rule.floor;
    let (warn, fail) = (rule.warn, rule.fail);
    let equivalent = shift.upper(beta) < fail;
    let found = |outcome| Settled { outcome, level: None, grade: None, mde, suspect: false, equivalent };
    let unchanged = |grade| Settled { grade: Some(grade), ..found(Outcome::Unchanged) };
    if p.up <= alpha && large && shift.estimate >= fail {
        Settled { level: Some(Severity::Fail), ..found(Outcome::Regressed) }
    } else if p.up <= alpha && large && shift.estimate >= warn {
        Settled { level: Some(Severity::Warn), ..found(Outcome::Regressed) }
    } else if p.up <= alpha {
        unchanged(Grade::TooSmallToMatter)
    } else if p.down <= alpha && large && shift.estimate <= -warn {
        found(Outcome::Improved)
    } else if equivalent {
        unchanged(Grade::Equivalent)
    } else if mde <= rule.sensitivity && shift.estimate < fail {
        unchanged(Grade::NoChangeFound)
    } else {
        let suspect = shift.estimate >= fail && shift.p_up() < SUSPECT_P;
        Settled { suspect, ..found(Outcome::Inconclusive) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_case_of_the_reference_is_settled_alike() {
        let all: serde_json::Value = serde_json::from_str(include_str!("../../tests/data/reference-values.json")).unwrap();
        for case in all["settle"].as_array().unwrap() {
            let number = |name: &str| case[name].as_f64().unwrap();
            let shift = Shift { estimate: number("d"), standard_error: number("se"), df: number("df") };
            let adjusted =
                Adjusted { up: number("p_adj"), down: number("pdn_adj"), level: number("level"), siblings: None, alone: 1.0 };
            let rule = LatencyRule {
                warn: number("tol") / 2.0,
                fail: number("tol"),
                sensitivity: number("sensitivity"),
                floor: Duration::from_micros(50),
            };
            let rule = TestRule::of(&rule, ComparedMetric::Latency(crate::policy::Quantile::P50));
            let settled = settle(&shift, &adjusted, (number("base_us"), shift.mde(adjusted.level)), &rule, (0.01, 0.05));
            let name = match (settled.outcome, settled.level) {
                (Outcome::Regressed, Some(Severity::Warn)) => "warn",
                (Outcome::Unchanged, _) => "pass",
                (outcome, _) => outcome.name(),
            };
            assert_eq!(name, case["verdict"], "{case}");
            let grade = settled.grade.map(|grade| match grade {
                Grade::Equivalent => "equivalent",
                Grade::TooSmallToMatter => "real, but too small to matter",
                Grade::NoChangeFound => "no change found",
                Grade::ToldByEndpoints => unreachable!("a test says what it found itself"),
            });
            assert_eq!(grade, case["grade"].as_str(), "{case}");
            assert!((shift.upper(0.05) / number("U95") - 1.0).abs() < 1e-9, "{case}");
            assert!((settled.mde / number("mde") - 1.0).abs() < 1e-9, "{case}");
        }
    }

    #[test]
    fn what_looks_slower_than_the_tolerance_and_is_not_sure_is_suspect() {
        let rule = LatencyRule { warn: 0.05, fail: 0.1, sensitivity: 0.3, floor: Duration::from_micros(50) };
        let unsure = Adjusted { up: 0.05, down: 1.0, level: 5e-4, siblings: None, alone: 0.05 };
        let settled = |estimate| {
            let shift = Shift { estimate, standard_error: 0.05, df: 20.0 };
            let rule = TestRule::of(&rule, ComparedMetric::Latency(crate::policy::Quantile::P50));
            settle(&shift, &unsure, (20_000.0, shift.mde(unsure.level)), &rule, (0.01, 0.05))
        };
        let slower = settled(0.2);
        assert_eq!((slower.outcome, slower.suspect), (Outcome::Inconclusive, true));
        let less_sure = settled(0.11);
        assert_eq!((less_sure.outcome, less_sure.suspect), (Outcome::Inconclusive, false));
    }
}

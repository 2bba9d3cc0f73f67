//! Verdicts of whole runs, by what they hang on; here the runs.

mod comparison;
mod precedence;
mod thresholds;
mod validity;

use std::{collections::BTreeMap, time::Duration};

use super::*;
use crate::{
    compare::{
        Comparison, Outcome, compare,
        fixture::{self, Request, SECOND_US},
    },
    policy::{Quantile, Regression, Severity, Threshold},
    record::{Encoded, ErrorClass, Latencies},
};

const ENDPOINTS: [&str; 2] = ["/a", "/b"];

/// A minute of two endpoints at 40 requests a second each, `/b` slower by `factor`.
fn run(factor: f64, shift: u64) -> RunRecord {
    fixture::steady(60, &ENDPOINTS, 40, |endpoint, second, n| {
        let us = 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 4_000 + (second % 7) * 20 + shift * 13;
        if endpoint == 1 { (us as f64 * factor) as u64 } else { us }
    })
}

fn compared(candidate: &RunRecord, baselines: u64) -> Reference {
    let baseline: Vec<RunRecord> = (0..baselines).map(|shift| run(1.0, shift)).collect();
    Reference::Compared(Box::new(compare(&baseline, std::slice::from_ref(candidate), &Regression::default())))
}

fn policy(thresholds: &[&str]) -> Policy {
    let thresholds = thresholds.iter().map(|text| Threshold::parse(text).unwrap()).collect();
    Policy { thresholds, ..Policy::default() }
}

fn judge(run: &RunRecord, reference: Reference, policy: &Policy) -> Verdict {
    decide(std::slice::from_ref(run), reference, policy)
}

/// The single threshold's outcome and reason for a run.
fn threshold(run: &RunRecord, text: &str) -> (ThresholdOutcome, String) {
    let verdict = judge(run, Reference::NoBaseline, &policy(&[text]));
    (verdict.thresholds[0].outcome, verdict.thresholds[0].reason.clone())
}

fn late(mut run: RunRecord, us: u64) -> RunRecord {
    let mut late = Latencies::default();
    late.record(us);
    run.generator.late = Encoded::from(&late);
    run
}

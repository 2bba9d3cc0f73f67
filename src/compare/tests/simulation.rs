//! Seeded simulations: how often the gate cries wolf, and how often it sees one.

use std::time::Duration;

use rand::{SeedableRng as _, rngs::StdRng};
use rand_distr::{Distribution as _, LogNormal, Normal};

use crate::{
    compare::{
        Comparison, Outcome, compare,
        fixture::{self, Request, SECOND_US},
    },
    policy::{Regression, Severity},
    record::RunRecord,
};

const ENDPOINTS: [&str; 3] = ["/items", "/search", "/checkout"];
/// Blocks of a second instead of five: the procedure knows no time scale, and fewer windows make the simulation fast.
const BLOCKS: u64 = 12;
const REQUESTS_PER_BLOCK: u64 = 100;

/// A run on a machine of its own speed, with noise from block to block that all endpoints share, and a lognormal body.
fn simulate(random: &mut StdRng, run_sd: f64, slower: [f64; 3]) -> RunRecord {
    let run_effect: f64 = Normal::new(0.0, run_sd).unwrap().sample(random);
    let blocks: Vec<f64> = (0..BLOCKS).map(|_| Normal::new(0.0, 0.03).unwrap().sample(random)).collect();
    let body = LogNormal::new(0.0, 0.3).unwrap();
    let mut requests = Vec::new();
    for (endpoint, slower) in slower.into_iter().enumerate() {
        for block in 0..BLOCKS {
            for n in 0..REQUESTS_PER_BLOCK {
                let due_us = block * SECOND_US + n * SECOND_US / REQUESTS_PER_BLOCK;
                let us = 10_000.0 * slower * (run_effect + blocks[block as usize]).exp() * body.sample(random);
                requests.push(Request { due_us, endpoint, outcome: Ok(us as u64) });
            }
        }
    }
    fixture::run(&[BLOCKS], &ENDPOINTS, &requests)
}

/// One gate with five baselines at moderate noise (3 % between runs).
fn gate(seed: u64, slower: [f64; 3]) -> Comparison {
    let rules = Regression { block: Duration::from_secs(1), ..Regression::default() };
    let mut random = StdRng::seed_from_u64(seed);
    let baseline: Vec<RunRecord> = (0..5).map(|_| simulate(&mut random, 0.03, [1.0; 3])).collect();
    compare(&baseline, &[simulate(&mut random, 0.03, slower)], &rules)
}

fn failed(comparison: &Comparison) -> bool {
    comparison.rows.iter().any(|row| row.level == Some(Severity::Fail))
}

#[test]
fn an_unchanged_service_is_hardly_ever_failed() {
    let false_alarms = (0..200).filter(|&seed| failed(&gate(seed, [1.0; 3]))).count();
    assert!(false_alarms <= 2, "{false_alarms} of 200");
}

#[test]
fn thirty_percent_on_one_endpoint_are_nearly_always_found_there() {
    let found = (1_000..1_040)
        .filter(|&seed| {
            let comparison = gate(seed, [1.0, 1.3, 1.0]);
            let mut regressed = comparison.rows.iter().filter(|row| row.outcome == Outcome::Regressed);
            regressed.any(|row| row.endpoint == "/search")
        })
        .count();
    assert!(found >= 36, "{found} of 40");
}

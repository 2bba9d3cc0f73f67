//! Seeded simulations: how often the gate cries wolf, and how often it sees one.

use std::time::Duration;

use rand::{SeedableRng as _, rngs::StdRng};
use rand_distr::{Distribution as _, LogNormal, Normal};

use crate::{
    compare::{
        Comparison, Look, Outcome, compare, compare_ab,
        fixture::{self, Request, SECOND_US},
    },
    policy::{Regression, Severity},
    record::{DuetNoise, LearnedNoise, RunRecord},
};

const ENDPOINTS: [&str; 3] = ["/items", "/search", "/checkout"];
/// Blocks of a second instead of five: the procedure knows no time scale, and fewer windows make the simulation fast.
const BLOCKS: u64 = 12;
const REQUESTS_PER_BLOCK: u64 = 100;

/// A run on a machine of its own speed, with noise from block to block that all endpoints share.
fn simulate(random: &mut StdRng, run_sd: f64, slower: [f64; 3]) -> RunRecord {
    let run_effect: f64 = Normal::new(0.0, run_sd).unwrap().sample(random);
    let blocks = weather(random, BLOCKS);
    play(random, &blocks, slower.map(|slower| slower * run_effect.exp()))
}

/// What disturbs the machine from block to block, in logarithms.
fn weather(random: &mut StdRng, blocks: u64) -> Vec<f64> {
    (0..blocks).map(|_| Normal::new(0.0, 0.03).unwrap().sample(random)).collect()
}

/// A run in that weather, with a lognormal body.
fn play(random: &mut StdRng, blocks: &[f64], slower: [f64; 3]) -> RunRecord {
    let body = LogNormal::new(0.0, 0.3).unwrap();
    let mut requests = Vec::new();
    for (endpoint, slower) in slower.into_iter().enumerate() {
        for block in 0..blocks.len() as u64 {
            for n in 0..REQUESTS_PER_BLOCK {
                let due_us = block * SECOND_US + n * SECOND_US / REQUESTS_PER_BLOCK;
                let us = 10_000.0 * slower * blocks[block as usize].exp() * body.sample(random);
                requests.push(Request { due_us, endpoint, outcome: Ok(us as u64) });
            }
        }
    }
    fixture::run(&[blocks.len() as u64], &ENDPOINTS, &requests)
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

/// Six replicates of four blocks: both versions in the same weather, every process with a speed of its own (2 %).
fn duet(random: &mut StdRng, slower: [f64; 3]) -> (Vec<RunRecord>, Vec<RunRecord>) {
    (0..6)
        .map(|_| {
            let blocks = weather(random, 4);
            let mut process = |slower: [f64; 3]| {
                let speed = Normal::new(0.0, 0.02).unwrap();
                let slower = slower.map(|slower| slower * f64::exp(speed.sample(random)));
                play(random, &blocks, slower)
            };
            (process([1.0; 3]), process(slower))
        })
        .unzip()
}

fn gate_ab(seed: u64, slower: [f64; 3], learned: &LearnedNoise) -> Comparison {
    let rules = Regression { block: Duration::from_secs(1), ..Regression::default() };
    let (baseline, candidate) = duet(&mut StdRng::seed_from_u64(seed), slower);
    compare_ab(&baseline, &candidate, &rules, learned, Look::only(6, rules.alpha))
}

fn found(comparison: &Comparison, endpoint: &str) -> bool {
    comparison.rows.iter().any(|row| row.endpoint == endpoint && row.outcome == Outcome::Regressed)
}

#[test]
fn an_unchanged_version_is_hardly_ever_failed_side_by_side() {
    let false_alarms = (0..80).filter(|&seed| failed(&gate_ab(seed, [1.0; 3], &LearnedNoise::default()))).count();
    assert!(false_alarms <= 1, "{false_alarms} of 80");
}

#[test]
fn earlier_comparisons_help_to_find_what_one_alone_misses() {
    let rules = Regression { block: Duration::from_secs(1), ..Regression::default() };
    let lesson = |seed: u64| {
        let (baseline, candidate) = duet(&mut StdRng::seed_from_u64(seed), [1.0; 3]);
        let look = Look::only(6, rules.alpha);
        let comparison = compare_ab(&baseline, &candidate, &rules, &LearnedNoise::default(), look);
        DuetNoise::of(&baseline, &candidate, &comparison.spreads, false).unwrap()
    };
    let learned = LearnedNoise::of(&(500..505).map(lesson).collect::<Vec<_>>());
    let found_with = |learned: &LearnedNoise, slower: f64| {
        (1_000..1_020).filter(|&seed| found(&gate_ab(seed, [1.0, slower, 1.0], learned), "/search")).count()
    };
    let (alone, taught) = (found_with(&LearnedNoise::default(), 1.08), found_with(&learned, 1.08));
    assert!(taught >= alone + 3, "{alone} of 20 alone, {taught} with learned noise");
    let false_alarms = (0..60).filter(|&seed| failed(&gate_ab(seed, [1.0; 3], &learned))).count();
    assert!(false_alarms <= 1, "{false_alarms} of 60");
}

//! What goes beside the service's work, as the pings of connections do: judged by itself, and of no weight in what is made of all.

use crate::{
    compare::{
        ComparedMetric, Comparison, Outcome, Row, SERVICE, compare,
        fixture::{self, Request, SECOND_US},
    },
    policy::{Quantile, Regression},
    record::{ErrorClass, RunRecord},
};

const P50: ComparedMetric = ComparedMetric::Latency(Quantile::P50);
const PINGS: &str = "feed.heartbeat";

/// Two steady endpoints with a tenth of the requests; pings with the rest, whose latency is another in each run.
fn run(shift: u64, pings: f64, is_beside: bool) -> RunRecord {
    let mut requests = Vec::new();
    for second in 0..60_u64 {
        for n in 0..400_u64 {
            let us = 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 4_000;
            let (endpoint, us) = match n % 20 {
                0 => (0, us),
                10 => (1, us),
                _ => (2, (us as f64 * pings) as u64),
            };
            requests.push(Request { due_us: second * SECOND_US + n * SECOND_US / 400, endpoint, outcome: Ok(us) });
        }
    }
    let mut run = fixture::run(&[60], &["/a", "/b", PINGS], &requests);
    run.endpoints[2].is_beside = is_beside;
    run
}

fn compared(is_beside: bool) -> Comparison {
    let baseline: Vec<RunRecord> = (0..4).zip([1.0, 1.6, 0.7, 1.3]).map(|(shift, pings)| run(shift, pings, is_beside)).collect();
    compare(&baseline, &[run(9, 1.1, is_beside)], &Regression::default())
}

fn row<'a>(comparison: &'a Comparison, endpoint: &str, metric: ComparedMetric) -> &'a Row {
    comparison.rows.iter().find(|row| row.endpoint == endpoint && row.metric == metric).unwrap()
}

#[test]
fn noisy_pings_leave_nothing_open_but_themselves() {
    let comparison = compared(true);
    assert!((comparison.coverage - 1.0).abs() < 1e-12, "{} {:#?}", comparison.coverage, comparison.rows);
    assert_eq!(row(&comparison, SERVICE, P50).outcome, Outcome::Unchanged);
    let pings = row(&comparison, PINGS, P50);
    assert_eq!((pings.outcome, pings.required, pings.covers), (Outcome::Inconclusive, false, 0), "{}", pings.reason);
    assert!(compared(false).coverage < 0.2, "as they would if they were what the service is for");
}

#[test]
fn pings_that_fail_are_found_like_any_failures() {
    let baseline: Vec<RunRecord> = (0..4).map(|shift| run(shift, 1.0, true)).collect();
    let candidate = fixture::with_errors(run(9, 1.0, true), PINGS, ErrorClass::TimeoutPong, 20);
    let comparison = compare(&baseline, &[candidate], &Regression::default());
    assert_eq!(row(&comparison, PINGS, ComparedMetric::ErrorRate).outcome, Outcome::Regressed);
}

#[test]
fn where_there_is_nothing_else_it_is_what_the_service_is_for() {
    let alone = |shift: u64| {
        let mut run = fixture::steady(60, &["feed.connect", PINGS], 40, |_, second, n| {
            8_000 + (n * 7919 + second * 104_729 + shift * 31) % 4_000
        });
        run.endpoints.iter_mut().for_each(|series| series.is_beside = true);
        run
    };
    let baseline: Vec<RunRecord> = (0..4).map(alone).collect();
    let comparison = compare(&baseline, &[alone(9)], &Regression::default());
    assert!((comparison.coverage - 1.0).abs() < 1e-12, "{}", comparison.coverage);
}

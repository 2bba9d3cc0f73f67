//! What goes beside the service's work, as the pings of connections do: judged by itself, and of no weight in what is made of all.

use crate::{
    compare::{
        ComparedMetric, Comparison, Outcome, Row, SERVICE, compare,
        fixture::{self, Request, SECOND_US},
    },
    policy::{Quantile, Regression},
    record::{ErrorClass, RunRecord, Window},
};

const P50: ComparedMetric = ComparedMetric::Latency(Quantile::P50);
const PINGS: &str = "feed.heartbeat";
const CONNECTIONS: &str = "feed.connection";

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

/// 200 connections that are opened in the first 40 seconds; a tenth of them are lost.
fn with_connections(shift: u64, are_lost: bool) -> RunRecord {
    let mut run = run(shift, 1.0, true);
    let mut connections = run.endpoints[2].clone();
    CONNECTIONS.clone_into(&mut connections.name);
    connections.is_occasional = true;
    connections.is_untimed = true;
    for (second, window) in connections.stages[0].iter_mut().enumerate() {
        *window = Window { requests: if second < 40 { 5 } else { 0 }, ..Window::default() };
        if are_lost && second < 40 && second % 2 == 0 {
            window.errors.insert(ErrorClass::Reset, 1);
        }
    }
    run.endpoints.push(connections);
    run
}

#[test]
fn losses_of_connections_that_only_the_candidate_has_are_found_and_have_no_latency() {
    let baseline: Vec<RunRecord> = (0..4).map(|shift| with_connections(shift, false)).collect();
    let comparison = compare(&baseline, &[with_connections(9, true)], &Regression::default());
    let lost = row(&comparison, CONNECTIONS, ComparedMetric::ErrorRate);
    assert_eq!((lost.outcome, lost.baseline, lost.candidate), (Outcome::Regressed, Some(0.0), Some(0.1)), "{}", lost.reason);
    assert!(lost.reason.contains("reset is new: 20 of 200"), "{}", lost.reason);
    let rows: Vec<&Row> = comparison.rows.iter().filter(|row| row.endpoint == CONNECTIONS).collect();
    assert_eq!(rows.len(), 1, "nothing is said of latencies: {rows:?}");
    let same = compare(&baseline, &[with_connections(9, false)], &Regression::default());
    assert_ne!(row(&same, CONNECTIONS, ComparedMetric::ErrorRate).outcome, Outcome::Regressed);
}

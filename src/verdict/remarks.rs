//! What happened to the load while it was made, and a reader of the run must know: it is no verdict by itself.

use std::time::Duration;

use super::{VerdictKind, finding::Finding, unmeasured};
use crate::{
    record::{BreakerState, LatencyFrom, RunRecord},
    units::{self, Micros},
};

/// A generator that was held up for longer than this stood still.
const STANDSTILL_US: u64 = 200_000;

/// Remarks on one run, each a sentence.
#[must_use]
pub fn remarks(run: &RunRecord) -> Vec<String> {
    [standstill(run), clocks(run), shed(run), breaker(run)].into_iter().flatten().chain(unmeasured::remarks(run)).collect()
}

pub(super) fn findings(runs: &[RunRecord]) -> Vec<Finding> {
    let happened = runs.iter().flat_map(remarks).map(|remark| Finding::new(VerdictKind::Warn, remark));
    // Where figures come from is no flaw of them, so it is said with any verdict.
    happened.chain(imported(runs).map(|remark| Finding::new(VerdictKind::Pass, remark))).collect()
}

fn imported(runs: &[RunRecord]) -> Option<String> {
    let imported = runs.iter().find_map(|run| run.provenance.imported.as_ref())?;
    let limit = match imported.latency_from {
        LatencyFrom::Due => "",
        LatencyFrom::Sent | LatencyFrom::Unknown => {
            "; if requests were sent late because the target stalled, what they waited before is not in the figures"
        }
    };
    Some(format!("another tool made the load: latencies ({}) count {}{limit}", imported.format, imported.latency_from.in_words()))
}

/// A generator that was frozen charges the delay to the latencies, and says so.
fn standstill(run: &RunRecord) -> Option<String> {
    let lag = run.generator.sched_lag_max_us.filter(|lag| *lag > STANDSTILL_US)?;
    Some(format!(
        "the load generator stood still for {}; requests that were due meanwhile have waited for it, and their latencies hold the wait",
        Micros(lag)
    ))
}

/// Times between two clocks are only as good as the clocks.
fn clocks(run: &RunRecord) -> Option<String> {
    let ahead = run.generator.clock_ahead_us?;
    Some(format!(
        "the target's clock is {} ahead of the load generator's at least: messages seem to have come before they were sent, and latencies that \
         count from their time of sending (`latency_from`) are too small; synchronise the clocks",
        Micros(ahead)
    ))
}

fn shed(run: &RunRecord) -> Option<String> {
    let events = &run.generator.shed;
    let (first, least) = (events.first()?, events.iter().map(|event| event.kept).fold(1.0, f64::min));
    let when = moment(first.at_us);
    Some(format!(
        "the load generator had too much to do and shed load, down to {}; first after {when}: {}",
        units::percent(least),
        first.reason
    ))
}

pub(super) fn breaker(run: &RunRecord) -> Option<String> {
    let openings: Vec<_> = run.breaker.iter().filter(|event| event.state == BreakerState::Open).collect();
    let first = openings.first()?;
    let times = if openings.len() == 1 { "once".to_owned() } else { format!("{} times", openings.len()) };
    let withheld: u64 = run.plan.stages.iter().map(|stage| stage.withheld_by_breaker).sum();
    let arrivals = if withheld == 0 { String::new() } else { format!(", and {withheld} arrivals were held back") };
    Some(format!("the circuit breaker opened {times}{arrivals}; first after {}: {}", moment(first.at_us), first.reason))
}

/// A moment of a run in tenths of a second.
fn moment(us: u64) -> String {
    units::duration(Duration::from_millis(us / 100_000 * 100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::fixture,
        record::{BreakerEvent, ShedEvent},
    };

    #[test]
    fn a_run_that_nothing_happened_to_has_no_remark() {
        let mut run = fixture::run(&[10], &["/a"], &[]);
        run.generator.sched_lag_max_us = Some(30_000);
        assert_eq!(remarks(&run), Vec::<String>::new());
    }

    #[test]
    fn a_clock_that_is_ahead_is_a_remark() {
        let mut run = fixture::run(&[10], &["/a"], &[]);
        run.generator.clock_ahead_us = Some(500_000);
        assert!(
            remarks(&run)[0].starts_with("the target's clock is 500 ms ahead of the load generator's at least"),
            "{:?}",
            remarks(&run)
        );
    }

    #[test]
    fn everything_that_happened_is_said_with_its_figures() {
        let mut run = fixture::run(&[10], &["/a"], &[]);
        run.generator.sched_lag_max_us = Some(498_000);
        let shed = |at_us, kept| ShedEvent { at_us, kept, reason: format!("too much at {kept}") };
        run.generator.shed = vec![shed(10_040_000, 0.8), shed(20_000_000, 0.64), shed(40_000_000, 0.8)];
        let event = |at_us, state| BreakerEvent { at_us, state, reason: "60 of 100 requests failed".to_owned() };
        run.breaker = vec![event(2_500_000, BreakerState::Open), event(4_500_000, BreakerState::HalfOpen)];
        run.plan.stages[0].withheld_by_breaker = 420;
        assert_eq!(
            remarks(&run),
            [
                "the load generator stood still for 498 ms; requests that were due meanwhile have waited for it, and their \
                 latencies hold the wait",
                "the load generator had too much to do and shed load, down to 64%; first after 10s: too much at 0.8",
                "the circuit breaker opened once, and 420 arrivals were held back; first after 2.5s: 60 of 100 requests failed",
            ]
        );
    }
}

//! Where a service stops keeping up as the load grows.

use super::steps::StepRow;
use crate::units;

/// A p95 so many times that of the first step tells of queues.
const P95_FACTOR: f64 = 3.0;
/// Least share of the arrivals that must have come to an outcome.
const DONE_SHARE: f64 = 0.95;
/// Least part of the growth of users that the throughput must follow.
const GROWTH_SHARE: f64 = 0.5;
/// Failed share, above that of the first step, from which on it does not keep up.
const FAILED_MORE: f64 = 0.01;

/// Marks the last step before the service stops keeping up and says why that is; a sentence too where it keeps up with all.
///
/// A step is beyond the knee when it and all steps of higher load show one of: queues (p95), a throughput that does not follow the
/// load, failures. One bad step among good ones is weather.
pub(super) fn mark(rows: &mut [StepRow]) -> Option<String> {
    let mut order: Vec<usize> = (0..rows.len()).filter(|index| rows[*index].asked > 0.0).collect();
    order.sort_by(|a, b| rows[*a].asked.total_cmp(&rows[*b].asked));
    if order.len() < 3 {
        return None;
    }
    let first = &rows[order[0]];
    let why: Vec<Option<String>> = order.windows(2).map(|pair| strained(first, &rows[pair[0]], &rows[pair[1]])).collect();
    let beyond = why.iter().rposition(Option::is_none).map_or(0, |last_good| last_good + 1);
    let Some(Some(reason)) = why.get(beyond) else {
        let most = &rows[order[order.len() - 1]].load;
        return Some(format!("The service kept up with every step, to {most}: its knee lies beyond."));
    };
    let (knee, next) = (order[beyond], order[beyond + 1]);
    let sentence = format!("The knee is at {}: at {} {reason}.", rows[knee].load, rows[next].load);
    rows[knee].is_knee = true;
    Some(sentence)
}

/// What shows that a service does not keep up with a step; `None` when it does.
fn strained(first: &StepRow, before: &StepRow, row: &StepRow) -> Option<String> {
    let failed = |row: &StepRow| row.error_rate.unwrap_or(0.0);
    let rate = |row: &StepRow| row.rate_per_s.unwrap_or(0.0);
    if failed(row) > failed(first) + FAILED_MORE {
        return Some(format!("{} of the requests fail", units::percent(failed(row))));
    }
    if row.closed {
        let (users, done) = (row.asked / before.asked - 1.0, rate(row) / rate(before) - 1.0);
        if users > 0.0 && done < users * GROWTH_SHARE {
            let done = units::signed_percent(done);
            return Some(format!("throughput changes by {done} with {} users", units::signed_percent(users)));
        }
    } else if rate(row) < row.asked * DONE_SHARE {
        return Some(format!("only {} of what was due is done", units::percent(rate(row) / row.asked)));
    }
    let (least, p95) = (first.p95_us? as f64, row.p95_us? as f64);
    (p95 > least * P95_FACTOR).then(|| format!("the p95 is {} times that of the first step", units::significant(p95 / least, 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(asked: f64, rate: f64, p95_us: u64, error_rate: f64, closed: bool) -> StepRow {
        StepRow {
            stage: String::new(),
            load: if closed { format!("{asked} users") } else { format!("{asked}/s") },
            asked,
            closed,
            is_knee: false,
            requests: 1_000,
            rate_per_s: Some(rate),
            p50_us: Some(p95_us / 2),
            p95_us: Some(p95_us),
            p99_us: Some(p95_us * 2),
            error_rate: Some(error_rate),
            text: std::array::from_fn(|_| String::new()),
        }
    }

    fn open(asked: f64, rate: f64, p95_us: u64) -> StepRow {
        row(asked, rate, p95_us, 0.0, false)
    }

    #[test]
    fn the_knee_is_the_last_step_before_queues_grow() {
        let mut rows = [open(100.0, 100.0, 10), open(200.0, 200.0, 12), open(300.0, 299.0, 50), open(400.0, 320.0, 400)];
        let sentence = mark(&mut rows);
        assert_eq!(sentence.as_deref(), Some("The knee is at 200/s: at 300/s the p95 is 5 times that of the first step."));
        assert_eq!(rows.iter().map(|row| row.is_knee).collect::<Vec<_>>(), [false, true, false, false]);
    }

    #[test]
    fn one_bad_step_among_good_ones_is_no_knee() {
        let mut rows = [open(100.0, 100.0, 10), open(200.0, 200.0, 90), open(300.0, 300.0, 11)];
        assert_eq!(mark(&mut rows).as_deref(), Some("The service kept up with every step, to 300/s: its knee lies beyond."));
        assert!(rows.iter().all(|row| !row.is_knee));
    }

    #[test]
    fn users_whose_throughput_stands_still_and_failures_are_knees_too() {
        let user = |users: f64, rate: f64| row(users, rate, 10, 0.0, true);
        let mut rows = [user(10.0, 100.0), user(20.0, 195.0), user(40.0, 200.0)];
        assert!(mark(&mut rows).unwrap().starts_with("The knee is at 20 users: at 40 users throughput changes by +2.6%"));
        let mut rows = [open(100.0, 100.0, 10), open(200.0, 200.0, 10), row(300.0, 300.0, 10, 0.2, false)];
        assert_eq!(mark(&mut rows).as_deref(), Some("The knee is at 200/s: at 300/s 20% of the requests fail."));
    }

    #[test]
    fn two_steps_tell_nothing() {
        assert_eq!(mark(&mut [open(100.0, 100.0, 10), open(200.0, 100.0, 90)]), None);
    }
}

//! What becomes of windows and counts, arrival by arrival.

use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::{
    plan::{Load, Shape, Stage},
    record::{Errors, Late},
};

/// A stage of two seconds and another of two, in windows of one, one endpoint.
fn shard() -> (Shard, Receiver<ClosedWindow>) {
    let stage = Stage {
        name: "steady".to_owned(),
        load: Load::Arrivals(Shape::Constant(crate::units::PerSecond(10.0))),
        duration: Duration::from_secs(2),
        iterations: None,
        measured: true,
        step_of: None,
    };
    let (sink, source) = channel();
    let timeline = Arc::new(Timeline::new(&[stage.clone(), stage], Duration::from_secs(1)));
    (Shard::new(timeline, 1, sink, Arc::default()), source)
}

fn finished(ms: u64) -> Finished {
    let response = Duration::from_millis(ms);
    Finished {
        response,
        service: response,
        bytes: 0,
        phases: Phases::default(),
        connections: 0,
        retries: 0,
        retried: false,
        failure: None,
        sample: None,
        ..Finished::default()
    }
}

#[test]
fn a_window_waits_for_an_arrival_whose_task_has_not_run_yet() {
    let (mut shard, source) = shard();
    let window = shard.arrival_started(0, Duration::from_millis(990), Some(0));
    // The generator was frozen and catches up: the next window's arrivals are taken before the first task runs.
    shard.close_passed(Duration::from_millis(1_010));
    assert!(source.try_recv().is_err(), "the first window is still open");
    shard.finish(window, 0, finished(400));
    shard.arrival_finished(0);
    shard.close_passed(Duration::from_millis(1_020));
    let closed = source.try_recv().unwrap();
    assert_eq!((closed.number, closed.endpoints[0].requests), (0, 1));
}

#[test]
fn a_pulse_closes_the_windows_that_no_arrival_closes_but_not_that_of_the_next_one() {
    let (mut shard, source) = shard();
    let closed = || source.try_iter().map(|closed| closed.number).collect::<Vec<_>>();
    let pulse = |shard: &mut Shard, ms| shard.pulse(Duration::from_millis(ms), Duration::ZERO);
    pulse(&mut shard, 1_100);
    assert_eq!(closed(), [] as [usize; 0], "users of its last moment may still be woken");
    pulse(&mut shard, 1_600);
    assert_eq!(closed(), [0]);
    shard.expects(Duration::from_millis(1_900));
    pulse(&mut shard, 3_600);
    assert_eq!(closed(), [] as [usize; 0], "the thread is behind: an arrival of this window is still to be sent");
    shard.expects(Duration::MAX);
    pulse(&mut shard, 3_700);
    assert_eq!(closed(), [1, 2]);
}

/// Numbers of the windows that were closed since the last question.
fn closed(source: &Receiver<ClosedWindow>) -> Vec<usize> {
    source.try_iter().map(|closed| closed.number).collect()
}

#[test]
fn the_last_window_of_a_stage_waits_for_steps_that_may_still_come_and_the_next_stage_does_not_wait_for_it() {
    let (mut shard, source) = shard();
    let ticket = shard.arrival_started(0, Duration::from_millis(1_900), Some(0));
    shard.finish(ticket, 0, finished(300));
    shard.close_passed(Duration::from_secs(3));
    assert_eq!(closed(&source), [0, 2], "a second step may follow the pause, which may last for long");
    let ticket = shard.begin(0, Duration::from_millis(3_100), 0);
    shard.close_passed(Duration::from_millis(3_120));
    assert_eq!(closed(&source), [] as [usize; 0]);
    shard.finish(ticket, 0, finished(20));
    shard.arrival_finished(0);
    shard.close_passed(Duration::from_millis(3_140));
    let last: Vec<ClosedWindow> = source.try_iter().collect();
    assert_eq!((last.len(), last[0].number, last[0].endpoints[0].requests), (1, 1, 2), "both steps are in it");
}

#[test]
fn windows_that_are_held_and_those_behind_them_are_closed_at_the_end() {
    let (mut shard, source) = shard();
    let _ = shard.arrival_started(0, Duration::from_millis(1_900), None);
    shard.close_passed(Duration::from_millis(3_500));
    assert_eq!(closed(&source), [0, 2]);
    let _ = shard.end(Duration::from_secs(4));
    assert_eq!(closed(&source), [1, 3]);
}

/// Requests of each window once all is over, those without an outcome included.
fn requests(shard: Shard, source: &Receiver<ClosedWindow>) -> Vec<u64> {
    let _ = shard.end(Duration::from_secs(4));
    let mut closed: Vec<ClosedWindow> = source.try_iter().collect();
    closed.sort_by_key(|window| window.number);
    closed.iter().map(|window| window.endpoints[0].requests).collect()
}

#[test]
fn an_arrival_that_comes_when_its_window_is_closed_counts_to_the_next_and_at_the_end_to_the_last() {
    let (mut late, source) = shard();
    late.close_passed(Duration::from_millis(1_500));
    let _late = late.arrival_started(0, Duration::from_millis(990), Some(0));
    assert_eq!(requests(late, &source), [0, 1, 0, 0]);
    let (mut late, source) = shard();
    late.close_passed(Duration::from_secs(9));
    let _late = late.arrival_started(1, Duration::from_millis(3_990), Some(0));
    assert_eq!(requests(late, &source), [0, 0, 0, 1]);
    let (mut late, source) = shard();
    let _ = late.arrival_started(0, Duration::from_millis(100), None);
    late.close_passed(Duration::from_millis(3_500));
    let _late = late.arrival_started(0, Duration::from_millis(990), Some(0));
    assert_eq!(requests(late, &source), [0, 1, 0, 0], "to the last one of its own stage while that is open");
}

#[test]
fn what_has_no_outcome_at_the_end_is_a_failure_that_took_from_its_due_time_until_then() {
    let (mut shard, source) = shard();
    let _hung = shard.arrival_started(0, Duration::from_millis(100), Some(0));
    let _later = shard.arrival_started(0, Duration::from_millis(600), Some(0));
    let end = shard.end(Duration::from_millis(5_100));
    assert_eq!(end.failures, {
        let mut expected = Failures::default();
        let (class, message) = (ErrorClass::Unfinished, Cow::Borrowed("there was no outcome when the run ended"));
        (0..2)
            .for_each(|_| expected.keep(FailureNote { endpoint: 0, class, message: message.clone(), sample: None, trace: None }));
        expected
    });
    let closed: Vec<ClosedWindow> = source.try_iter().collect();
    assert_eq!(closed.len(), 4);
    let total = &closed[0].endpoints[0];
    assert_eq!((total.requests, &total.errors), (2, &Errors::from([(ErrorClass::Unfinished, 2)])));
    let waits = [total.failed.min(), total.failed.max()].map(|us| (us.unwrap() + 5_000) / 10_000);
    assert_eq!(waits, [450, 500], "4.5 and 5 seconds");
}

#[test]
fn an_arrival_that_is_broken_off_is_dropped_and_not_one_that_was_sent() {
    let (mut shard, source) = shard();
    let live = Arc::clone(&shard.live);
    let ticket = shard.arrival_started(0, Duration::from_millis(100), Some(0));
    shard.finish(ticket, 0, finished(300));
    shard.arrival_broken_off(0, Duration::from_millis(1_200), 0);
    shard.arrival_finished(0);
    assert_eq!((live.in_play(), live.started.get(), live.broken_off.get()), (0, 1, 1));
    let end = shard.end(Duration::from_secs(4));
    assert_eq!((end.counts[0].offered, end.counts[0].started), (1, 0));
    let dropped: Vec<u64> = source.try_iter().map(|window| window.endpoints[0].dropped).collect();
    assert_eq!(dropped, [0, 1, 0, 0], "where the request was due that was not sent");
}

#[test]
fn lateness_is_noted_in_the_window_that_a_request_was_due_in_or_in_the_next_one_where_that_is_closed() {
    let (mut shard, source) = shard();
    let ms = Duration::from_millis;
    shard.arrival_sent(0, ms(100), Duration::from_micros(40));
    shard.arrival_sent(0, ms(900), ms(2));
    shard.close_passed(ms(1_100));
    shard.arrival_sent(0, ms(990), ms(300));
    shard.arrival_sent(1, ms(3_200), Duration::from_micros(60));
    let end = shard.end(ms(4_000));
    assert_eq!((end.late.count(), end.late_over_1ms), (4, 2), "the sum of all windows");
    let late: Vec<Late> = source.try_iter().map(|closed| closed.late).collect();
    let expected = [
        Late { sent: 2, sum_us: 2_040, max_us: 2_000, over_1ms: 1 },
        Late { sent: 1, sum_us: 300_000, max_us: 300_000, over_1ms: 1 },
        Late::default(),
        Late { sent: 1, sum_us: 60, max_us: 60, over_1ms: 0 },
    ];
    assert_eq!(late, expected);
}

#[test]
fn windows_know_for_how_long_connections_were_open_in_them() {
    let (mut shard, source) = shard();
    let ms = Duration::from_millis;
    shard.connection_opened(ms(500), 0);
    shard.connection_opened(ms(900), 0);
    shard.close_passed(ms(1_700));
    let closed = source.try_recv().unwrap();
    assert_eq!((closed.number, closed.endpoints[0].connected_us), (0, 600_000), "500 ms of one and 100 ms of the other");
    let endpoints = SocketEndpoints { connect: 0, connection: 0, reconnect: 0, heartbeat: None };
    shard.connection_gone(endpoints, &(ms(500)..ms(2_250)), Some((ErrorClass::Reset, "gone".into())));
    let end = shard.end(ms(9_000));
    let lives = Lives { begun: 1, lost: Errors::from([(ErrorClass::Reset, 1)]) };
    assert_eq!(end.lives, BTreeMap::from([((0, 0), lives)]), "counted where it was opened");
    let connected: Vec<u64> = source.try_iter().map(|closed| closed.endpoints[0].connected_us).collect();
    assert_eq!(connected, [2_000_000, 1_250_000, 1_000_000], "one stays to the end");
}

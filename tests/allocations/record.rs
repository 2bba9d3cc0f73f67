//! A million requests through the hot path: what is kept grows with time, not with requests.

use std::{
    sync::{Arc, mpsc::channel},
    time::Duration,
};

use loadgate::{
    measure::{Collector, Finished, LiveShard, Measured, Shard, Timeline},
    plan::{Endpoint, Load, Shape, Stage, Workload},
    record::{EndpointSeries, Phases, Window},
    units::PerSecond,
};

const REQUESTS: u64 = 1_000_000;
const ENDPOINTS: usize = 2;

/// Response times like those of a service: a median of 10 ms, a long tail, no two runs of equal values.
fn response(n: u64) -> Duration {
    let even = |n: u64| ((n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
    // Box and Muller: two even numbers make a normal one; its exponential is log-normal.
    let normal = (-2.0 * even(n).ln()).sqrt() * (std::f64::consts::TAU * even(n ^ 0xabcd_ef12)).cos();
    Duration::from_secs_f64(0.010 * (0.4 * normal).exp())
}

/// What was kept of a million requests.
struct Kept {
    /// Bytes of the histograms of an endpoint and window, at most.
    bytes: usize,
    /// Bytes held at any time, at most.
    peak: u64,
}

/// Plays a million requests in so many windows of a second.
fn play(seconds: u64) -> Kept {
    let mut measured = None;
    let allocated = allocation_counter::measure(|| measured = Some(record(seconds)));
    let measured = measured.unwrap();
    let windows: Vec<&Window> = measured.endpoints.iter().flat_map(EndpointSeries::windows).collect();
    let count: u64 = windows.iter().map(|window| window.response.decode().count()).sum();
    assert_eq!((windows.len() as u64, count), (seconds * ENDPOINTS as u64, REQUESTS), "nothing is lost");
    let bytes = |window: &&Window| window.response.bytes() + window.service.bytes() + window.failed.bytes();
    let late: Vec<u64> = measured.late_by_window[0].iter().map(|late| late.sent).collect();
    assert_eq!(late, vec![REQUESTS / seconds; seconds as usize], "how late each was sent");
    Kept { bytes: windows.iter().map(bytes).max().unwrap(), peak: allocated.bytes_max }
}

/// A timeline of so many windows of a second.
fn timeline(seconds: u64) -> Arc<Timeline> {
    let stage = Stage {
        name: "steady".to_owned(),
        load: Load::Arrivals(Shape::Constant(PerSecond((REQUESTS / seconds) as f64))),
        duration: Duration::from_secs(seconds),
        iterations: None,
        measured: true,
        step_of: None,
    };
    Arc::new(Timeline::new(&[stage], Duration::from_secs(1)))
}

/// All that is measured of a million requests, on one thread and collected there.
fn record(seconds: u64) -> Measured {
    let timeline = timeline(seconds);
    let (sink, source) = channel();
    let mut shard = Shard::new(Arc::clone(&timeline), ENDPOINTS, sink, Arc::new(LiveShard::default()));
    let mut collector = Collector::new(Arc::clone(&timeline), 1);
    let mut collect = |closed| {
        collector.take(closed);
    };
    let gap = Duration::from_secs(seconds) / REQUESTS as u32;
    for n in 0..REQUESTS {
        let (due, endpoint, response) = (gap * n as u32, n as usize % ENDPOINTS, response(n));
        let ticket = shard.arrival_started(0, due, Some(endpoint));
        shard.arrival_sent(0, due, Duration::from_micros(n % 50));
        let phases = Phases { wait: response.as_nanos() as u64, ..Phases::default() };
        let service = response.saturating_sub(Duration::from_micros(n % 50));
        let finished = Finished { response, service, bytes: 100, phases, ..Finished::default() };
        shard.finish(ticket, endpoint, finished);
        shard.arrival_finished(0);
        shard.close_passed(due);
        source.try_iter().for_each(&mut collect);
    }
    let end = shard.end(timeline.end());
    source.try_iter().for_each(&mut collect);
    let endpoint = |name: &str| Endpoint {
        name: name.to_owned(),
        scenario: name.to_owned(),
        request: name.to_owned(),
        depends_on: Vec::new(),
    };
    let workload = Workload { endpoints: vec![endpoint("a"), endpoint("b")], ..Workload::default() };
    collector.finish(&workload, &[&end], timeline.end())
}

#[test]
fn a_million_requests_at_a_thousand_a_second_are_kept_in_less_than_a_kilobyte_for_each_endpoint_and_window() {
    let kept = play(1_000);
    assert!(kept.bytes < 1_024, "{} bytes", kept.bytes);
    // What must be kept, the histograms of 2,000 windows, is less than 2 MB; a million of anything would be 4 MB and more.
    assert!(kept.peak < 4_000_000, "{} bytes at a time", kept.peak);
}

#[test]
fn two_hundred_times_the_requests_in_a_window_take_not_ten_times_the_room() {
    let kept = play(5);
    assert!(kept.bytes < 8 * 1_024, "{} bytes for 100,000 requests", kept.bytes);
    assert!(kept.peak < 2_000_000, "{} bytes at a time", kept.peak);
}

#[test]
fn noting_how_late_a_request_is_sent_allocates_nothing() {
    let (sink, _source) = channel();
    let mut shard = Shard::new(timeline(5), ENDPOINTS, sink, Arc::new(LiveShard::default()));
    // The first one makes the window, and the worst one the room for all that are better.
    shard.arrival_sent(0, Duration::ZERO, Duration::from_millis(5));
    let note = |n: u64| shard.arrival_sent(0, Duration::from_micros(n), Duration::from_micros(n % 5_000));
    let allocated = allocation_counter::measure(|| (0..100_000).for_each(note));
    assert_eq!(allocated.count_total, 0);
}

//! A million requests through the hot path: what is kept grows with time, not with requests.

use std::{
    sync::{Arc, mpsc::sync_channel},
    time::Duration,
};

use super::{Collector, Finished, LiveShard, Shard, Timeline, machine::rss_bytes};
use crate::{
    plan::{Endpoint, Load, Shape, Stage},
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
    /// Windows open at a time, at most.
    open: usize,
    /// What the process grew by in the last nine tenths, where the system tells.
    growth: Option<u64>,
}

/// Plays a million requests in so many windows of a second.
fn play(seconds: u64) -> Kept {
    let stage = Stage {
        name: "steady".to_owned(),
        load: Load::Arrivals(Shape::Constant(PerSecond((REQUESTS / seconds) as f64))),
        duration: Duration::from_secs(seconds),
        iterations: None,
        measured: true,
        step_of: None,
    };
    let timeline = Arc::new(Timeline::new(&[stage], Duration::from_secs(1)));
    let (sink, source) = sync_channel(timeline.windows() + 1);
    let mut shard = Shard::new(Arc::clone(&timeline), ENDPOINTS, sink, Arc::new(LiveShard::default()));
    let mut collector = Collector::new(Arc::clone(&timeline), 1);
    let mut collect = |closed| {
        collector.take(closed);
    };
    let (gap, mut open, mut at_tenth) = (Duration::from_secs(seconds) / REQUESTS as u32, 0, None);
    for n in 0..REQUESTS {
        let (due, endpoint, response) = (gap * n as u32, n as usize % ENDPOINTS, response(n));
        let window = shard.arrival_started(0, due, Some(endpoint));
        let phases = Phases { wait: response.as_nanos() as u64, ..Phases::default() };
        let service = response.saturating_sub(Duration::from_micros(n % 50));
        let finished = Finished { response, service, bytes: 100, phases, ..Finished::default() };
        shard.finish(window, endpoint, finished);
        shard.arrival_finished(0);
        shard.close_passed(due);
        open = open.max(shard.open_windows());
        source.try_iter().for_each(&mut collect);
        at_tenth = if n == REQUESTS / 10 { rss_bytes() } else { at_tenth };
    }
    let growth = rss_bytes().zip(at_tenth).map(|(end, begin)| end.saturating_sub(begin));
    let end = shard.end(Duration::ZERO);
    source.try_iter().for_each(&mut collect);
    let endpoint = |name: &str| Endpoint { name: name.to_owned(), scenario: name.to_owned(), request: name.to_owned() };
    let measured = collector.finish(&[endpoint("a"), endpoint("b")], &[&end], timeline.end());
    let windows: Vec<&Window> = measured.endpoints.iter().flat_map(EndpointSeries::windows).collect();
    let count: u64 = windows.iter().map(|window| window.response.decode().count()).sum();
    assert_eq!((windows.len() as u64, count), (seconds * ENDPOINTS as u64, REQUESTS), "nothing is lost");
    let bytes = |window: &&Window| window.response.bytes() + window.service.bytes() + window.failed.bytes();
    Kept { bytes: windows.iter().map(bytes).max().unwrap(), open, growth }
}

#[test]
fn a_million_requests_at_a_thousand_a_second_are_kept_in_less_than_a_kilobyte_for_each_endpoint_and_window() {
    let kept = play(1_000);
    assert!(kept.bytes < 1_024, "{} bytes", kept.bytes);
    assert!(kept.open <= 2, "{} windows open at a time, of 1000", kept.open);
    // What must be kept, both histograms of 1,800 windows, is less than 2 MB; the requests alone would be 900,000 of anything.
    assert!(kept.growth.is_none_or(|growth| growth < 8_000_000), "{:?} bytes", kept.growth);
}

#[test]
fn two_hundred_times_the_requests_in_a_window_take_not_ten_times_the_room() {
    let kept = play(5);
    assert!(kept.bytes < 8 * 1_024, "{} bytes for 100,000 requests", kept.bytes);
    assert!(kept.growth.is_none_or(|growth| growth < 8_000_000), "{:?} bytes", kept.growth);
}

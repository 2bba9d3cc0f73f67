//! What the engine must never exceed: `load`, `record.window`, `safety`.

use std::{ops::RangeInclusive, time::Duration};

use super::{Problems, SafetySettings, hosts};
use crate::{
    config::{Loaded, Path},
    plan::Limits,
};

/// Most requests in flight that can be asked for; a process has about as many ports to send from.
const IN_FLIGHT_MAX: usize = 100_000;
/// Windows that can be asked for: shorter ones fill memory with empty histograms.
const WINDOWS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
/// Window where none is given.
const WINDOW: Duration = Duration::from_secs(1);

pub(super) fn limits(loaded: &Loaded, problems: &Problems<'_>) -> Limits {
    let default = Limits::default();
    let load = &loaded.document.load;
    let at = Path::root().key("load");
    let graceful_stop = load.graceful_stop.as_ref().and_then(|written| problems.read(written, &at.key("graceful_stop")));
    Limits {
        max_in_flight: problems.number_or(
            load.max_in_flight,
            &at.key("max_in_flight"),
            &(1..=IN_FLIGHT_MAX),
            default.max_in_flight,
        ),
        graceful_stop: graceful_stop.unwrap_or(default.graceful_stop),
    }
}

pub(super) fn window(loaded: &Loaded, problems: &Problems<'_>) -> Duration {
    let path = Path::root().key("record").key("window");
    let window = problems.time_or(loaded.document.record.window.as_ref(), &path, WINDOW);
    problems.time_in(window, &path, &WINDOWS);
    window
}

pub(super) fn safety(loaded: &Loaded, problems: &Problems<'_>) -> SafetySettings {
    let safety = &loaded.document.safety;
    let at = Path::root().key("safety");
    for (n, pattern) in safety.allow_hosts.iter().flatten().enumerate() {
        hosts::check_pattern(pattern, &at.key("allow_hosts").index(n), problems);
    }
    for (n, pattern) in safety.deny_hosts.iter().enumerate() {
        hosts::check_pattern(pattern, &at.key("deny_hosts").index(n), problems);
    }
    let max_rate = safety.max_rate.as_ref().and_then(|written| problems.read(written, &at.key("max_rate")));
    if max_rate.is_some_and(|rate| rate.0 <= 0.0) {
        problems.add(&at.key("max_rate"), "a highest rate of 0 allows nothing", "write a rate above 0, for example 1000/s");
    }
    let max_duration = safety.max_duration.as_ref().and_then(|written| problems.time(written, &at.key("max_duration")));
    SafetySettings {
        allow_hosts: safety.allow_hosts.clone(),
        deny_hosts: safety.deny_hosts.clone(),
        max_rate: max_rate.map(|rate| rate.0),
        max_duration,
    }
}

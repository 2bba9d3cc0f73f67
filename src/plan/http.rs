//! How requests are made: connections, time limits, retries, redirects.

use std::time::Duration;

use super::Backoff;
use crate::record::ErrorClass;

/// The `http:` section.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpSettings {
    /// How many connections there may be, and how long they are kept.
    pub connections: Connections,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Which failures are tried again.
    pub retries: Retries,
    /// Redirects followed within one step; one more is a failure. With 0 a redirect is an ordinary answer.
    pub redirects: u32,
    /// Whether compressed answers are asked for.
    pub compression: bool,
    /// Whether each user keeps the cookies it is given.
    pub cookies: bool,
    /// Whether each request is sent with an id that the target's traces have too (`traceparent`).
    pub traces: bool,
    /// How often host names are looked up again while load is made; `None`: once, before.
    pub dns_refresh: Option<Duration>,
}

/// Connections of the whole process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Most connections at a time, to all targets together; `None`: as many as there are requests in flight.
    pub max: Option<usize>,
    /// Most connections at a time to one target.
    pub max_per_host: Option<usize>,
    /// How long an idle connection is kept.
    pub idle_timeout: Duration,
    /// After a connection could not be made, how long none is tried to that target; zero: at once again.
    pub cooldown: Duration,
    /// False: each request makes a connection of its own.
    pub reuse: bool,
    /// Requests at a time on one HTTP/2 connection; the server may allow fewer.
    pub streams: usize,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            max: None,
            max_per_host: None,
            idle_timeout: Duration::from_secs(60),
            cooldown: Duration::ZERO,
            reuse: true,
            streams: 100,
        }
    }
}

impl Connections {
    /// Most connections at a time to one of `targets` targets. Where only the number of all is limited, each target gets an
    /// equal part of it, so that one that hangs leaves the others theirs.
    #[must_use]
    pub fn per_target(&self, targets: usize) -> Option<usize> {
        let part = |max: usize| if targets > 1 { Some((max / targets).max(1)) } else { None };
        self.max_per_host.or_else(|| self.max.and_then(part))
    }

    /// Most threads that can have a connection each to every target; `None`: any number.
    #[must_use]
    pub fn threads_max(&self, targets: usize) -> Option<usize> {
        [self.max, self.per_target(targets)].into_iter().flatten().min()
    }
}

/// How long things may take; each limit that fires is an error class of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection is made, TLS included.
    pub connect: Duration,
    /// Until a connection is free, where their number is limited.
    pub pool: Duration,
    /// From the request being sent to the first byte of its answer.
    pub first_byte: Duration,
    /// Until an answer is complete, a connection included, where the step gives no time of its own.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            pool: Duration::from_secs(1),
            first_byte: Duration::from_secs(3),
            request: Duration::from_secs(5),
        }
    }
}

/// Trying again. Attempts are counted apart, and the latency runs from the first one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retries {
    /// Attempts after the first; 0: a failure is a failure.
    pub max: u32,
    /// Failures that are tried again.
    pub on: Vec<ErrorClass>,
    /// Pause before each of them.
    pub backoff: Backoff,
}

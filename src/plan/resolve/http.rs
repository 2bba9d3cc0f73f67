//! `http` -> how requests are made.

use std::time::Duration;

use super::{Problems, retries};
use crate::{
    config::{
        Loaded, Path, http as written,
        written::{Time, Written},
    },
    plan::{Connections, HttpSettings, Timeouts},
};

/// Most connections that can be asked for; a process has about as many ports to connect from.
const CONNECTIONS_MAX: usize = 100_000;
/// Most requests at a time on one connection that can be asked for.
const STREAMS_MAX: usize = 10_000;
/// Shortest time between two look-ups of a name.
const REFRESH_MIN: Duration = Duration::from_secs(1);

pub(super) fn resolve(loaded: &Loaded, problems: &Problems<'_>) -> HttpSettings {
    let (written, at) = (&loaded.document.http, Path::root().key("http"));
    if written.discard_bodies == Some(false) {
        let hint = "remove the line; a body that `check` or `extract` looks into is kept until it was looked into";
        problems.add(&at.key("discard_bodies"), "bodies can't be kept", hint);
    }
    let cookies = [("per_vu", true), ("off", false)];
    let connections = connections(&written.connections, &at.key("connections"), problems);
    let of_all = Path::root().key("safety").key("max_connections");
    HttpSettings {
        connections: Connections {
            max: least(connections.max, most(loaded.document.safety.max_connections, &of_all, problems)),
            ..connections
        },
        timeouts: timeouts(&written.timeouts, &at.key("timeouts"), problems),
        traces: false,
        compression: written.compression.unwrap_or_default(),
        cookies: problems.choice(written.cookies.as_deref(), &at.key("cookies"), &cookies, &[]).unwrap_or(false),
        redirects: retries::at_most(written.redirects, &at.key("redirects"), problems),
        retries: retries::resolve(&written.retries, &at.key("retries"), problems),
        dns_refresh: written.dns.refresh.as_ref().and_then(|time| refresh(time, &at.key("dns").key("refresh"), problems)),
    }
}

fn connections(written: &written::Connections, at: &Path, problems: &Problems<'_>) -> Connections {
    let default = Connections::default();
    let max = most(written.max, &at.key("max"), problems);
    let max_per_host = most(written.max_per_host, &at.key("max_per_host"), problems);
    if let (Some(max), Some(per_host)) = (max, max_per_host)
        && per_host > max
    {
        let message = format!("'max_per_host' ({per_host}) is above 'max' ({max})");
        problems.add(&at.key("max_per_host"), message, "write at most as many, or remove the line");
    }
    let cooldown = written.cooldown.as_ref().and_then(|written| problems.read(written, &at.key("cooldown")));
    Connections {
        max,
        max_per_host,
        idle_timeout: problems.time_or(written.idle_timeout.as_ref(), &at.key("idle_timeout"), default.idle_timeout),
        cooldown: cooldown.unwrap_or(default.cooldown),
        reuse: written.reuse.unwrap_or(default.reuse),
        streams: problems.number_or(written.streams, &at.key("streams"), &(1..=STREAMS_MAX), default.streams),
    }
}

/// Resolvers keep answers for as long as the name's owner says, so that asking all the time tells nothing new.
fn refresh(written: &Written<Time>, at: &Path, problems: &Problems<'_>) -> Option<Duration> {
    let time = problems.time(written, at)?;
    if time < REFRESH_MIN {
        problems.add(at, format!("'{}' is too often to look names up", written.text()), "write 1s or more, for example 30s");
        return None;
    }
    Some(time)
}

/// The lower of two limits, either of which may be none.
fn least(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (limit, None) | (None, limit) => limit,
    }
}

/// How many connections there may be at most; `None`: as many as are needed.
fn most(written: Option<usize>, at: &Path, problems: &Problems<'_>) -> Option<usize> {
    problems.number(written, at, &(1..=CONNECTIONS_MAX), "without the line there are as many as are needed")
}

fn timeouts(written: &written::Timeouts, at: &Path, problems: &Problems<'_>) -> Timeouts {
    let default = Timeouts::default();
    let time = |written: Option<_>, key: &str, default: Duration| problems.time_or(written, &at.key(key), default);
    Timeouts {
        connect: time(written.connect.as_ref(), "connect", default.connect),
        pool: time(written.pool.as_ref(), "pool", default.pool),
        first_byte: time(written.first_byte.as_ref(), "first_byte", default.first_byte),
        request: time(written.request.as_ref(), "request", default.request),
    }
}

//! What the server saw and did. One per server thread; counts as it happens, in memory that does not grow with requests.

use std::{collections::BTreeMap, mem};

use http::{HeaderMap, HeaderName, StatusCode, Version};
use serde::Serialize;

use super::{
    arrivals::{ArrivalStats, Arrivals},
    quantiles::{Quantiles, Spread},
    websocket::Seen,
};
use crate::clock::Instant;

/// Distinct values of one header that are told apart.
const HEADER_VALUES_MAX: usize = 100;

/// Everything counted since the start or the last reset.
#[derive(Default)]
pub(super) struct Recorder {
    /// Grows with each reset, so that answers to requests from before it are not counted after it.
    generation: u64,
    arrivals: Arrivals,
    routes: Vec<RouteSeen>,
    protocols: BTreeMap<&'static str, u64>,
    headers: Vec<HeaderSeen>,
    request_body_bytes: u64,
    pub(super) accepted: u64,
    pub(super) open: u64,
    pub(super) websocket: Seen,
}

#[derive(Default)]
struct RouteSeen {
    label: String,
    requests: u64,
    resets: u64,
    statuses: BTreeMap<u16, u64>,
    service: Spread,
}

struct HeaderSeen {
    name: HeaderName,
    requests: u64,
    values: BTreeMap<String, u64>,
    other_values: u64,
}

/// A request between its arrival and its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    generation: u64,
    /// Number of the route's label.
    route: usize,
    arrival: Instant,
}

impl Recorder {
    /// Counts by these routes and headers from now on; routes known already keep their counts. The answer has the label
    /// numbers of the routes, in order.
    pub(super) fn follow<'a>(&mut self, labels: impl Iterator<Item = &'a str>, headers: &[HeaderName]) -> Vec<usize> {
        self.headers.retain(|seen| headers.contains(&seen.name));
        for name in headers {
            if !self.headers.iter().any(|seen| seen.name == name) {
                self.headers.push(HeaderSeen::new(name.clone()));
            }
        }
        labels.map(|label| self.label_number(label)).collect()
    }

    fn label_number(&mut self, label: &str) -> usize {
        if let Some(known) = self.routes.iter().position(|route| route.label == label) {
            return known;
        }
        self.routes.push(RouteSeen { label: label.to_owned(), ..RouteSeen::default() });
        self.routes.len() - 1
    }

    /// Forgets all counts.
    pub(super) fn reset(&mut self) {
        let fresh = Self {
            generation: self.generation + 1,
            routes: mem::take(&mut self.routes)
                .into_iter()
                .map(|old| RouteSeen { label: old.label, ..RouteSeen::default() })
                .collect(),
            headers: mem::take(&mut self.headers).into_iter().map(|old| HeaderSeen::new(old.name)).collect(),
            open: self.open,
            websocket: self.websocket.reset(),
            ..Self::default()
        };
        *self = fresh;
    }

    pub(super) fn arrived(&mut self, route: usize, arrival: Instant, version: Version, headers: &HeaderMap) -> Ticket {
        self.arrivals.add(arrival);
        self.routes[route].requests += 1;
        *self.protocols.entry(protocol_name(version)).or_default() += 1;
        for seen in &mut self.headers {
            seen.count(headers);
        }
        Ticket { generation: self.generation, route, arrival }
    }

    pub(super) fn body_received(&mut self, bytes: u64) {
        self.request_body_bytes += bytes;
    }

    pub(super) fn reset_connection(&mut self, ticket: Ticket) {
        if ticket.generation == self.generation {
            self.routes[ticket.route].resets += 1;
        }
    }

    /// The answer was handed to the socket.
    pub(super) fn answered(&mut self, ticket: Ticket, status: StatusCode, at: Instant) {
        if ticket.generation == self.generation {
            let route = &mut self.routes[ticket.route];
            *route.statuses.entry(status.as_u16()).or_default() += 1;
            route.service.record(at.saturating_duration_since(ticket.arrival));
        }
    }

    pub(super) fn stats(&self) -> Stats<'_> {
        let mut service = Spread::default();
        self.routes.iter().for_each(|route| service.add(&route.service));
        let responses = self.routes.iter().flat_map(|route| route.statuses.values()).sum();
        let (requests, resets) =
            (self.routes.iter().map(|r| r.requests).sum::<u64>(), self.routes.iter().map(|r| r.resets).sum());
        Stats {
            requests,
            responses,
            resets,
            unanswered: requests - responses - resets,
            request_body_bytes: self.request_body_bytes,
            service_time_us: service.quantiles(),
            arrivals: self.arrivals.stats(),
            connections: ConnectionCounts { accepted: self.accepted, open: self.open },
            protocols: &self.protocols,
            websocket: Some(&self.websocket).filter(|seen| !seen.is_empty()),
            headers: self.headers.iter().map(|seen| (seen.name.as_str(), seen.stats())).collect(),
            routes: self.routes.iter().filter(|route| route.requests > 0).map(RouteSeen::stats).collect(),
        }
    }
}

impl RouteSeen {
    fn stats(&self) -> RouteStats<'_> {
        RouteStats {
            route: &self.label,
            requests: self.requests,
            resets: self.resets,
            statuses: &self.statuses,
            service_time_us: self.service.quantiles(),
        }
    }
}

impl HeaderSeen {
    fn new(name: HeaderName) -> Self {
        Self { name, requests: 0, values: BTreeMap::new(), other_values: 0 }
    }

    fn count(&mut self, headers: &HeaderMap) {
        let Some(value) = headers.get(&self.name) else { return };
        self.requests += 1;
        let value = String::from_utf8_lossy(value.as_bytes());
        if let Some(count) = self.values.get_mut(value.as_ref()) {
            *count += 1;
        } else if self.values.len() < HEADER_VALUES_MAX {
            self.values.insert(value.into_owned(), 1);
        } else {
            self.other_values += 1;
        }
    }

    fn stats(&self) -> HeaderStats<'_> {
        HeaderStats { requests: self.requests, values: &self.values, other_values: self.other_values }
    }
}

fn protocol_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        _ => "other",
    }
}

/// The answer to `GET /__stats`. Control requests are not part of it.
#[derive(Debug, Serialize)]
pub(super) struct Stats<'a> {
    /// Requests whose head was read.
    requests: u64,
    /// Answers handed to the socket.
    responses: u64,
    /// Requests whose connection or stream was reset on purpose.
    resets: u64,
    /// Requests still worked on, and those whose client went away first.
    unanswered: u64,
    request_body_bytes: u64,
    /// From the request's head being read to the answer being handed to the socket, all routes.
    service_time_us: Quantiles,
    arrivals: ArrivalStats,
    connections: ConnectionCounts,
    /// Requests by protocol version.
    protocols: &'a BTreeMap<&'static str, u64>,
    /// WebSocket connections, where there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    websocket: Option<&'a Seen>,
    headers: BTreeMap<&'a str, HeaderStats<'a>>,
    routes: Vec<RouteStats<'a>>,
}

#[derive(Debug, Serialize)]
struct ConnectionCounts {
    accepted: u64,
    open: u64,
}

#[derive(Debug, Serialize)]
struct RouteStats<'a> {
    route: &'a str,
    requests: u64,
    resets: u64,
    statuses: &'a BTreeMap<u16, u64>,
    service_time_us: Quantiles,
}

#[derive(Debug, Serialize)]
struct HeaderStats<'a> {
    /// Requests with this header.
    requests: u64,
    values: &'a BTreeMap<String, u64>,
    /// Requests with a value beyond the first hundred different ones.
    other_values: u64,
}

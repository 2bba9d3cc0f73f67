//! WebSocket scenarios: connections of their own, each of which plays its steps over and over on one connection.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use minijinja::Value;

use super::{Backoff, Broadcast, Crowd, EndpointId, Extract, FeederId, JsonPath, Pause, Piece, Plan, Rendered, Request, Wanted};
use crate::{record::Side, units::PerSecond};

/// One kind of connection.
#[derive(Clone, Debug)]
pub struct SocketScenario {
    /// From the configuration.
    pub name: String,
    /// The request that asks for the connection; parts that are templates stand here as they were written.
    pub opening: Request,
    /// The parts that are made anew for each connection; `None` when nothing is.
    pub rendered: Option<Rendered>,
    /// Feeders of which each connection keeps a row.
    pub feeds: Vec<FeederId>,
    /// How many connections there are, and when they come and go.
    pub connections: Connections,
    /// Pings, and how a dead peer is found; `None` where nobody asks.
    pub heartbeat: Option<Heartbeat>,
    /// What is done about a connection that is lost or can't be had.
    pub reconnect: Reconnect,
    /// How often a connection plays its steps, counted from its beginning, whatever became of the last time; once without it.
    pub rate: Option<PerSecond>,
    /// Time that the target is given to take a message.
    pub write_timeout: Duration,
    /// Largest message that is taken.
    pub message_bytes_max: usize,
    /// What is done once on each connection.
    pub setup: Vec<SocketStep>,
    /// What is done then.
    pub steps: Vec<SocketStep>,
    /// Messages from some of the connections to the others, instead of steps.
    pub broadcast: Option<Broadcast>,
    /// Where what concerns the connections themselves is counted.
    pub endpoints: SocketEndpoints,
}

/// Connections that come one by one, and stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Time before all that is measured, in which as many as ever come, play and go again, so that the target is warm; 0 for none.
    pub warmup: Duration,
    /// From how many to how many.
    pub crowd: Crowd,
    /// Time in which their number changes.
    pub over: Duration,
    /// Time that they stay then.
    pub hold: Duration,
}

/// Where what concerns connections themselves is counted. A connection that is lost is counted once at `reconnect`, a failure
/// unless there was a new one in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketEndpoints {
    /// Each attempt to get a connection.
    pub connect: EndpointId,
    /// Each connection that was open, where it was opened: a failure if it was lost.
    pub connection: EndpointId,
    /// Each connection that was lost or could not be had: the time to the next one.
    pub reconnect: EndpointId,
    /// Each ping whose outcome is known; `None` without a heartbeat.
    pub heartbeat: Option<EndpointId>,
}

/// Pings of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Time between two pings.
    pub every: Duration,
    /// A peer that does not answer a ping for so long is dead.
    pub timeout: Duration,
}

/// How often a new connection is tried for, and after which pauses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reconnect {
    /// Attempts; 0 for none. Counted anew from each connection on that is really back.
    pub max: u32,
    /// Pauses before them.
    pub backoff: Backoff,
}

/// A step of a connection.
#[derive(Clone, Debug)]
pub enum SocketStep {
    /// Sends a message.
    Send(Outgoing),
    /// Waits for a message: a round trip, counted from when the message before it was due.
    Expect(Box<Expect>),
    /// Takes whatever comes for a time.
    Listen(Box<Listen>),
    /// A pause, in which whatever comes is let go by.
    Think(Pause),
    /// Closes the connection with this code; nothing follows.
    Close(u16),
}

/// A message that is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// Whether it is text; else it is binary.
    pub is_text: bool,
    /// As written.
    pub written: Bytes,
    /// What it is rendered from each time; empty where it is always the same.
    pub rendered: Vec<Piece>,
}

/// A message that is waited for.
#[derive(Clone, Debug)]
pub struct Expect {
    /// Where its round trip goes.
    pub endpoint: EndpointId,
    /// What it looks like.
    pub wanted: Wanted,
    /// What later steps need of it.
    pub extract: Vec<Extract>,
    /// How long it is waited for.
    pub within: Duration,
    /// False: played, but not recorded.
    pub measured: bool,
    /// Whether it is a step of `setup`: what comes there is full of credentials.
    pub is_setup: bool,
}

/// Taking whatever comes.
#[derive(Clone, Debug)]
pub struct Listen {
    /// How long.
    pub length: Duration,
    /// How long messages were on their way, where they tell when they were sent.
    pub latency: Option<OneWay>,
}

/// The time messages take from the target to us.
#[derive(Clone, Debug)]
pub struct OneWay {
    /// Where it goes.
    pub endpoint: EndpointId,
    /// Where in a message it says when it was sent.
    pub sent_at: JsonPath,
}

impl SocketScenario {
    /// All endpoints that something is recorded of.
    pub fn measured_endpoints(&self) -> impl Iterator<Item = EndpointId> {
        let SocketEndpoints { connect, connection, reconnect, heartbeat } = self.endpoints;
        let own = [connect, connection, reconnect].into_iter().chain(heartbeat);
        let broadcast = self.broadcast.iter().flat_map(|broadcast| [broadcast.publish, broadcast.delivery]);
        own.chain(broadcast).chain(self.setup.iter().chain(&self.steps).filter_map(SocketStep::measured_endpoint))
    }

    /// The rows that connection `number` keeps, by the feeder's name: those of its own number, whoever else takes rows, so that they are the
    /// same in each run and in the warm-up.
    #[must_use]
    pub fn rows(&self, number: u32, plan: &Plan) -> Vec<(Arc<str>, Value)> {
        let feeders = self.feeds.iter().filter_map(|id| plan.workload.feeders.get(*id));
        feeders.filter_map(|feeder| Some((Arc::clone(&feeder.name), feeder.row(number.into(), plan.seed)?))).collect()
    }

    /// The scenario as it is played with a version: what is asked of the service under `target:` goes there.
    #[must_use]
    pub fn with(&self, plan: &Plan, side: Side) -> Self {
        let mut scenario = self.clone();
        if scenario.opening.target == 0 {
            scenario.opening.target = plan.target_of(side);
        }
        scenario
    }
}

impl SocketStep {
    fn measured_endpoint(&self) -> Option<EndpointId> {
        match self {
            Self::Expect(expect) => expect.measured.then_some(expect.endpoint),
            Self::Listen(listen) => listen.latency.as_ref().map(|latency| latency.endpoint),
            Self::Send(_) | Self::Think(_) | Self::Close(_) => None,
        }
    }
}

impl Connections {
    /// From when to when connection `number` is there, behind the warm-up; `None` when never.
    #[must_use]
    pub fn presence(&self, number: u32) -> Option<(Duration, Duration)> {
        let (from, until) = self.crowd.presence(number, self.over)?;
        let until = if number < self.crowd.to { self.over + self.hold } else { until };
        Some((self.warmup + from, self.warmup + until))
    }

    /// From when to when connection `number` is there in the warm-up: they come one by one in the first half of it, and go a little before
    /// its end, so that nothing of them is left when others are counted. `None` without a warm-up.
    #[must_use]
    pub fn rehearsal(&self, number: u32) -> Option<(Duration, Duration)> {
        if self.warmup.is_zero() {
            return None;
        }
        let (from, _) = Crowd { from: 0, to: self.peak() }.presence(number, self.warmup / 2)?;
        Some((from, self.warmup * 9 / 10))
    }

    /// Most connections of any moment.
    #[must_use]
    pub fn peak(&self) -> u32 {
        self.crowd.from.max(self.crowd.to)
    }

    /// The same in a part of the measured time.
    pub(super) fn split(&mut self, parts: u32) {
        self.over /= parts.max(1);
        self.hold /= parts.max(1);
    }
}

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Crowd { from, to } = self.crowd;
        let (over, hold) = (crate::units::duration(self.over), crate::units::duration(self.hold));
        if from == to {
            write!(f, "{to} for {hold}")?;
        } else {
            write!(f, "{from}..{to} over {over}, then {hold}")?;
        }
        if self.warmup.is_zero() { Ok(()) } else { write!(f, ", warm-up {}", crate::units::duration(self.warmup)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_come_one_by_one_and_stay_until_all_go() {
        let seconds = Duration::from_secs;
        let (warmup, crowd) = (Duration::ZERO, Crowd { from: 0, to: 4 });
        let connections = Connections { warmup, crowd, over: seconds(8), hold: seconds(10) };
        let present = |number| connections.presence(number).map(|(from, until)| (from.as_secs(), until.as_secs()));
        assert_eq!([0, 1, 3, 4].map(present), [Some((0, 18)), Some((2, 18)), Some((6, 18)), None]);
        let falling = Connections { crowd: Crowd { from: 4, to: 2 }, ..connections };
        assert_eq!(falling.presence(3), Some((seconds(0), seconds(4))), "on the way down it leaves when the line reaches it");
        assert_eq!(falling.presence(1), Some((seconds(0), seconds(18))));
    }

    #[test]
    fn in_a_warm_up_all_come_and_are_gone_before_others_are_counted() {
        let seconds = Duration::from_secs;
        let crowd = Crowd { from: 0, to: 4 };
        let mut connections = Connections { warmup: seconds(20), crowd, over: seconds(8), hold: seconds(10) };
        assert_eq!(connections.rehearsal(2), Some((seconds(5), seconds(18))));
        assert_eq!((connections.rehearsal(4), connections.presence(2)), (None, Some((seconds(24), seconds(38)))));
        assert_eq!(connections.to_string(), "0..4 over 8s, then 10s, warm-up 20s");
        connections.split(2);
        assert_eq!(connections.presence(2), Some((seconds(22), seconds(29))), "each part is warmed up as long as the whole");
    }
}

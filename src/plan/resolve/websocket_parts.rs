//! Whether connections have time for what they are there for, in a run and in each of the replicates it is cut into. What has not is told
//! before any load is made.

use std::time::Duration;

use super::{Problems, websocket};
use crate::{
    config::Loaded,
    plan::{Replication, SocketScenario, Stage},
    units,
};

/// Pings of a version in a replicate below which they say little.
const PINGS_MIN: f64 = 10.0;

/// The time of one run, or of one replicate.
struct Part {
    /// So many replicates share the measured time.
    parts: u32,
    /// When the last stage ends.
    ends: Duration,
    versions: u32,
}

impl Part {
    fn of(stages: &[Stage], replication: Replication, versions: usize) -> Self {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).max(1);
        let parts = if replication.splits { number(replication.count) } else { 1 };
        let length = |stage: &Stage| if stage.measured { stage.duration / parts } else { stage.duration };
        Self { parts, ends: stages.iter().map(length).sum(), versions: number(versions) }
    }

    /// How long connection `number` is there, behind the warm-up.
    fn presence(&self, scenario: &SocketScenario, number: u32) -> Duration {
        let mut connections = scenario.connections;
        connections.split(self.parts);
        let presence = connections.presence(number);
        presence.map_or(Duration::ZERO, |(from, until)| until.min(self.ends).saturating_sub(from))
    }

    fn in_words(&self) -> &'static str {
        if self.parts > 1 { " of each replicate" } else { "" }
    }
}

/// A broadcast must have time to publish in.
pub(super) fn check(
    sockets: &[SocketScenario],
    (stages, replication, versions): (&[Stage], Replication, usize),
    loaded: &Loaded,
    problems: &Problems<'_>,
) {
    let part = Part::of(stages, replication, versions);
    for scenario in sockets {
        let Some(broadcast) = &scenario.broadcast else { continue };
        let last = broadcast.publishers.saturating_mul(part.versions).saturating_sub(1);
        let (present, quiet) = (part.presence(scenario, last), broadcast.quiet_end());
        if present.is_zero() || present > quiet {
            continue;
        }
        let message = format!(
            "nothing would be published: publishers are there for {}{}, and publish nothing in the last {} of it, in which messages are waited for",
            units::duration(present),
            part.in_words(),
            units::duration(quiet)
        );
        let hint = "write a longer `hold`, or a shorter `within` in `broadcast`";
        problems.add(&websocket::place(scenario, loaded).key("connections").key("hold"), message, hint);
    }
}

/// What a user should know whose connections hardly ping.
pub(super) fn notes(sockets: &[SocketScenario], stages: &[Stage], replication: Replication, versions: usize) -> Vec<String> {
    let part = Part::of(stages, replication, versions);
    let note = |scenario: &SocketScenario| {
        let every = scenario.heartbeat?.every.as_secs_f64();
        let all: f64 = (0..scenario.connections.peak()).map(|number| part.presence(scenario, number).as_secs_f64()).sum();
        let pings = all / every / f64::from(part.versions);
        (pings < PINGS_MIN).then(|| {
            format!(
                "about {} pings are sent on the connections of '{}' in the measured time{}: too few to tell anything by; write a shorter \
                 `heartbeat.ping_every` than {}",
                pings.round(),
                scenario.name,
                part.in_words(),
                units::duration(Duration::from_secs_f64(every))
            )
        })
    };
    sockets.iter().filter_map(note).collect()
}

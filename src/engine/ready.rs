//! Waiting until the target is there, before any load is sent.

use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::{Builder, LocalOptions};

use super::Stop;
use crate::{
    clock,
    plan::{Method, Plan, Request, TargetId, WaitFor},
    protocol::{Driver, Keep, Terms, system_error_in_words},
    record::Side,
};

/// How often the wish to stop is looked at while waiting.
const STOP_STEP: Duration = Duration::from_millis(50);
/// What a probe is given at least, however little of `wait_for.timeout` is left.
const PROBE_MIN: Duration = Duration::from_millis(500);

/// How long a service that was just started is given to take connections, where there is no `wait_for:`.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// Pause between two tries.
const START_STEP: Duration = Duration::from_millis(100);

/// The target never became ready.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// It does not take connections, and there is no `wait_for:` to wait for it.
    #[error("{authority} can't be reached: {reason}")]
    Unreachable {
        /// Which one.
        target: TargetId,
        /// Host and port.
        authority: String,
        /// What was seen.
        reason: String,
    },
    /// It was started, and does not take connections.
    #[error("{authority} took no connection within {}: {reason}", crate::units::duration(START_TIMEOUT))]
    NotListening {
        /// Which one.
        target: TargetId,
        /// Host and port.
        authority: String,
        /// What was seen last.
        reason: String,
    },
    /// `wait_for:` ran out of time.
    #[error("{authority} was not ready within {}: {probes} probes of {path}, the last one: {reason}", crate::units::duration(*.timeout))]
    Timeout {
        /// Which one.
        target: TargetId,
        /// Host and port.
        authority: String,
        /// Path that was asked for.
        path: String,
        /// How often it was asked.
        probes: u32,
        /// How long it was asked.
        timeout: Duration,
        /// What became of the last probe.
        reason: String,
    },
    /// Somebody asked to stop.
    #[error("interrupted while waiting for the target")]
    Stopped,
    /// The system gives no runtime.
    #[error("the load generator could not work: {}", system_error_in_words(.0))]
    System(#[from] std::io::Error),
}

impl NotReady {
    /// The service that is not ready.
    #[must_use]
    pub fn target(&self) -> Option<TargetId> {
        match self {
            Self::Unreachable { target, .. } | Self::NotListening { target, .. } | Self::Timeout { target, .. } => Some(*target),
            Self::Stopped | Self::System(_) => None,
        }
    }
}

/// Waits as `wait_for:` says; without it, makes sure that the target takes a connection at all. The driver is used up, as its
/// connections end with the wait.
///
/// # Errors
/// The target never became ready, or somebody asked to stop.
pub fn wait_until_ready<D: Driver>(plan: &Plan, driver: D, stop: &Stop) -> Result<(), NotReady> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async move {
        tokio::select! {
            ready = ready(plan, &driver) => ready,
            () = asked(stop) => Err(NotReady::Stopped),
        }
    })
}

/// Resolves soon after somebody asked to stop.
async fn asked(stop: &Stop) {
    while !stop.is_asked() {
        tokio::time::sleep(STOP_STEP).await;
    }
}

async fn ready<D: Driver>(plan: &Plan, driver: &D) -> Result<(), NotReady> {
    for id in 0..plan.targets.len() {
        match &plan.targets[id].wait_for {
            Some(wait_for) => probe(plan, id, wait_for, driver).await?,
            None if plan.targets[id].start.is_some() => listening(plan, id, driver).await?,
            None => driver.reach(id).await.map_err(|failure| NotReady::Unreachable {
                target: id,
                authority: name(plan, id),
                reason: failure.message.into_owned(),
            })?,
        }
    }
    Ok(())
}

/// Host and port, with the version it is where there are two, or where it was started: its output is kept by that name.
fn name(plan: &Plan, target: TargetId) -> String {
    let (authority, is_started) = (plan.targets[target].authority(), plan.targets[target].start.is_some());
    match plan.side_of_target(target) {
        Some(side) if is_started || plan.baseline.is_some() => format!("the {side} {authority}"),
        _ => authority,
    }
}

/// Waits until a service that was just started takes a connection.
async fn listening<D: Driver>(plan: &Plan, target: TargetId, driver: &D) -> Result<(), NotReady> {
    let began = clock::now();
    loop {
        let Err(failure) = driver.reach(target).await else { return Ok(()) };
        if clock::now().saturating_duration_since(began) >= START_TIMEOUT {
            let (authority, reason) = (name(plan, target), failure.message.into_owned());
            return Err(NotReady::NotListening { target, authority, reason });
        }
        tokio::time::sleep(START_STEP).await;
    }
}

async fn probe<D: Driver>(plan: &Plan, target: TargetId, wait_for: &WaitFor, driver: &D) -> Result<(), NotReady> {
    let (path, method) = (wait_for.path.clone(), Method::GET);
    let request = driver.prepare(&Request { target, method, path, headers: Vec::new(), body: Bytes::new() });
    let began = clock::now();
    let left = || wait_for.timeout.saturating_sub(clock::now().saturating_duration_since(began));
    let mut probes = 0;
    loop {
        probes += 1;
        let timeout = plan.http.timeouts.request.min(left().max(PROBE_MIN));
        let terms = Terms { timeout, keep: Keep::Status, expected: &[], trace: None };
        let outcome = driver.exchange(&mut driver.session(Side::Candidate), &request, &terms).await.outcome;
        let reason = match outcome {
            Ok(reply) if reply.status.as_u16() == wait_for.status => return Ok(()),
            Ok(reply) => format!("status {}", reply.status.as_u16()),
            Err(failure) => failure.message.into_owned(),
        };
        let left = left();
        if left.is_zero() {
            return Err(NotReady::Timeout {
                target,
                authority: name(plan, target),
                path: wait_for.path.clone(),
                probes,
                timeout: wait_for.timeout,
                reason,
            });
        }
        // The last probe comes when the time is up, whatever the interval.
        tokio::time::sleep(wait_for.interval.min(left)).await;
    }
}

//! Waiting until the target is there, before any load is sent.

use std::time::Duration;

use http::StatusCode;
use tokio::runtime::{Builder, LocalOptions};

use super::Stop;
use crate::{
    clock,
    plan::{Body, Limits, Method, Plan, Step, Target, WaitFor},
    protocol::{Addresses, Driver as _, Failure, http::HttpDriver},
};

/// How often the wish to stop is looked at while waiting.
const STOP_STEP: Duration = Duration::from_millis(50);
/// What a probe is given at least, however little of `wait_for.timeout` is left.
const PROBE_MIN: Duration = Duration::from_millis(500);

/// The target never became ready.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// It does not take connections, and there is no `wait_for:` to wait for it.
    #[error("{authority} can't be reached: {reason}")]
    Unreachable {
        /// Host and port.
        authority: String,
        /// What was seen.
        reason: String,
    },
    /// `wait_for:` ran out of time.
    #[error("{authority} was not ready within {}: {probes} probes of {path}, the last one: {reason}", crate::units::duration(*.timeout))]
    Timeout {
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
    #[error("the load generator could not work: {0}")]
    System(#[from] std::io::Error),
}

/// Waits as `wait_for:` says; without it, makes sure that the target takes a connection at all.
///
/// # Errors
/// The target never became ready, or somebody asked to stop.
pub fn wait_until_ready(plan: &Plan, addresses: &Addresses, stop: &Stop) -> Result<(), NotReady> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        tokio::select! {
            ready = ready(plan, addresses) => ready,
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

async fn ready(plan: &Plan, addresses: &Addresses) -> Result<(), NotReady> {
    let Some(wait_for) = &plan.target.wait_for else {
        return addresses.connect(plan.limits.connect_timeout).await.map(drop).map_err(|failure| NotReady::Unreachable {
            authority: plan.target.authority(),
            reason: failure.message.into_owned(),
        });
    };
    let driver = HttpDriver::new(&plan.target, addresses.clone(), &plan.limits);
    probe(&plan.target, wait_for, &driver, &plan.limits).await
}

async fn probe(target: &Target, wait_for: &WaitFor, driver: &HttpDriver, limits: &Limits) -> Result<(), NotReady> {
    let request = driver.prepare(&Step {
        endpoint: 0,
        method: Method::GET,
        path: wait_for.path.clone(),
        headers: Vec::new(),
        body: Body::new(),
        timeout: None,
        expected_status: StatusCode::from_u16(wait_for.status).into_iter().collect(),
    });
    let began = clock::now();
    let left = || wait_for.timeout.saturating_sub(clock::now().saturating_duration_since(began));
    let mut probes = 0;
    loop {
        probes += 1;
        let limit = limits.request_timeout.min(left().max(PROBE_MIN));
        let Some(Failure { message, .. }) = driver.exchange(&request, limit).await.failure else { return Ok(()) };
        let left = left();
        if left.is_zero() {
            return Err(NotReady::Timeout {
                authority: target.authority(),
                path: wait_for.path.clone(),
                probes,
                timeout: wait_for.timeout,
                reason: message.into_owned(),
            });
        }
        // The last probe comes when the time is up, whatever the interval.
        tokio::time::sleep(wait_for.interval.min(left)).await;
    }
}

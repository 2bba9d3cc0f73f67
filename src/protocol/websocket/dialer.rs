//! From a target to an open WebSocket connection.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri, header};
use tokio::time::{Instant as Deadline, timeout_at};
use tokio_tungstenite::{client_async_with_config, tungstenite::handshake::client};

use super::{
    failure::failure_of,
    socket::{self, Socket},
};
use crate::{
    clock,
    plan::{self, Plan, SocketScenario, Target},
    protocol::{Failure, Origins},
    record::{ErrorClass, Phases},
    units::nanoseconds,
};

/// Makes WebSocket connections to the targets of a plan. What it makes is nobody's but the caller's: there is no pool.
#[derive(Clone, Debug)]
pub struct Dialer {
    origins: Origins,
    targets: Vec<Target>,
    timeouts: plan::Timeouts,
}

/// A new connection.
#[derive(Debug)]
pub struct Opened {
    /// The connection.
    pub socket: Socket,
    /// Where the time went.
    pub phases: Phases,
}

impl Dialer {
    /// Of a plan, with what its connections need.
    #[must_use]
    pub fn new(plan: &Plan, origins: &Origins) -> Self {
        Self { origins: origins.clone(), targets: plan.targets.clone(), timeouts: plan.http.timeouts.clone() }
    }

    /// Opens a connection of a scenario by this request, within the connect timeout and, for the handshake, the request timeout.
    ///
    /// # Errors
    /// There is no connection, or the target does not want it to become a WebSocket one.
    pub async fn open(&self, scenario: &SocketScenario, request: &plan::Request) -> Result<Opened, Failure> {
        let target = &self.targets[request.target];
        let connected = self.origins.connect_to_upgrade(request.target, self.timeouts.connect).await?;
        let began = clock::now();
        let deadline = Deadline::from_std(began + self.timeouts.request);
        let config = socket::config(scenario.message_bytes_max);
        let handshake = client_async_with_config(opening(target, request)?, connected.stream, Some(config));
        let (stream, _) = match timeout_at(deadline, handshake).await {
            Ok(answered) => answered.map_err(|error| failure_of(&error))?,
            Err(_) => return Err(late(self.timeouts.request)),
        };
        let (dns, connect, tls) = (connected.dns, connected.connect, connected.tls);
        let wait = nanoseconds(clock::now().saturating_duration_since(began));
        let phases = Phases { dns, connect, tls, wait, ..Phases::default() };
        Ok(Opened { socket: Socket::new(stream, scenario.write_timeout), phases })
    }
}

fn late(limit: Duration) -> Failure {
    let limit = crate::units::duration(limit);
    Failure::told(ErrorClass::TimeoutRequest, &format!("the WebSocket handshake was not answered within {limit}"))
}

/// The request that asks for the connection: with the headers of the target, those of the request, and those that make it what it is.
fn opening(target: &Target, request: &plan::Request) -> Result<http::Request<()>, Failure> {
    let wrong = |error: http::Error| Failure::of(ErrorClass::Template, &error);
    let uri = Uri::builder().scheme("ws").authority(target.authority());
    let uri = uri.path_and_query(format!("{}{}", target.base_path, request.path)).build().map_err(wrong)?;
    let own = |name: HeaderName, value: &str| HeaderValue::from_str(value).ok().map(|value| (name, value));
    let agent = concat!("loadgate/", env!("CARGO_PKG_VERSION"));
    let needed = [
        own(header::CONNECTION, "Upgrade"),
        own(header::UPGRADE, "websocket"),
        own(header::SEC_WEBSOCKET_VERSION, "13"),
        own(header::SEC_WEBSOCKET_KEY, &client::generate_key()),
    ];
    let usual = [own(header::HOST, &target.authority()), own(header::USER_AGENT, agent)];
    let mut built = http::Request::get(uri).body(()).map_err(wrong)?;
    // The last one of a name is the one that holds: what a request says itself goes before what its target says for all.
    let (usual, needed) = (usual.into_iter().flatten(), needed.into_iter().flatten());
    for (name, value) in usual.chain(target.headers.iter().cloned()).chain(request.headers.iter().cloned()).chain(needed) {
        built.headers_mut().insert(name, value);
    }
    Ok(built)
}

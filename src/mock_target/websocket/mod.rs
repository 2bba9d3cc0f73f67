//! WebSocket routes: what becomes of a connection that asks to be one, and what its peer does then.

mod lent;
mod peer;
mod room;
mod script;
mod seen;

use std::{cell::RefCell, rc::Rc, time::Duration};

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::quantity::Share;
pub(super) use lent::Lent;
pub(super) use peer::serve;
use room::Room;
pub use script::{AnswerScript, KillScript, PushScript, WebSocketScript};
pub(super) use seen::Seen;

/// Sets the numbers drawn for connections apart from those drawn for requests.
const APART: u64 = 0x7765_6273_6f63_6b65;

/// A WebSocket route made ready.
pub(super) struct Sockets {
    script: WebSocketScript,
    room: Rc<Room>,
    random: RefCell<StdRng>,
}

/// What chance decides for one connection.
struct Fate {
    is_silent: bool,
    /// When it is ended, and with which code; without one by a reset.
    killed: Option<(Duration, Option<u16>)>,
}

impl Sockets {
    pub(super) fn new(script: WebSocketScript, seed: u64) -> Self {
        Self { script, room: Rc::default(), random: RefCell::new(StdRng::seed_from_u64(seed ^ APART)) }
    }

    /// Always draws equally many numbers, so that a share does not change what the others fall on.
    fn fate(&self) -> Fate {
        let mut random = self.random.borrow_mut();
        let (silent, killed): (f64, f64) = (random.random(), random.random());
        let kill = self.script.kill.filter(|kill| killed < kill.share.fraction());
        Fate {
            is_silent: silent < self.script.silent.map_or(0.0, Share::fraction),
            killed: kill.map(|kill| (kill.after.0, kill.code)),
        }
    }

    /// How long the next answer takes; `None` when it is lost on the way.
    fn delay(&self) -> Option<Duration> {
        let mut random = self.random.borrow_mut();
        let lost: f64 = random.random();
        let delay = self.script.delay.unwrap_or_default().sample(&mut *random);
        (lost >= self.script.lose.map_or(0.0, Share::fraction)).then_some(delay)
    }
}

/// The answer that makes a connection a WebSocket one; `None` when nobody asks for that.
pub(super) fn accept<B: Default>(asked: &HeaderMap) -> Option<Response<B>> {
    let says = |name: header::HeaderName, word: &str| {
        asked.get(name).and_then(|value| value.to_str().ok()).is_some_and(|text| text.to_ascii_lowercase().contains(word))
    };
    let key = asked.get(header::SEC_WEBSOCKET_KEY)?;
    if !says(header::CONNECTION, "upgrade") || !says(header::UPGRADE, "websocket") {
        return None;
    }
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()).parse().ok()?);
    let offered = asked.get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
    let first = offered.and_then(|offered| offered.split(',').next()).and_then(|first| first.trim().parse().ok());
    if let Some(first) = first {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, first);
    }
    Some(response)
}

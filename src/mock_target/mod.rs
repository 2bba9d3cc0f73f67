//! A scriptable HTTP server (HTTP/1.1 and HTTP/2 on one port, behind TLS where it has a certificate) that answers exactly when its script says and counts what it
//! saw. It is the ground truth of timing tests and what the demo puts under load.

mod arrivals;
mod control;
mod identity;
mod latency;
mod phase;
mod quantiles;
mod quantity;
mod recorder;
mod route;
mod running;
mod script;
mod server;
mod websocket;
mod wire;

pub use identity::Identity;
pub use latency::Latency;
pub use phase::{SlowStart, Stall};
pub use quantity::{Share, Size, Time};
pub use running::{MockTarget, Running, StartError};
pub use script::{BodyScript, ErrorScript, LimitMode, LimitScript, ResetScript, RouteScript, Script, ScriptError};
pub use websocket::{AnswerScript, KillScript, PushScript, WebSocketScript};

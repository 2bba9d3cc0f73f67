//! HTTP over pooled connections, of which each thread has its own.

mod deadline;
mod dial;
mod driver;
mod encoding;
mod h1;
mod h2;
mod jar;
mod limits;
mod permits;
mod pool;
mod redirect;
mod request;
mod round;
mod session;

pub use driver::HttpDriver;
pub use request::HttpRequest;
pub use session::HttpSession;

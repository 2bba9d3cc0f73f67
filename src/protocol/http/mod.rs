//! HTTP over pooled connections, of which each thread has its own.

mod deadline;
mod dial;
mod driver;
mod encoding;
mod h1;
mod h2;
mod limits;
mod permits;
mod pool;
mod round;

pub use driver::{HttpDriver, HttpRequest};

//! HTTP over pooled connections, of which each thread has its own.

mod deadline;
mod driver;
mod encoding;
mod h1;
mod h2;
mod limits;
mod pool;

pub use driver::{HttpDriver, HttpRequest};

//! HTTP over pooled connections, of which each thread has its own.

mod driver;
mod encoding;
mod h1;
mod pool;

pub use driver::{HttpDriver, HttpRequest};

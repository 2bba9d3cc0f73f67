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

pub use driver::HttpDriver;
pub use jar::Jar;
pub use request::HttpRequest;

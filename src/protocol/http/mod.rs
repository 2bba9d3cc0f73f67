//! HTTP/1.1 over hyper, with a keep-alive pool of its own per thread.

mod driver;
mod pool;

pub use driver::HttpDriver;

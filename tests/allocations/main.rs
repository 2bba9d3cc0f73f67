//! What memory is taken: by a request on the way, and by all of them in the end. In a program of its own, as it counts each allocation.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod record;
mod request;

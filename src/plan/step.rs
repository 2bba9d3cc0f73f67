//! What one arrival does, step by step.

use std::time::Duration;

use bytes::Bytes;
pub use http::Method;
use http::{HeaderName, HeaderValue, StatusCode};

use super::{EndpointId, TargetId, Think};

/// A step of a scenario.
#[derive(Clone, Debug)]
pub enum Step {
    /// A request with what is expected of its answer.
    Request(Box<RequestStep>),
    /// A pause, as people make.
    Think(Think),
}

/// A request with what is expected of its answer.
#[derive(Clone, Debug)]
pub struct RequestStep {
    /// Where its latencies go.
    pub endpoint: EndpointId,
    /// What is sent.
    pub request: Request,
    /// Replaces the request timeout of the plan.
    pub timeout: Option<Duration>,
    /// What the answer must be.
    pub check: Check,
    /// False: played, but not recorded.
    pub measured: bool,
}

/// One request, complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Where it goes.
    pub target: TargetId,
    /// Request method.
    pub method: Method,
    /// Path and query, beginning with a slash, without the target's base path.
    pub path: String,
    /// Headers of this request, beside those of the target.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What is sent along.
    pub body: Bytes,
}

/// What an answer must be; one that is not counts as an error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Check {
    /// Statuses that are a success; empty for anything below 400.
    pub status: Vec<StatusCode>,
}

impl Step {
    /// The request of the step, if it is one.
    #[must_use]
    pub fn request(&self) -> Option<&RequestStep> {
        match self {
            Self::Request(step) => Some(step),
            Self::Think(_) => None,
        }
    }
}

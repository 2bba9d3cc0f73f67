//! What one arrival does, step by step.

use std::time::Duration;

use bytes::Bytes;
pub use http::Method;
use http::{HeaderName, HeaderValue};

use super::{Check, EndpointId, Extract, Pause, TargetId, TemplateId};

/// A step of a scenario.
#[derive(Clone, Debug)]
pub enum Step {
    /// A request with what is expected of its answer.
    Request(Box<RequestStep>),
    /// A pause, as people make.
    Think(Pause),
}

/// A request with what is expected of its answer.
#[derive(Clone, Debug)]
pub struct RequestStep {
    /// Where its latencies go.
    pub endpoint: EndpointId,
    /// What is sent; parts that are templates stand here as they were written.
    pub request: Request,
    /// The parts that are made anew each time; `None` when nothing is.
    pub rendered: Option<Rendered>,
    /// Replaces the request timeout of the plan.
    pub timeout: Option<Duration>,
    /// What the answer must be.
    pub check: Check,
    /// What later steps need of the answer.
    pub extract: Vec<Extract>,
    /// False: played, but not recorded.
    pub measured: bool,
    /// Whether it is made once, before the first iteration: such steps log in, and their answers are full of credentials.
    pub is_setup: bool,
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

/// The parts of a request that are rendered each time it is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// Replaces the path.
    pub path: Option<TemplateId>,
    /// Replaces the values of headers, by their place in the request.
    pub headers: Vec<(usize, TemplateId)>,
    /// Replaces the body: its pieces one after another.
    pub body: Vec<Piece>,
}

/// A piece of a body.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Always the same.
    Fixed(Bytes),
    /// Text, or a JSON value with its type, as it is rendered.
    Rendered(TemplateId),
    /// Rendered text that is written as a JSON string.
    JsonString(TemplateId),
}

impl Rendered {
    /// Whether there is nothing to render.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl RequestStep {
    /// A step that sends a request always in the same way and checks nothing but that its status is below 400.
    #[must_use]
    pub fn plain(endpoint: EndpointId, request: Request) -> Self {
        let (check, extract) = (Check::default(), Vec::new());
        Self { endpoint, request, rendered: None, timeout: None, check, extract, measured: true, is_setup: false }
    }
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

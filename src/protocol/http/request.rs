//! A request made ready for the version of HTTP that its target speaks.

use std::cell::OnceCell;

use url::Url;

use super::{h1::Serialised, h2, redirect};
use crate::plan::{self, Target, TargetId};

/// A request with everything that is the same each time it is sent.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    pub(super) target: TargetId,
    pub(super) message: Message,
    /// What it was made of, for those who keep cookies or follow redirects.
    pub(super) written: Option<Box<Written>>,
}

/// A request in the form of the version of HTTP that its target speaks.
#[derive(Clone, Debug)]
pub(super) enum Message {
    Http1(Serialised),
    Http2(h2::Prepared),
    /// Nobody has asked the target yet.
    Either(Box<(Serialised, h2::Prepared)>),
}

/// A request as it was before it was made ready.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) request: plan::Request,
    /// Its web address, where somebody has asked for it.
    address: OnceCell<Option<Url>>,
}

impl Written {
    pub(super) fn new(request: &plan::Request) -> Self {
        Self { request: request.clone(), address: OnceCell::new() }
    }

    /// The web address of the request.
    pub(super) fn address(&self, targets: &[Target]) -> Option<&Url> {
        self.address.get_or_init(|| redirect::address(&targets[self.request.target], &self.request.path)).as_ref()
    }
}

//! What HTTP remembers of one user.

use super::jar::Jar;
use crate::record::Side;

/// A user of one version of the service.
#[derive(Debug)]
pub struct HttpSession {
    pub(super) jar: Jar,
    /// The version it plays: no redirect leads it to the other one.
    pub(super) side: Side,
}

impl HttpSession {
    /// One who was given nothing yet.
    pub(super) fn new(side: Side) -> Self {
        Self { jar: Jar::default(), side }
    }
}

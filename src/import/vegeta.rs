//! What both encodings of vegeta's results have in common.

use super::{
    endpoint::Endpoints,
    format::{Row, Rules},
    words,
};
use crate::record::ErrorClass;

/// For whoever has too many endpoints.
pub(super) const FEWER_ENDPOINTS: &str = "addresses with numbers in them make an endpoint each: write /items/:id in place of /items/17 in the file before importing it";

/// A request, as the files have it.
pub(super) struct Hit<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) status: u16,
    /// Empty where all went well.
    pub(super) error: &'a str,
    /// When it was sent.
    pub(super) sent_us: u64,
    pub(super) latency_us: u64,
}

impl<'a> Hit<'a> {
    pub(super) fn row(&self, endpoints: &'a mut Endpoints, rules: Rules) -> Row<'a> {
        let has_failed = !self.error.is_empty() || !(200..400).contains(&self.status);
        let failed = rules.judged(self.status, has_failed).map(|class| match class {
            ErrorClass::NoResponse | ErrorClass::CheckFailed => words::class(self.error),
            class => class,
        });
        let endpoint = endpoints.of(self.method, self.url);
        Row { time_us: self.sent_us, endpoint, stage: None, latency_us: self.latency_us, has_point: false, failed }
    }
}

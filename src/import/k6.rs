//! What both outputs of k6 have in common: samples of metrics, of which `http_req_duration` is one per request.
//!
//! A sample is dated when the request was over, and the duration leaves out the waiting for a connection.

use std::borrow::Cow;

use super::{
    endpoint::Endpoints,
    error::Mistake,
    format::{Row, Rules},
    number,
};
use crate::record::ErrorClass;

/// The metric that has a sample per request.
pub(super) const DURATION: &str = "http_req_duration";
/// For whoever has too many endpoints.
pub(super) const FEWER_ENDPOINTS: &str = "addresses with numbers in them make an endpoint each: name such requests in the script, as in http.get(url, { tags: { name: 'get-item' } })";

/// A sample of [`DURATION`], as the files have it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Tags<'a> {
    #[serde(borrow)]
    pub(super) method: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) url: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) expected_response: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) error_code: Cow<'a, str>,
}

impl Tags<'_> {
    /// The request. `ended_us` is when it was over.
    pub(super) fn row<'r>(
        &'r self,
        endpoints: &'r mut Endpoints,
        rules: Rules,
        ended_us: u64,
        latency_us: u64,
    ) -> Result<Row<'r>, Mistake> {
        let status = number::status("status", &self.status)?;
        let has_failed = match &*self.expected_response {
            "true" => false,
            "false" => true,
            _ => !(200..400).contains(&status),
        };
        let name = if self.name.is_empty() { &self.url } else { &self.name };
        Ok(Row {
            time_us: ended_us.saturating_sub(latency_us),
            endpoint: endpoints.of(&self.method, name),
            stage: None,
            latency_us,
            has_point: false,
            failed: rules.judged(status, has_failed).map(|class| self.class(class)),
        })
    }

    /// Where there is no status to tell, k6's own number of the error does.
    fn class(&self, by_status: ErrorClass) -> ErrorClass {
        if matches!(by_status, ErrorClass::Status4xx | ErrorClass::Status5xx) {
            return by_status;
        }
        match self.error_code.parse::<u16>().unwrap_or_default() {
            1050 => ErrorClass::TimeoutRequest,
            1100..1200 => ErrorClass::Dns,
            1211 => ErrorClass::TimeoutConnect,
            1212 => ErrorClass::ConnectRefused,
            1220 => ErrorClass::Reset,
            1200..1300 => ErrorClass::ConnectFailed,
            1300..1400 => ErrorClass::Tls,
            1600..1700 => ErrorClass::Protocol,
            _ => by_status,
        }
    }
}

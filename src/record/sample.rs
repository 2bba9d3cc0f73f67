//! One exchange in full, kept for somebody who wants to know why it failed.

use serde::{Deserialize, Serialize};

/// A request and its answer. Headers that carry credentials have `***` for a value, and secrets of the configuration are masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeSample {
    /// `POST /api/orders`, with the path as it was sent.
    pub request: String,
    /// Headers of the request, by name and value; those that every request has by itself (`host`, ..) are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_headers: Vec<(String, String)>,
    /// Status of the answer.
    pub status: u16,
    /// Headers of the answer, where they were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_headers: Vec<(String, String)>,
    /// Beginning of the body as text, at most [`Self::BODY_BYTES_MAX`], where it was kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Bytes the body had in all, as they came.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub body_bytes: u64,
}

impl ExchangeSample {
    /// Most bytes of a body that are kept.
    pub const BODY_BYTES_MAX: usize = 2_048;

    /// Whether the answer was kept with all that is shown of it: not its status alone, nor its headers without the body.
    #[must_use]
    pub fn is_full(&self) -> bool {
        !self.response_headers.is_empty() && (self.body_bytes == 0 || !self.body.is_empty())
    }

    /// The sample with every text in it changed.
    #[must_use]
    pub fn map(self, change: impl Fn(&str) -> String) -> Self {
        let headers = |headers: Vec<(String, String)>| headers.into_iter().map(|(name, value)| (name, change(&value))).collect();
        Self {
            request: change(&self.request),
            request_headers: headers(self.request_headers),
            response_headers: headers(self.response_headers),
            body: change(&self.body),
            ..self
        }
    }
}

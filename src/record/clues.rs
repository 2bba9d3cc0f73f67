//! What a record keeps for whoever looks for a cause: what is sent where, and what others noted meanwhile.

use serde::{Deserialize, Serialize};

/// What a step sends and promises, so that somebody can send it again by hand. Secrets and credentials are masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFacts {
    /// The metric name.
    pub endpoint: String,
    /// `GET`.
    pub method: String,
    /// Where it goes, templates as they were written; `$PORT` for a port that is chosen when the service is started.
    pub url: String,
    /// Headers by name and value, those of the target first; `***` for what must not be shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// What is sent along.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Whether parts of it are made anew for each request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub varies: bool,
    /// Statuses that are a success; empty for anything below 400.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<u16>,
    /// What the body must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// What else is checked, each in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// What the endpoint needs to work (`depends_on`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
}

/// Something that another program noted while the load was made (`diagnose.events`): a point of a series where it has a value, else an
/// event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// When, counted from the start of the run.
    pub at_us: u64,
    /// The series, or the kind of event: `cpu`, `deploy`.
    pub name: String,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What was said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

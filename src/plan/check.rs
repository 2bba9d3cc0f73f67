//! What an answer must be; one that is not counts as an error.

use std::{fmt, sync::Arc};

use http::{HeaderName, StatusCode};
use jsonschema::Validator;
use regex::Regex;

use super::{JsonPath, Rule};

/// The promises of one step.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// Statuses that are a success; empty for anything below 400.
    pub status: Vec<StatusCode>,
    /// What headers must be; one that is not there fails.
    pub headers: Vec<(HeaderName, Rule)>,
    /// What must be found in the body.
    pub body: Option<BodyRule>,
    /// What values of a JSON body must be: each place a path leads to, and there must be one.
    pub json: Vec<(JsonPath, Rule)>,
    /// Most bytes of the body.
    pub bytes_max: Option<u64>,
    /// JSON Schema of the body.
    pub schema: Option<Schema>,
}

/// What must be found in a body.
#[derive(Clone, Debug)]
pub enum BodyRule {
    /// A text, anywhere.
    Contains(String),
    /// A match of a regular expression, anywhere.
    Matches(Regex),
}

/// A JSON Schema, read and compiled.
#[derive(Clone)]
pub struct Schema {
    /// The file it came from, as written.
    pub file: String,
    /// The text of the file, for telling whether two runs checked the same.
    pub text: String,
    /// Compiled.
    pub validator: Arc<Validator>,
}

impl Check {
    /// Whether anything of the body is looked at.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        self.body.is_some() || !self.json.is_empty() || self.schema.is_some()
    }

    /// Whether headers are looked at.
    #[must_use]
    pub fn needs_headers(&self) -> bool {
        !self.headers.is_empty()
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("file", &self.file).finish_non_exhaustive()
    }
}

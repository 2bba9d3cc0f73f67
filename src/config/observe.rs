//! `observe:` as written.

use schemars::JsonSchema;
use serde::Deserialize;

/// What helps to look at the target while it is under load.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observe {
    /// `off` or `w3c`; off by default.
    pub traces: Option<String>,
}

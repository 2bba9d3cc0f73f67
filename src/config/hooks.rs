//! `hooks:` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::{Expected, TextOr, Time, Written};

/// Commands around a run.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// Before each replicate: gives the services fresh processes.
    pub restart: Option<TextOr<Hook>>,
    /// Before everything else.
    #[serde(default)]
    pub before: Vec<TextOr<Hook>>,
    /// After everything else.
    #[serde(default)]
    pub after: Vec<TextOr<Hook>>,
}

/// A command that is run to its end; the short form is its `run` alone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// The command, for the shell.
    pub run: String,
    /// How long it may take; 60s by default.
    pub timeout: Option<Written<Time>>,
    /// True: also after a run that did not come to its end; for `after`.
    pub always: Option<bool>,
}

impl Expected for Hook {
    const EXPECTED: &'static str = "a command, or a map such as { run: ./seed.sh, timeout: 60s }";
}

//! `github:` as written.

use schemars::JsonSchema;
use serde::Deserialize;

/// What a gate posts to the pull request.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Github {
    /// `sticky` (default), `on_change`, `on_regression`, `off`.
    pub comment: Option<String>,
    /// Tells the comments of one pull request apart; the suite's name by default.
    pub comment_key: Option<String>,
    /// Whether a comment that can't be posted changes the exit code.
    pub require_comment: Option<bool>,
    /// Whether the commit gets a check.
    pub check: Option<bool>,
    /// Whether the job summary is written.
    pub step_summary: Option<bool>,
    /// Whether findings stand beside the lines of the configuration.
    pub annotations: Option<bool>,
    /// `artifact`: what a fork may not post stays in the report folder, for a second workflow.
    pub on_fork: Option<String>,
}

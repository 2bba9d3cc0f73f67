//! `github` -> what is posted to the pull request.

use super::Problems;
use crate::{
    config::{Loaded, Path},
    policy::CommentMode,
};

/// Longest key: it stands in a comment and in the name of a check.
const KEY_CHARS_MAX: usize = 100;

/// What a gate posts to the pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GithubSettings {
    /// When there is a comment.
    pub comment: CommentMode,
    /// Tells the comments of one pull request apart.
    pub comment_key: String,
    /// Whether a comment that can't be posted changes the exit code.
    pub require_comment: bool,
    /// Whether the commit gets a check.
    pub check: bool,
    /// Whether the job summary is written.
    pub step_summary: bool,
    /// Whether findings stand beside the lines of the configuration.
    pub annotations: bool,
}

pub(super) fn resolve(loaded: &Loaded, suite: &str, problems: &Problems<'_>) -> GithubSettings {
    let written = &loaded.document.github;
    let at = Path::root().key("github");
    problems.choice(written.on_fork.as_deref(), &at.key("on_fork"), &[("artifact", ())], &[]);
    let key = written.comment_key.as_deref();
    if key.is_some_and(|key| !is_key(key)) {
        let hint = format!("write one line of 1 to {KEY_CHARS_MAX} characters, such as staging or ${{MATRIX_LEG}}");
        problems.add(&at.key("comment_key"), "this can't be the key of a comment", hint);
    }
    GithubSettings {
        comment: problems.choice(written.comment.as_deref(), &at.key("comment"), &CommentMode::ALL, &[]).unwrap_or_default(),
        comment_key: key.unwrap_or(suite).to_owned(),
        require_comment: written.require_comment.unwrap_or(false),
        check: written.check.unwrap_or(true),
        step_summary: written.step_summary.unwrap_or(true),
        annotations: written.annotations.unwrap_or(true),
    }
}

/// Whether a text can tell a comment from others.
#[must_use]
pub fn is_key(key: &str) -> bool {
    !key.trim().is_empty() && key.chars().count() <= KEY_CHARS_MAX && !key.chars().any(char::is_control)
}

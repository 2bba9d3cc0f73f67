//! The flags that say what is posted to a pull request.

use super::Failure;
use crate::{
    plan::{GithubSettings, is_key},
    policy::CommentMode,
    report::WebAddress,
};

/// What is posted; each flag takes the place of a key under `github`.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct PublishArgs {
    /// When the pull request gets a comment: sticky, on_change, on_regression, off [default: github.comment]
    #[arg(long, value_name = "MODE", value_parser = mode)]
    comment: Option<CommentMode>,
    /// Tells the comments of one pull request apart, such as those of a matrix [default: github.comment_key]
    #[arg(long, value_name = "KEY", value_parser = key)]
    comment_key: Option<String>,
    /// End with exit code 3 where all is well but the comment could not be posted
    #[arg(long)]
    require_comment: bool,
    /// Whether the commit gets a check: on, off [default: github.check]
    #[arg(long, value_name = "on|off", value_parser = switch)]
    check_run: Option<bool>,
    /// Page of the HTML report that the comment links to [default: the artifacts of the workflow's run]
    #[arg(long, value_name = "URL", value_parser = address)]
    report_url: Option<WebAddress>,
}

fn mode(name: &str) -> Result<CommentMode, String> {
    let named = CommentMode::ALL.iter().find(|(known, _)| *known == name);
    named.map(|(_, mode)| *mode).ok_or_else(|| format!("modes are {}", CommentMode::ALL.map(|(name, _)| name).join(", ")))
}

fn key(text: &str) -> Result<String, String> {
    is_key(text).then(|| text.to_owned()).ok_or_else(|| "write one line of 1 to 100 characters".to_owned())
}

fn address(text: &str) -> Result<WebAddress, String> {
    WebAddress::new(text).ok_or_else(|| "write an address that begins with https:// or http://".to_owned())
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}

impl PublishArgs {
    /// The settings with these flags.
    pub(super) fn over(&self, settings: &GithubSettings) -> GithubSettings {
        GithubSettings {
            comment: self.comment.unwrap_or(settings.comment),
            comment_key: self.comment_key.clone().unwrap_or_else(|| settings.comment_key.clone()),
            require_comment: self.require_comment || settings.require_comment,
            check: self.check_run.unwrap_or(settings.check),
            ..settings.clone()
        }
    }

    /// Whether the key is said here.
    pub(super) fn has_key(&self) -> bool {
        self.comment_key.is_some()
    }

    /// The page of the HTML report, where one is given.
    pub(super) fn report(&self) -> Option<WebAddress> {
        self.report_url.clone()
    }

    /// The settings of a verdict that comes without a configuration.
    ///
    /// # Errors
    /// The suite's name can be no key.
    pub(super) fn alone(&self, suite: &str) -> Result<GithubSettings, Failure> {
        if self.comment_key.is_none() && !is_key(suite) {
            return Err(Failure::usage("the name of the suite can't be the key of a comment").hint("give one with --comment-key"));
        }
        Ok(self.over(&GithubSettings {
            comment: CommentMode::Sticky,
            comment_key: suite.to_owned(),
            require_comment: false,
            check: true,
            step_summary: false,
            annotations: true,
        }))
    }
}

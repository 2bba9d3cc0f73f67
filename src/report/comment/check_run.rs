//! The texts of a check run: its title among the checks of a pull request, and the page behind it.

use super::{About, Comment};
use crate::report::ReportError;

/// GitHub takes 65,535 characters of each text; bytes are never fewer than characters.
const BYTES_MAX: usize = 60_000;
/// Longest title that is shown whole in the list of checks.
const TITLE_MAX: usize = 120;

/// How a check ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// The gate passed.
    Success,
    /// The gate failed, or the run is no measurement.
    Failure,
    /// The gate can't tell, and the policy says that this is no failure.
    Neutral,
    /// The run was stopped.
    Cancelled,
}

impl Conclusion {
    /// As GitHub calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Neutral => "neutral",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a check run says. Its name is for the caller to keep stable: required checks are found by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckText {
    /// How it ends.
    pub conclusion: Conclusion,
    /// What was found, in a line.
    pub title: String,
    /// The comment without its last lines, in Markdown.
    pub summary: String,
}

impl Comment<'_> {
    /// The same as a check run.
    ///
    /// # Errors
    /// As [`Comment::at`].
    pub fn check_run(&self) -> Result<CheckText, ReportError> {
        let (_, body) = self.fitting(BYTES_MAX)?;
        let (heading, rest) = body.split_once('\n').unwrap_or((&body, ""));
        let end = rest.rfind("<!-- loadgate:state").unwrap_or(rest.len());
        Ok(CheckText {
            conclusion: self.conclusion(),
            title: self.title(),
            summary: format!("{heading}\n{}\n", rest[..end].trim_end()),
        })
    }

    /// The verdict and what was found, without markup.
    #[must_use]
    pub fn title(&self) -> String {
        let (icon, headline) = match &self.about {
            About::One(view) => (view.judged.icon, view.judged.headline.clone()),
            About::Several(legs) => (super::legs::icon(legs), super::legs::headline(legs)),
        };
        match headline.char_indices().nth(TITLE_MAX) {
            Some((end, _)) => format!("{icon} {}…", &headline[..end]),
            None => format!("{icon} {headline}"),
        }
    }

    /// A check that is neutral fails nothing: what can't be told, and what was never compared, is neither good nor bad.
    fn conclusion(&self) -> Conclusion {
        let view = match &self.about {
            About::One(view) => *view,
            About::Several(legs) => match legs.first() {
                Some(worst) => worst.view,
                None => return Conclusion::Neutral,
            },
        };
        match (view.judged.kind, view.judged.exit_code) {
            ("pass", _) => Conclusion::Success,
            ("warn", _) if view.judged.compared.is_some() => Conclusion::Success,
            ("warn", _) | ("inconclusive", 0) => Conclusion::Neutral,
            (_, 130) => Conclusion::Cancelled,
            _ => Conclusion::Failure,
        }
    }
}

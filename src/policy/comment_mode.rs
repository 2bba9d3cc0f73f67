//! Which verdicts are told in the comment of a pull request.

/// When there is a comment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommentMode {
    /// Always, kept up to date.
    #[default]
    Sticky,
    /// Written when the verdict is another than before; none is begun for a pass.
    OnChange,
    /// Begun by a failed gate, and kept up to date from then on.
    OnRegression,
    /// Never.
    Off,
}

impl CommentMode {
    /// All of them, with their names in the configuration and on the command line.
    pub const ALL: [(&'static str, Self); 4] =
        [("sticky", Self::Sticky), ("on_change", Self::OnChange), ("on_regression", Self::OnRegression), ("off", Self::Off)];

    /// Whether a verdict is told where there is no comment yet.
    #[must_use]
    pub fn begins(self, verdict: &str) -> bool {
        match self {
            Self::Sticky => true,
            Self::OnChange => verdict != "pass",
            Self::OnRegression => verdict == "fail",
            Self::Off => false,
        }
    }

    /// Whether a verdict is told in a comment that tells the one before.
    #[must_use]
    pub fn goes_on(self, before: &str, verdict: &str) -> bool {
        match self {
            Self::Sticky | Self::OnRegression => true,
            Self::OnChange => before != verdict,
            Self::Off => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_say_when_a_comment_begins_and_when_it_goes_on() {
        let begins = |verdict: &str| CommentMode::ALL.map(|(_, mode)| mode.begins(verdict));
        assert_eq!(begins("pass"), [true, false, false, false]);
        assert_eq!(begins("inconclusive"), [true, true, false, false]);
        assert_eq!(begins("fail"), [true, true, true, false]);
        assert!(!CommentMode::OnChange.goes_on("fail", "fail") && CommentMode::OnChange.goes_on("fail", "pass"));
        assert!(CommentMode::OnRegression.goes_on("fail", "pass") && CommentMode::Sticky.goes_on("pass", "pass"));
    }
}

//! What the commit that is measured descends from, as far as the checkout knows.

use std::{collections::HashSet, path::Path};

use jiff::Timestamp;

use super::Git;

/// Most commits that are looked back at: older runs are no use any more.
const COMMITS_MAX: &str = "--max-count=10000";

/// Which commits are in the history of the one that is checked out.
#[derive(Clone, Debug)]
pub struct Lineage {
    commits: HashSet<String>,
    /// In a shallow clone the history ends early; runs that began until then may be of it.
    unknown_until: Option<Timestamp>,
}

impl Lineage {
    /// The history of what is checked out around a folder; `None` where git knows of none.
    #[must_use]
    pub fn of(folder: &Path) -> Option<Self> {
        let git = Git::within(folder, None);
        let is_shallow = git.ask(&["rev-parse", "--is-shallow-repository"]).ok()? == "true";
        let known = git.ask(&["rev-list", COMMITS_MAX, "HEAD"]).ok()?;
        let mut commits: HashSet<String> = known.lines().map(str::to_owned).collect();
        let mut unknown_until = None;
        if is_shallow {
            // Of a pull request the runner checks out a merge, made when the workflow was started. It names what it merged even where that was not fetched.
            let head = git.ask(&["cat-file", "commit", "HEAD"]).ok()?;
            commits
                .extend(head.lines().map_while(header).filter(|(name, _)| *name == "parent").map(|(_, value)| value.to_owned()));
            let seconds = git.ask(&["show", "--no-patch", "--format=%ct", "HEAD"]).ok()?;
            unknown_until = Some(Timestamp::from_second(seconds.parse().ok()?).ok()?);
        }
        Some(Self { commits, unknown_until })
    }

    /// Whether the history holds a commit, of which a run began at some moment.
    #[must_use]
    pub fn holds(&self, commit: &str, began: Timestamp) -> bool {
        self.commits.contains(commit) || self.unknown_until.is_some_and(|until| began <= until)
    }
}

/// A line of a commit's head; `None` for the empty one that ends it.
fn header(line: &str) -> Option<(&str, &str)> {
    line.split_once(' ')
}

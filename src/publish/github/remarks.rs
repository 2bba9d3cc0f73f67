//! What the user of a workflow should know of posting, in whole sentences.

use super::{
    annotations::Level,
    event::Context,
    trouble::{ApiError, Trouble},
};

const READ_ONLY: &str = "may only read, so neither comment nor check was posted. The result is in the job summary, and the exit code is \
                         the gate's. A second workflow (workflow_run) with `loadgate publish` can post it.";
const PERMISSIONS: &str = "The job needs `permissions: { pull-requests: write, checks: write }`; the exit code is not affected.";

/// A remark and how much it matters.
pub(super) type Remark = (Level, String);

/// That something could not be done. What a token may not do is the same sentence for all it may not.
pub(super) fn trouble(what: &str, error: &ApiError, context: &Context) -> Remark {
    match error.kind {
        Trouble::Forbidden if context.is_read_only() => {
            let whose = if context.is_fork { "from a fork" } else { "of Dependabot's" };
            (Level::Notice, format!("The token of a pull request {whose} {READ_ONLY}"))
        }
        Trouble::Forbidden => (Level::Warning, format!("{what}: {error}. {PERMISSIONS}")),
        _ => (Level::Warning, format!("{what}: {error}. The verdict and the exit code are not affected.")),
    }
}

/// That the commit has no pull request, where one might be expected.
pub(super) fn no_pull_request() -> Remark {
    let why = "No open pull request has the judged commit as its head, so nothing was commented.";
    (Level::Notice, why.to_owned())
}

/// That two gates of one run write to the same comment.
pub(super) fn shared_key(key: &str) -> Remark {
    let why = format!(
        "Another gate of this run has the comment key '{key}' too, and its comment was overwritten. Give each gate a key of its own \
         (comment-key), or post their verdicts together."
    );
    (Level::Warning, why)
}

/// That the comment was not touched.
pub(super) fn newer() -> Remark {
    let why = "The comment tells of a later run or a later commit already, and was left as it is.";
    (Level::Notice, why.to_owned())
}

/// That there is a commit status in the place of a check run.
pub(super) fn only_status() -> Remark {
    let why = "The token may not make check runs, so the gate is shown as a commit status.";
    (Level::Notice, why.to_owned())
}

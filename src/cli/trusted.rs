//! Workflows that are trusted with secrets and a token that may write while they look at what a stranger wrote.

use super::{Failure, config_args::ConfigArgs};
use crate::publish::github::{Context, Surroundings};

/// Events of GitHub whose workflows run with the rights of the repository itself, whoever opened the pull request.
const TRUSTED: [&str; 2] = ["pull_request_target", "workflow_run"];

/// Whether such a workflow looks at a pull request from another repository.
pub(super) fn with_a_strangers_code(context: &Context) -> bool {
    context.is_fork && TRUSTED.contains(&context.event.as_str())
}

/// The stranger's configuration must not say where load goes.
///
/// # Errors
/// The workflow itself does not say it either.
pub(super) fn check(config: &ConfigArgs) -> Result<(), Failure> {
    let Some(context) = Surroundings::detect().map(|surroundings| surroundings.context) else { return Ok(()) };
    if !with_a_strangers_code(&context) || config.sets("safety.allow_hosts") {
        return Ok(());
    }
    let message = format!(
        "this workflow ({}) has the rights of the repository, but the pull request comes from another one, and its \
         configuration would say where load goes",
        context.event
    );
    Err(Failure::usage(message).hint(
        "say it in the workflow: the action's input `allowed-targets: 127.0.0.1`, or --set \
         'safety.allow_hosts=[\"127.0.0.1\"]'; better run the gate on pull_request, which needs no rights",
    ))
}

//! Which code is measured and which build does it, as far as the CI service tells.

use std::fs;

use crate::{
    env,
    publish::github::Judged,
    record::{CiRun, Provenance},
};

/// Provenance of a run made now.
pub(super) fn detect(config_sha256: String) -> Provenance {
    let found = ci().or_else(local).unwrap_or_default();
    let (image_digest, label) = (env::lookup(env::LOADGATE_IMAGE_DIGEST), env::lookup(env::LOADGATE_LABEL));
    Provenance { config_sha256, image_digest, label, ..found }
}

/// Provenance of a run that another tool made, perhaps elsewhere and long ago: the work tree one stands in tells nothing of it,
/// only the CI job that it is a part of.
pub(super) fn of_ci() -> Provenance {
    Provenance { label: env::lookup(env::LOADGATE_LABEL), ..ci().unwrap_or_default() }
}

fn ci() -> Option<Provenance> {
    github().or_else(gitlab).or_else(jenkins)
}

/// Kind of runner: what the user says, else the CI's own words, else `local`.
pub(super) fn runner_class() -> String {
    named_runner_class()
        .or_else(|| {
            let parts = [env::RUNNER_ENVIRONMENT, env::IMAGE_OS, env::RUNNER_OS, env::RUNNER_ARCH];
            let words: Vec<String> = parts.into_iter().filter_map(env::lookup).collect();
            (!words.is_empty()).then(|| words.join("-").to_lowercase())
        })
        .unwrap_or_else(|| "local".to_owned())
}

/// Kind of runner, where the user says it.
pub(super) fn named_runner_class() -> Option<String> {
    env::lookup(env::LOADGATE_RUNNER_CLASS)
}

/// Whether the build is one of a branch itself: not of a change that somebody wants to bring into it.
pub(super) fn is_of_branch(provenance: &Provenance, branch: &str) -> bool {
    is_build_of(branch, provenance, env::lookup(env::GITHUB_EVENT_NAME).as_deref())
}

/// Whether the build is of a change that somebody wants to bring into a branch: a pull request, or one that waits to be merged.
pub(super) fn is_of_change(provenance: &Provenance) -> bool {
    let is_queued = |reference: &str| reference.starts_with("refs/heads/gh-readonly-queue/");
    provenance.pull_request.is_some() || provenance.reference.as_deref().is_some_and(is_queued)
}

/// Events of GitHub after which a workflow runs the code of the reference it names. `workflow_run` and `pull_request_target` name
/// the default branch and may run anybody's.
const OWN_CODE: [&str; 3] = ["push", "schedule", "workflow_dispatch"];

fn is_build_of(branch: &str, provenance: &Provenance, event: Option<&str>) -> bool {
    let (Some(ci), Some(reference)) = (&provenance.ci, &provenance.reference) else { return false };
    provenance.pull_request.is_none()
        && match ci.provider.as_str() {
            "github" => {
                reference.strip_prefix("refs/heads/") == Some(branch) && event.is_some_and(|event| OWN_CODE.contains(&event))
            }
            _ => reference.strip_prefix("origin/").unwrap_or(reference) == branch,
        }
}

fn github() -> Option<Provenance> {
    env::lookup(env::GITHUB_ACTIONS)?;
    let judged = Judged::detect();
    let run_id = env::lookup(env::GITHUB_RUN_ID).unwrap_or_default();
    let url = env::lookup(env::GITHUB_SERVER_URL)
        .zip(env::lookup(env::GITHUB_REPOSITORY))
        .map(|(server, repository)| format!("{server}/{repository}/actions/runs/{run_id}"));
    Some(Provenance {
        commit: judged.commit,
        reference: env::lookup(env::GITHUB_REF),
        pull_request: judged.pull_request,
        ci: Some(CiRun { provider: "github".to_owned(), run_id, attempt: attempt(), url }),
        config_sha256: String::new(),
        ..Provenance::default()
    })
}

fn attempt() -> u32 {
    env::lookup(env::GITHUB_RUN_ATTEMPT).and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn gitlab() -> Option<Provenance> {
    let run_id = env::lookup(env::CI_PIPELINE_ID)?;
    let url = env::lookup(env::CI_PIPELINE_URL);
    Some(Provenance {
        commit: env::lookup(env::CI_COMMIT_SHA),
        reference: env::lookup(env::CI_COMMIT_REF_NAME),
        pull_request: env::lookup(env::CI_MERGE_REQUEST_IID).and_then(|text| text.parse().ok()),
        ci: Some(CiRun { provider: "gitlab".to_owned(), run_id, attempt: 1, url }),
        config_sha256: String::new(),
        ..Provenance::default()
    })
}

fn jenkins() -> Option<Provenance> {
    let run_id = env::lookup(env::BUILD_TAG)?;
    Some(Provenance {
        commit: env::lookup(env::GIT_COMMIT),
        reference: env::lookup(env::GIT_BRANCH),
        pull_request: env::lookup(env::CHANGE_ID).and_then(|text| text.parse().ok()),
        ci: Some(CiRun { provider: "jenkins".to_owned(), run_id, attempt: 1, url: env::lookup(env::BUILD_URL) }),
        config_sha256: String::new(),
        ..Provenance::default()
    })
}

/// Outside CI: the commit the work tree stands at, read from `.git` without running anything.
fn local() -> Option<Provenance> {
    let here = std::env::current_dir().ok()?;
    let git = here.ancestors().map(|folder| folder.join(".git")).find(|git| git.is_dir())?;
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(reference) = head.trim().strip_prefix("ref: ") else {
        return Some(Provenance { commit: Some(head.trim().to_owned()), ..Provenance::default() });
    };
    let loose = fs::read_to_string(git.join(reference)).ok().map(|sha| sha.trim().to_owned());
    let packed = || {
        let refs = fs::read_to_string(git.join("packed-refs")).ok()?;
        refs.lines().find_map(|line| line.split_once(' ').filter(|(_, name)| *name == reference).map(|(sha, _)| sha.to_owned()))
    };
    Some(Provenance { commit: loose.or_else(packed), reference: Some(reference.to_owned()), ..Provenance::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(provider: &str, reference: &str) -> Provenance {
        let ci = CiRun { provider: provider.to_owned(), run_id: "1".to_owned(), attempt: 1, url: None };
        Provenance { ci: Some(ci), reference: Some(reference.to_owned()), ..Provenance::default() }
    }

    #[test]
    fn a_build_of_a_branch_is_one_of_its_own_code() {
        let on_github = |reference, event| is_build_of("main", &build("github", reference), Some(event));
        assert!(on_github("refs/heads/main", "push") && on_github("refs/heads/main", "schedule"));
        assert!(!on_github("refs/heads/feature", "push") && !on_github("refs/tags/main", "push"));
        assert!(!on_github("refs/pull/12/merge", "pull_request"));
        assert!(!on_github("refs/heads/main", "workflow_run"), "names the branch, and may play anybody's code");
        let of_pull_request = Provenance { pull_request: Some(12), ..build("github", "refs/heads/main") };
        assert!(!is_build_of("main", &of_pull_request, None));
        let queued = build("github", "refs/heads/gh-readonly-queue/main/pr-12-0a1b");
        assert!(is_of_change(&of_pull_request) && is_of_change(&queued) && !is_of_change(&build("github", "refs/heads/main")));
        assert!(
            is_build_of("trunk", &build("gitlab", "trunk"), None)
                && is_build_of("trunk", &build("jenkins", "origin/trunk"), None)
        );
        let local = Provenance { ci: None, ..build("", "refs/heads/main") };
        assert!(!is_build_of("main", &local, None), "what somebody plays at home");
    }
}

//! What started the workflow, and so which commit is judged and which pull request is told.

use std::fs;

use serde_json::Value;

use super::client::Server;
use crate::env;

/// Everything that the environment of a workflow's step tells.
#[derive(Clone)]
pub struct Surroundings {
    /// Where the API is and who asks; `None` without a token.
    pub server: Option<Server>,
    /// What is told, and where.
    pub context: Context,
}

/// Which commit, which pull request, which run.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// What started the workflow.
    pub event: String,
    /// `owner/name`.
    pub repository: String,
    /// The commit that is judged, as people know it; `None` where the event speaks of none.
    pub head_sha: Option<String>,
    /// The pull request that is told.
    pub pull: Pull,
    /// Whether what is judged comes from another repository.
    pub is_fork: bool,
    /// Whether Dependabot started the workflow.
    pub is_dependabot: bool,
    /// The run that judges.
    pub run: Run,
}

/// How the pull request is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pull {
    /// The event names it.
    Known(u64),
    /// The one whose head is the judged commit, if there is one. A branch of somebody's repository (`owner:branch`) helps to find it.
    LookUp(Option<String>),
    /// There is none.
    None,
}

/// A run of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Its number; later runs have greater ones.
    pub id: u64,
    /// 1, or more after a re-run.
    pub attempt: u32,
    /// Its page.
    pub url: Option<String>,
}

impl Surroundings {
    /// What the environment tells; `None` outside of GitHub Actions, or where it names no repository.
    #[must_use]
    pub fn detect() -> Option<Self> {
        Self::from(env::lookup, &payload())
    }

    fn from(lookup: impl Fn(&str) -> Option<String>, payload: &Value) -> Option<Self> {
        lookup(env::GITHUB_ACTIONS).filter(|value| value == "true")?;
        let api = lookup(env::GITHUB_API_URL).unwrap_or_else(|| "https://api.github.com".to_owned());
        let graphql = lookup(env::GITHUB_GRAPHQL_URL).unwrap_or_else(|| graphql_of(&api));
        let server = lookup(env::GITHUB_TOKEN).map(|token| Server { api, graphql, token });
        Some(Self { server, context: Context::from(lookup, payload)? })
    }
}

/// What a workflow judges, as its event says it: what records name, and where the check stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// The commit as people know it; the one that the workflow runs for, where the event speaks of no other.
    pub commit: Option<String>,
    /// The pull request, where the event names one.
    pub pull_request: Option<u64>,
}

impl Judged {
    /// What the environment tells; nothing outside of GitHub Actions.
    #[must_use]
    pub fn detect() -> Self {
        Self::from(env::lookup, &payload())
    }

    fn from(lookup: impl Fn(&str) -> Option<String>, payload: &Value) -> Self {
        let (event, sha) = (lookup(env::GITHUB_EVENT_NAME).unwrap_or_default(), lookup(env::GITHUB_SHA));
        let repository = lookup(env::GITHUB_REPOSITORY).unwrap_or_default();
        let found = found(&event, payload, &repository, sha.clone());
        let pull_request = match found.pull {
            Pull::Known(number) => Some(number),
            Pull::LookUp(_) | Pull::None => None,
        };
        Self { commit: found.head_sha.filter(|sha| is_sha(sha)).or(sha), pull_request }
    }
}

/// The event that started the workflow.
fn payload() -> Value {
    let text = env::lookup(env::GITHUB_EVENT_PATH).and_then(|path| fs::read_to_string(path).ok());
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Whether this is a step of a workflow of GitHub.
#[must_use]
pub fn is_workflow() -> bool {
    env::lookup(env::GITHUB_ACTIONS).is_some_and(|value| value == "true")
}

/// Enterprise servers have it beside `/api/v3`.
fn graphql_of(api: &str) -> String {
    let api = api.trim_end_matches('/');
    format!("{}/graphql", api.strip_suffix("/v3").unwrap_or(api))
}

impl Context {
    fn from(lookup: impl Fn(&str) -> Option<String>, payload: &Value) -> Option<Self> {
        let repository = lookup(env::GITHUB_REPOSITORY).filter(|name| is_repository(name))?;
        let event = lookup(env::GITHUB_EVENT_NAME).unwrap_or_default();
        let number = |name: &str| lookup(name).and_then(|text| text.parse::<u64>().ok());
        let found = found(&event, payload, &repository, lookup(env::GITHUB_SHA));
        let (head_sha, pull, is_fork) = (found.head_sha.filter(|sha| is_sha(sha)), found.pull, found.is_fork);
        let own = || {
            let attempt = number(env::GITHUB_RUN_ATTEMPT).and_then(|attempt| u32::try_from(attempt).ok());
            (number(env::GITHUB_RUN_ID).unwrap_or_default(), attempt.unwrap_or(1))
        };
        let (id, attempt) = found.run.unwrap_or_else(own);
        let server = lookup(env::GITHUB_SERVER_URL);
        let url = server.map(|server| format!("{}/{repository}/actions/runs/{id}", server.trim_end_matches('/')));
        let run = Run { id, attempt, url };
        let is_dependabot = lookup(env::GITHUB_ACTOR).as_deref() == Some("dependabot[bot]");
        Some(Self { event, repository, head_sha, pull, is_fork, is_dependabot, run })
    }

    /// Whether the token may only read, whatever the workflow gives it. In `pull_request_target` and `workflow_run` it may write.
    pub(super) fn is_read_only(&self) -> bool {
        match self.event.as_str() {
            "pull_request_target" => false,
            "push" => self.is_dependabot,
            event => event.starts_with("pull_request") && (self.is_fork || self.is_dependabot),
        }
    }

    /// The address of something of the repository: `/repos/owner/name/TAIL`.
    pub(super) fn path(&self, tail: &str) -> String {
        format!("/repos/{}/{tail}", self.repository)
    }
}

struct Found {
    head_sha: Option<String>,
    pull: Pull,
    is_fork: bool,
    /// The run that measured, where it is not the one that posts.
    run: Option<(u64, u32)>,
}

fn found(event: &str, payload: &Value, repository: &str, sha: Option<String>) -> Found {
    let text = |path: &str| payload.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let number = |path: &str| payload.pointer(path).and_then(Value::as_u64);
    // A deleted fork has no repository any more; what it was is unknown, and so it is no repository of ours.
    let is_foreign = |path: &str| text(path).is_none_or(|name| !name.eq_ignore_ascii_case(repository));
    let here = |head_sha, pull| Found { head_sha, pull, is_fork: false, run: None };
    match event {
        // `pull_request`, `pull_request_target`, `pull_request_review`, ..: GITHUB_SHA is a merge commit that nobody knows.
        _ if event.starts_with("pull_request") => Found {
            is_fork: is_foreign("/pull_request/head/repo/full_name"),
            ..here(text("/pull_request/head/sha"), number("/pull_request/number").map_or(Pull::None, Pull::Known))
        },
        "merge_group" => here(text("/merge_group/head_sha").or(sha), Pull::None),
        // Its pull requests are not asked: the list is empty for forks, and the artifact's word is a stranger's.
        "workflow_run" => {
            let owner = text("/workflow_run/head_repository/owner/login");
            let branch = owner.zip(text("/workflow_run/head_branch")).map(|(owner, branch)| format!("{owner}:{branch}"));
            let of_pull = text("/workflow_run/event").is_some_and(|event| event.starts_with("pull_request") || event == "push");
            Found {
                is_fork: is_foreign("/workflow_run/head_repository/full_name"),
                run: number("/workflow_run/id").map(|id| {
                    let attempt = number("/workflow_run/run_attempt").and_then(|attempt| u32::try_from(attempt).ok());
                    (id, attempt.unwrap_or(1))
                }),
                ..here(text("/workflow_run/head_sha"), if of_pull { Pull::LookUp(branch) } else { Pull::None })
            }
        }
        "push" | "workflow_dispatch" | "workflow_call" => here(sha, Pull::LookUp(None)),
        "deployment" | "deployment_status" => here(text("/deployment/sha"), Pull::LookUp(None)),
        "schedule" | "repository_dispatch" => here(sha, Pull::None),
        // GITHUB_SHA is the default branch's then, which has nothing to do with what is judged.
        _ => here(None, Pull::None),
    }
}

/// `owner/name` and nothing else: it becomes a part of addresses.
fn is_repository(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    name.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name))
}

/// A whole commit hash: it becomes a part of addresses.
pub(super) fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;

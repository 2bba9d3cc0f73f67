//! Every environment variable loadgate reads by name, or sets for the commands it runs, documented once.
//!
//! Variables a configuration names itself (`${NAME}`, `secrets:`) are read by [`lookup`] as well, so that tests can
//! reason about one door.

/// `true` inside GitHub Actions.
pub const GITHUB_ACTIONS: &str = "GITHUB_ACTIONS";
/// File the step's outputs are appended to, `name=value` a line.
pub const GITHUB_OUTPUT: &str = "GITHUB_OUTPUT";
/// File the job summary (Markdown) is appended to.
pub const GITHUB_STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";
/// JSON file with the event that started the workflow.
pub const GITHUB_EVENT_PATH: &str = "GITHUB_EVENT_PATH";
/// What started the workflow: `push`, `pull_request`, ..
pub const GITHUB_EVENT_NAME: &str = "GITHUB_EVENT_NAME";
/// Commit the workflow runs for (the ephemeral merge commit on `pull_request`).
pub const GITHUB_SHA: &str = "GITHUB_SHA";
/// Branch or tag ref, `refs/heads/main` or `refs/pull/12/merge`.
pub const GITHUB_REF: &str = "GITHUB_REF";
/// `owner/name`.
pub const GITHUB_REPOSITORY: &str = "GITHUB_REPOSITORY";
/// Who started the workflow.
pub const GITHUB_ACTOR: &str = "GITHUB_ACTOR";
/// Number of the workflow run.
pub const GITHUB_RUN_ID: &str = "GITHUB_RUN_ID";
/// 1 for the first attempt of a run, 2 for its first re-run.
pub const GITHUB_RUN_ATTEMPT: &str = "GITHUB_RUN_ATTEMPT";
/// Web address of the GitHub server.
pub const GITHUB_SERVER_URL: &str = "GITHUB_SERVER_URL";
/// Address of the REST API; another one on GitHub Enterprise Server.
pub const GITHUB_API_URL: &str = "GITHUB_API_URL";
/// Address of the GraphQL API.
pub const GITHUB_GRAPHQL_URL: &str = "GITHUB_GRAPHQL_URL";
/// The token that posts; without it nothing is posted.
pub const GITHUB_TOKEN: &str = "GITHUB_TOKEN";
/// Proxies on the way to GitHub, as shells and runners spell them.
pub const ALL_PROXY: [&str; 2] = ["ALL_PROXY", "all_proxy"];
/// The proxy for plain HTTP.
pub const HTTP_PROXY: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
/// The proxy for HTTPS.
pub const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
/// Hosts that no proxy is asked for.
pub const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// `Linux`, `macOS` or `Windows`.
pub const RUNNER_OS: &str = "RUNNER_OS";
/// `X64`, `ARM64`, ..
pub const RUNNER_ARCH: &str = "RUNNER_ARCH";
/// `github-hosted` or `self-hosted`.
pub const RUNNER_ENVIRONMENT: &str = "RUNNER_ENVIRONMENT";
/// Name of the runner image, such as `ubuntu24`.
pub const IMAGE_OS: &str = "ImageOS";
/// GitLab: commit, ref, pipeline, job address, merge request.
pub const CI_COMMIT_SHA: &str = "CI_COMMIT_SHA";
/// GitLab: branch or tag name.
pub const CI_COMMIT_REF_NAME: &str = "CI_COMMIT_REF_NAME";
/// GitLab: number of the pipeline.
pub const CI_PIPELINE_ID: &str = "CI_PIPELINE_ID";
/// GitLab: web address of the pipeline.
pub const CI_PIPELINE_URL: &str = "CI_PIPELINE_URL";
/// GitLab: number of the merge request within its project.
pub const CI_MERGE_REQUEST_IID: &str = "CI_MERGE_REQUEST_IID";
/// Jenkins: commit that is built.
pub const GIT_COMMIT: &str = "GIT_COMMIT";
/// Jenkins: branch that is built.
pub const GIT_BRANCH: &str = "GIT_BRANCH";
/// Jenkins: tag that names the build, `jenkins-JOB-12`.
pub const BUILD_TAG: &str = "BUILD_TAG";
/// Jenkins: web address of the build.
pub const BUILD_URL: &str = "BUILD_URL";
/// Jenkins: number of the pull request that is built.
pub const CHANGE_ID: &str = "CHANGE_ID";
/// Who is logged in.
pub const USER: &str = "USER";
/// Set by nearly every CI service; loadgate then prints a line each few seconds instead of a live display.
pub const CI: &str = "CI";
/// Overrides the runner class of the fingerprint (`ci-small`, `perf-lab-1`).
pub const LOADGATE_RUNNER_CLASS: &str = "LOADGATE_RUNNER_CLASS";
/// Digest of the image of the service that is measured (`sha256:..`); kept in the record.
pub const LOADGATE_IMAGE_DIGEST: &str = "LOADGATE_IMAGE_DIGEST";

/// What the state that is measured is called, in records and in the history: `v1.4`, `cache of 30 s`.
pub const LOADGATE_LABEL: &str = "LOADGATE_LABEL";

/// The port a service that loadgate starts shall listen on; set for its command.
pub const PORT: &str = "PORT";
/// Set for every command that loadgate runs, to a value of its own: tells the processes that came of it.
pub const LOADGATE_SERVICE: &str = "LOADGATE_SERVICE";

/// PEM file of certificate authorities to trust instead of the system's; read by `rustls-native-certs`.
pub const SSL_CERT_FILE: &str = "SSL_CERT_FILE";
/// Folders of them, separated by colons; read by `rustls-native-certs`.
pub const SSL_CERT_DIR: &str = "SSL_CERT_DIR";

/// The value of a variable; empty counts as unset, as CI services set variables they have no value for to "".
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn lookup(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

//! Where a run was made, of which code, and how the generator fared.

use serde::{Deserialize, Serialize};

use super::Encoded;

/// Which code was measured, and which build did it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Full commit hash of the candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Branch or tag ref.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Number of the pull or merge request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// The CI run, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci: Option<CiRun>,
    /// SHA-256 of the configuration file as written.
    #[serde(default)]
    pub config_sha256: String,
}

/// One run of a CI service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CiRun {
    /// `github`, `gitlab`, `jenkins`.
    pub provider: String,
    /// The service's own id of the run.
    pub run_id: String,
    /// 1 unless the run was repeated.
    pub attempt: u32,
    /// Page of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The machine that made the load.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// `linux`, `macos`, `windows`.
    pub os: String,
    /// `x86_64`, `aarch64`.
    pub arch: String,
    /// As the processor names itself.
    pub cpu_model: String,
    /// Logical processors the process may use.
    pub cores: u32,
    /// Physical memory.
    pub memory_bytes: u64,
    /// Kind of runner: `LOADGATE_RUNNER_CLASS`, else the CI's own words for it, else `local`.
    pub runner_class: String,
}

/// How the load generator itself fared in the measured stages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// How long after their due time requests were sent.
    pub late: Encoded,
    /// Sends later than 1 ms.
    pub late_over_1ms: u64,
    /// Processor time the generator threads used over the time they had (0 to 1), where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_share: Option<f64>,
    /// Largest resident memory of the process, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rss_bytes: Option<u64>,
}

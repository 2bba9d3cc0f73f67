//! Where a run was made, of which code, and how the generator fared.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Encoded, Imported, Late, ShedEvent};

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
    /// Digest of the image of the service that was measured (`LOADGATE_IMAGE_DIGEST`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// SHA-256 of the configuration file as written; empty where there was none.
    #[serde(default)]
    pub config_sha256: String,
    /// What somebody calls the state that was measured: a release, a change that is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// That somebody called a regression of this run intended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
    /// What the record was made from, where another tool made the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

/// That a run is slower than those before it, and is meant to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Why, in the words of who accepted it.
    pub reason: String,
    /// Who, as far as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Acceptance {
    /// `accepted by ann: exact rounding costs two queries`.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!("{}: {}", self.in_short(), self.reason)
    }

    /// `accepted by ann`.
    #[must_use]
    pub fn in_short(&self) -> String {
        let by = self.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
        format!("accepted{by}")
    }
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
    /// The same window by window, those of a stage in a list, parallel to the windows of an endpoint. A request belongs to the window
    /// it was *due* in. Of two versions that are played at a time it is that of both. Empty in a stored baseline, and where another
    /// tool made the load.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late_by_window: Vec<Vec<Late>>,
    /// Processor time the generator threads used over the time they had (0 to 1), where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_share: Option<f64>,
    /// Largest resident memory of the process, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rss_bytes: Option<u64>,
    /// Share of the time in which the busiest generator thread was on a processor or waited for one, in the worst of the looks
    /// of self-protection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_share_max: Option<f64>,
    /// Largest share of the memory of the machine, or of the control group where that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_share_max: Option<f64>,
    /// How much too late generator threads woke up, ten times a second: 99 % of the times at most so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sched_lag_p99_us: Option<u64>,
    /// The same at worst: a generator that stood still shows here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sched_lag_max_us: Option<u64>,
    /// How long the control group was kept from running because its processor quota was used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_us: Option<u64>,
    /// Share of the processors' time that the hypervisor gave to others, in the worst of the looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steal_share_max: Option<f64>,
    /// By how much a target's clock is ahead of the generator's at least, where messages with their time of sending tell so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ahead_us: Option<u64>,
    /// Why the generator was the bottleneck, with the figures, where that makes the run no measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturated: Option<String>,
    /// Load that was shed because the generator had too much to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shed: Vec<ShedEvent>,
}

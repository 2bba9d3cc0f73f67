//! `manifest.json`: what the archive is of, and the hash of everything in it.
//!
//! The serde attributes of this file *are* the format `loadgate/pack/v1`: fields are only ever added.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    record::{CiRun, RunRecord},
    report::VerdictFile,
};

/// The name and major version of the format.
pub const SCHEMA: &str = "loadgate/pack/v1";

/// What the archive is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`SCHEMA`] in files this version writes.
    pub schema: String,
    /// Name of the configuration.
    pub suite: String,
    /// Version of loadgate that made the load.
    pub tool_version: String,
    /// `pass`, `warn`, `fail`, `inconclusive`, `invalid`; `None` for a run that nobody judged.
    pub verdict: Option<String>,
    /// How the gate ended.
    pub exit_code: Option<u8>,
    /// The code that was measured and the build that did it.
    pub build: Build,
    /// The configuration, where one was packed or its hash is known.
    pub config: Option<ConfigFacts>,
    /// Everything else in the archive, in its order.
    pub files: Vec<PackedFile>,
}

/// The code that was measured and the build that did it, as the record tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Full commit hash of the candidate.
    pub commit: Option<String>,
    /// Branch or tag ref.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Number of the pull or merge request.
    pub pull_request: Option<u64>,
    /// Run, attempt and page of the CI service.
    pub ci: Option<CiRun>,
    /// Digest of the image that was measured.
    pub image_digest: Option<String>,
    /// Commits of the baseline it was compared with, newest first.
    pub baseline_commits: Vec<String>,
    /// When the first run began.
    pub started_at: Option<Timestamp>,
}

/// The configuration of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfigFacts {
    /// SHA-256 of the file the run was made from, as it was written; `None` where another tool made the run.
    pub sha256: Option<String>,
    /// Where it is in the archive; `None` when it was not packed.
    pub path: Option<String>,
    /// Whether the packed file is the one the run was made from.
    pub is_of_run: Option<bool>,
    /// Whether something in it was replaced by `***`, so that its hash in the list of files is another one.
    pub masked: bool,
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PackedFile {
    /// Path in the archive, with `/`.
    pub path: String,
    /// What it is: `record`, `baseline`, `verdict`, `report`, `configuration`, `sla table`, `breaker events`.
    pub what: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Build {
    /// What the record and the verdict tell.
    #[must_use]
    pub fn of(record: &RunRecord, verdict: Option<&VerdictFile>) -> Self {
        let of = &record.provenance;
        Self {
            commit: of.commit.clone(),
            reference: of.reference.clone(),
            pull_request: of.pull_request,
            ci: of.ci.clone(),
            image_digest: of.image_digest.clone(),
            baseline_commits: verdict
                .and_then(|verdict| verdict.baseline.as_ref())
                .map(|of| of.commits.clone())
                .unwrap_or_default(),
            started_at: Some(record.started_at),
        }
    }
}

/// The manifest of a record and its verdict, the files still to come.
#[must_use]
pub fn manifest_of(record: &RunRecord, verdict: Option<&VerdictFile>, config: Option<ConfigFacts>) -> Manifest {
    Manifest {
        schema: SCHEMA.to_owned(),
        suite: record.suite.clone(),
        tool_version: record.tool_version.clone(),
        verdict: verdict.map(|verdict| verdict.verdict.clone()),
        exit_code: verdict.map(|verdict| verdict.exit_code),
        build: Build::of(record, verdict),
        config,
        files: Vec::new(),
    }
}

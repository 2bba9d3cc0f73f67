//! `verdict.json`: the verdict for other programs, and for ours when they run later (`publish`, `baseline promote`).
//!
//! The types of this file *are* the format `loadgate/verdict/v1`: fields are only ever added.

mod rows;

use std::{fs::File, io::Read as _, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use rows::{ComparisonRow, SiblingsFacts, ThresholdRow, ValidityRow};

use super::ReportError;
use crate::{
    compare::{Comparison, Part, Rerun},
    policy::Mode,
    record::{Acceptance, CiRun, RunRecord},
    verdict::{Reference, SetAside, Verdict},
};

/// The name and major version of the format.
pub const SCHEMA: &str = "loadgate/verdict/v1";
/// Largest file that is read; real ones are some kilobytes. It may come from a stranger's pull request.
const BYTES_MAX: u64 = 16 << 20;

/// A verdict as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictFile {
    /// Always [`SCHEMA`] in files this version writes.
    pub schema: String,
    /// `pass`, `warn`, `fail`, `inconclusive`, `invalid`.
    pub verdict: String,
    /// How the process ended.
    pub exit_code: u8,
    /// Name of the configuration.
    pub suite: String,
    /// The configuration, as a path inside the repository, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Whether flags changed it, so that it does not make the same run by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
    /// What was judged.
    pub candidate: CandidateFacts,
    /// What it was compared with; `None` when there was nothing.
    pub baseline: Option<BaselineFacts>,
    /// What differs from the stored baselines, where none could be compared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
    /// What the comparison rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design: Option<DesignFacts>,
    /// `baseline` or `ab`.
    pub mode: String,
    /// Runs of the candidate.
    pub replicates: usize,
    /// How many were planned, where the verdict was sure before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_replicates: Option<usize>,
    /// The runs that were made because of a regression that the first one found. `replicates` counts theirs too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reruns: Vec<RerunFacts>,
    /// Replicates that the load generator spoilt: played again, or left out of `replicates`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<SetAsideFacts>,
    /// That people said of its regression that it is meant to be: rows that fail do not fail the build then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
    /// Share of the requests whose endpoints are settled.
    pub coverage: Option<f64>,
    /// Smallest change of the service as a whole that would have been seen, as a fraction.
    pub sensitivity: Option<f64>,
    /// Each compared metric of each endpoint; endpoint `*` is the service as a whole.
    pub comparisons: Vec<ComparisonRow>,
    /// Each threshold.
    pub thresholds: Vec<ThresholdRow>,
    /// Each check of the run itself.
    pub validity: Vec<ValidityRow>,
    /// Everything that made the verdict, worst first, each a sentence.
    pub reasons: Vec<String>,
}

/// The candidate in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateFacts {
    /// Full commit hash.
    pub commit: Option<String>,
    /// Branch or tag ref.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// When the first run began.
    pub started_at: Option<Timestamp>,
    /// Requests of the measured stages, all runs together.
    pub requests: u64,
    /// Those that failed.
    pub errors: u64,
    /// The run of the CI service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci: Option<CiRun>,
    /// Why it is not the whole run, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<String>,
}

/// A run that was made because a regression must show again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RerunFacts {
    /// Runs of the candidate in it.
    pub replicates: usize,
    /// Whether it found a regression of an endpoint that all runs before it had found to be worse.
    pub confirms: bool,
}

/// A replicate that says more about the load generator than about the service. Its records are in the folder `set-aside`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetAsideFacts {
    /// Its number, from 1.
    pub replicate: usize,
    /// What the generator did.
    pub reason: String,
    /// Whether it was played again.
    pub played_again: bool,
}

/// The baseline in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineFacts {
    /// Number of runs.
    pub runs: usize,
    /// Their commits, newest first, as far as known.
    pub commits: Vec<String>,
    /// The branch or tag ref of all of them.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When the newest of them began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
}

/// What a comparison rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DesignFacts {
    /// Length of a block.
    pub block_us: u64,
    /// Blocks of a run.
    pub blocks: usize,
    /// Measured length of a candidate run.
    pub run_us: u64,
    /// Tests that the chance of a false alarm is shared by.
    pub family: usize,
    /// Chance that a build without any change is failed.
    pub alpha: f64,
    /// Endpoints that the baseline has and the candidate lacks.
    pub vanished: Vec<String>,
    /// Endpoints that the candidate has and the baseline lacks.
    pub appeared: Vec<String>,
    /// What a reader must know to weigh the rows.
    pub notes: Vec<String>,
}

impl VerdictFile {
    /// The file of a verdict about these runs.
    #[must_use]
    pub fn new(verdict: &Verdict, candidate: &[RunRecord]) -> Self {
        let first = candidate.first();
        let windows = || candidate.iter().flat_map(|run| &run.endpoints).flat_map(|series| series.windows());
        let comparison = verdict.comparison();
        Self {
            schema: SCHEMA.to_owned(),
            verdict: verdict.kind.name().to_owned(),
            exit_code: verdict.exit.code(),
            suite: first.map_or_else(String::new, |run| run.suite.clone()),
            config: None,
            overridden: false,
            candidate: CandidateFacts {
                commit: first.and_then(|run| run.provenance.commit.clone()),
                reference: first.and_then(|run| run.provenance.reference.clone()),
                started_at: first.map(|run| run.started_at),
                requests: windows().map(|window| window.requests).sum(),
                errors: windows().map(crate::record::Window::error_count).sum(),
                ci: first.and_then(|run| run.provenance.ci.clone()),
                partial: None,
            },
            baseline: comparison.map(BaselineFacts::of),
            differences: match &verdict.reference {
                Reference::Mismatch(differences) => differences.clone(),
                Reference::Compared(_) | Reference::NoBaseline => Vec::new(),
            },
            design: comparison.map(DesignFacts::of),
            mode: comparison.map_or(Mode::Baseline, |comparison| comparison.mode).name().to_owned(),
            replicates: candidate.len(),
            planned_replicates: comparison.map(planned_runs).filter(|planned| *planned > candidate.len()),
            reruns: comparison.map_or_else(Vec::new, |comparison| comparison.reruns.iter().map(RerunFacts::of).collect()),
            set_aside: verdict.set_aside.iter().map(SetAsideFacts::of).collect(),
            accepted: verdict.accepted.clone(),
            coverage: comparison.map(|comparison| comparison.coverage),
            sensitivity: comparison.and_then(|comparison| comparison.sensitivity),
            comparisons: comparison.map_or_else(Vec::new, |comparison| comparison.rows.iter().map(ComparisonRow::of).collect()),
            thresholds: verdict.thresholds.iter().map(ThresholdRow::of).collect(),
            validity: verdict.validity.iter().map(ValidityRow::of).collect(),
            reasons: verdict.reasons.clone(),
        }
    }

    /// Reads a `verdict.json`.
    ///
    /// # Errors
    /// A file that is missing, too large, damaged, or no verdict of a version this program knows.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let foreign = |reason: String| ReportError::Foreign { path: path.to_owned(), reason };
        let mut text = String::new();
        let file = File::open(path).map_err(ReportError::io(path))?;
        file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(ReportError::io(path))?;
        if text.len() as u64 > BYTES_MAX {
            return Err(foreign("it is larger than any verdict".to_owned()));
        }
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| foreign(format!("not a verdict, as it is not JSON: {error}")))?;
        match value.get("schema").and_then(serde_json::Value::as_str) {
            Some(SCHEMA) => {}
            Some(other) => {
                return Err(foreign(format!("its schema is {}, not {SCHEMA}", super::escape::capped(other))));
            }
            None => return Err(foreign(format!("JSON without a schema, not a {SCHEMA} file"))),
        }
        serde_json::from_value(value).map_err(|error| foreign(format!("the verdict is damaged: {error}")))
    }
}

/// Candidate runs that were planned.
fn planned_runs(comparison: &Comparison) -> usize {
    match comparison.look.part {
        Part::Replicate => comparison.look.planned,
        Part::Block => comparison.candidate_runs,
    }
}

impl RerunFacts {
    fn of(rerun: &Rerun) -> Self {
        Self { replicates: rerun.candidate_runs, confirms: rerun.confirms }
    }
}

impl SetAsideFacts {
    fn of(set_aside: &SetAside) -> Self {
        let SetAside { replicate, reason, again } = set_aside.clone();
        Self { replicate, reason, played_again: again }
    }
}

impl BaselineFacts {
    fn of(comparison: &Comparison) -> Self {
        let (runs, commits) = (comparison.baseline_runs, comparison.baseline_commits.clone());
        Self { runs, commits, reference: None, newest: None }
    }
}

impl DesignFacts {
    fn of(comparison: &Comparison) -> Self {
        Self {
            block_us: comparison.block_us,
            blocks: comparison.blocks,
            run_us: comparison.run_us,
            family: comparison.family,
            alpha: comparison.alpha,
            vanished: comparison.vanished.clone(),
            appeared: comparison.appeared.clone(),
            notes: comparison.notes.clone(),
        }
    }
}

//! The whole file as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    baseline::Baseline,
    data::Feeder,
    diagnose::Diagnose,
    github::Github,
    hooks::Hooks,
    http::Http,
    observe::Observe,
    regression::Regression,
    report::Report,
    safety::Safety,
    scenarios::ScenarioEntry,
    stages::{Load, Stage},
    target::Target,
    thresholds::ThresholdEntry,
    written::{AnyScalar, TextOr, Time, Written},
};

/// Every section that is built.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Version of the language: 1.
    pub version: Option<u64>,
    /// Name of the suite; the folder's name by default.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// For people.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Where the load goes.
    pub target: Option<TextOr<Target>>,
    /// Other services that steps ask, by the names steps use.
    #[serde(default)]
    pub targets: BTreeMap<String, TextOr<Target>>,
    /// Defaults of variables.
    #[serde(default)]
    pub env: BTreeMap<String, AnyScalar>,
    /// Values that are never shown.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// Rows that users take.
    #[serde(default)]
    pub data: BTreeMap<String, Feeder>,
    /// How requests are made.
    #[serde(default)]
    pub http: Http,
    /// How much load, in short.
    pub stages: Option<Vec<Stage>>,
    /// How much load, and how.
    #[serde(default)]
    pub load: Load,
    /// Who asks for what.
    pub scenarios: Option<Vec<ScenarioEntry>>,
    /// Promises about this run alone.
    pub thresholds: Option<Vec<ThresholdEntry>>,
    /// Another name of `thresholds`.
    pub slo: Option<Vec<ThresholdEntry>>,
    /// Promises about this run against another.
    #[serde(default)]
    pub regression: Regression,
    /// Where earlier records live.
    #[serde(default)]
    pub baseline: Baseline,
    /// Length of a window of the record.
    #[serde(default)]
    pub record: Record,
    /// What is written after a run.
    #[serde(default)]
    pub report: Report,
    /// What a gate posts to the pull request.
    #[serde(default)]
    pub github: Github,
    /// What helps to look at the target while it is under load.
    #[serde(default)]
    pub observe: Observe,
    /// What helps to find a cause.
    #[serde(default)]
    pub diagnose: Diagnose,
    /// Commands around a run.
    #[serde(default)]
    pub hooks: Hooks,
    /// What keeps load from going where it must not.
    #[serde(default)]
    pub safety: Safety,
}

/// `record:`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Length of a window; 1s by default.
    pub window: Option<Written<Time>>,
}

/// Where a secret is read from: exactly one of the two.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// An environment variable.
    pub env: Option<String>,
    /// A file, relative to the configuration's folder.
    pub file: Option<String>,
}

//! What must be equal for two runs to be comparable: the work, its shape, and the kind of machine.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Imported, RunRecord};
use crate::units;

/// Versions that are played at a time: beside another one, a version has but a part of the machine.
const TOGETHER: &str = "versions at a time";
/// A run of one version, as all were before there was A/B; not part of the hash, so that their baselines keep their names.
const ALONE: &str = "1";

/// Named facts whose equality makes runs comparable, and a short name for all of them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Twelve hexadecimal digits; the folder a baseline lives in.
    pub id: String,
    /// The facts in words, for saying what differs.
    pub facts: Vec<(&'static str, String)>,
}

impl Fingerprint {
    /// The fingerprint of a record.
    #[must_use]
    pub fn of(record: &RunRecord) -> Self {
        let facts = match &record.provenance.imported {
            None => measured(record),
            Some(imported) => of_imported(record, imported),
        };
        let mut hash = Sha256::new();
        for (name, value) in facts.iter().filter(|(name, value)| (*name, value.as_str()) != (TOGETHER, ALONE)) {
            hash.update(format!("{name}={value}\n"));
        }
        let id = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { id, facts }
    }

    /// What differs from another one, in words: `processor: here 'A', there 'B'`.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        self.facts
            .iter()
            .filter_map(|(name, here)| {
                let (_, there) = other.facts.iter().find(|(theirs, _)| theirs == name)?;
                (here != there).then(|| format!("{name}: here '{here}', there '{there}'"))
            })
            .collect()
    }
}

fn measured(record: &RunRecord) -> Vec<(&'static str, String)> {
    let stages: Vec<String> = record
        .plan
        .stages
        .iter()
        .map(|stage| {
            format!(
                "{} for {}{}",
                stage.shape,
                units::duration(Duration::from_micros(stage.duration_us)),
                if stage.measured { "" } else { " (not measured)" }
            )
        })
        .collect();
    let environment = &record.environment;
    vec![
        ("scenarios", record.plan.scenario_hash.clone()),
        ("stages", stages.join(", ")),
        ("runner class", environment.runner_class.clone()),
        ("processor", environment.cpu_model.clone()),
        ("cores", environment.cores.to_string()),
        ("loadgate major version", major_version(record)),
        (TOGETHER, if record.ab.is_some() { "2" } else { ALONE }.to_owned()),
    ]
}

/// Files tell what came about, not what was planned: of equal plans they differ in length and rate. So an imported record is
/// comparable with those of the same format, parts and, where it was said, kind of runner; the rest is the user's to know.
fn of_imported(record: &RunRecord, imported: &Imported) -> Vec<(&'static str, String)> {
    let stages: Vec<&str> = record.plan.measured_stages().map(|stage| stage.name.as_str()).collect();
    vec![
        ("scenarios", format!("imported from {}, latencies {}", imported.source(), imported.latency_from.in_words())),
        ("stages", stages.join(", ")),
        ("runner class", record.environment.runner_class.clone()),
        ("loadgate major version", major_version(record)),
    ]
}

fn major_version(record: &RunRecord) -> String {
    record.tool_version.split('.').next().unwrap_or_default().to_owned()
}

//! What is known of a record that another load tool made the load for.

use serde::{Deserialize, Serialize};

/// Files shown by name; the others are counted.
const FILES_SHOWN: usize = 3;

/// Where an imported record comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Format of the files: `csv`, `k6-json`.
    pub format: String,
    /// Their names, without their folders.
    pub files: Vec<String>,
    /// Requests in them, those of a warm-up included.
    pub rows: u64,
    /// From which moment the latencies count.
    #[serde(default)]
    pub latency_from: LatencyFrom,
    /// When the first window began, by the clock of the files: microseconds since whatever moment that counts from.
    #[serde(default)]
    pub began_us: u64,
}

/// From which moment a latency counts. A tool that sends late and counts from then leaves out what requests waited before
/// ("coordinated omission"): a stall of the target shows in one latency instead of in all that were due meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatencyFrom {
    /// The moment the request was due, as loadgate's own.
    Due,
    /// The moment it was sent.
    Sent,
    /// Nobody said.
    #[default]
    Unknown,
}

impl LatencyFrom {
    /// For people.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Due => "from the moment a request was due",
            Self::Sent => "from the moment a request was sent",
            Self::Unknown => "from a moment the files do not tell",
        }
    }
}

impl Imported {
    /// What wrote the files, where the format tells: `k6-csv` and `k6-json` are two ways to write the same down.
    #[must_use]
    pub fn source(&self) -> &str {
        self.format.split('-').next().unwrap_or_default()
    }

    /// `imported from a.csv and b.csv`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let shown = self.files.iter().take(FILES_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
        match self.files.len().saturating_sub(FILES_SHOWN) {
            0 => format!("imported from {shown}"),
            more => format!("imported from {shown} and {more} more"),
        }
    }
}

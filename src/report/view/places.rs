//! Where things stand in the configuration, so that a reader of a diff sees a finding beside its line.

use super::View;

/// The configuration file and the lines of its endpoints.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Path of the configuration inside the repository, with `/` between its parts.
    pub file: Option<String>,
    /// The same as the user named it.
    pub named: Option<String>,
    /// Each endpoint and its line, from 1.
    pub endpoints: Vec<(String, u64)>,
}

impl View {
    /// The same, where it is known what stands where. Thresholds know their line by themselves.
    #[must_use]
    pub fn placed(mut self, places: Places) -> Self {
        for row in &mut self.file.comparisons {
            row.line = places.endpoints.iter().find(|(name, _)| *name == row.endpoint).map(|(_, line)| *line);
        }
        if let Some(config) = places.named.as_deref() {
            self.judged.diagnosis = self.judged.diagnosis.map(|found| found.placed(config));
        }
        self.judged.reproduce = places.named.as_deref().and_then(gate_with);
        self.file.config = places.file;
        self
    }
}

/// The command that plays the scenarios of one endpoint alone; nothing where a shell would read a name as something else.
pub(super) fn with_only(path: &str, endpoint: &str) -> Option<String> {
    let gate = gate_with(path)?;
    let is_plain = !endpoint.chars().any(|c| c.is_control() || c == '\'');
    is_plain.then(|| format!("{gate} --only '{endpoint}'"))
}

/// The command that makes the same run again; nothing where a shell would read the path as something else.
pub(super) fn gate_with(path: &str) -> Option<String> {
    let tame = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    let is_plain = !path.is_empty() && !path.starts_with('-') && path.len() <= 200 && path.chars().all(tame);
    is_plain.then(|| format!("loadgate gate -c {path}"))
}

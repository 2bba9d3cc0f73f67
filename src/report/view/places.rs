//! Where things stand in the configuration, so that a reader of a diff sees a finding beside its line.

use super::View;

/// The configuration file and the lines of its endpoints.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Path of the configuration inside the repository, with `/` between its parts.
    pub file: Option<String>,
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
        self.file.config = places.file;
        self
    }
}

//! Where things stand in the configuration, so that a reader of a diff sees a finding beside its line.

use super::View;

/// The configuration file, the lines of its endpoints, and how the run was asked for.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Path of the configuration inside the repository, with `/` between its parts.
    pub file: Option<String>,
    /// The same as the user named it; `None` where a flag must not be shown, as no line makes the same run then.
    pub named: Option<String>,
    /// The flags that change the configuration, each word as a shell reads it.
    pub flags: Vec<String>,
    /// Commands that must run meanwhile, as a shell reads them.
    pub beside: Vec<String>,
    /// The line that starts the service, where the gate starts it itself.
    pub start: Option<String>,
    /// Each endpoint and its line, from 1.
    pub endpoints: Vec<(String, u64)>,
}

impl Places {
    /// The command that makes the same run again, where it is known.
    fn gate(&self) -> Option<String> {
        let gate = gate_with(self.named.as_deref()?, &self.flags)?;
        let beside: String = self.beside.iter().map(|command| format!("{command} & ")).collect();
        Some(beside + &gate)
    }

    /// The command that plays the scenarios of one endpoint alone; nothing where a shell would read a name as something else.
    pub(super) fn gate_of(&self, endpoint: &str) -> Option<String> {
        let gate = self.gate()?;
        if self.flags.iter().any(|flag| flag == ONLY) {
            return Some(gate);
        }
        let is_plain = !endpoint.chars().any(|c| c.is_control() || c == '\'');
        is_plain.then(|| format!("{gate} {ONLY} '{endpoint}'"))
    }

    /// What starts the service that one request is to be sent to, where somebody has to.
    pub(super) fn start_of(&self, needs_port: bool) -> Option<String> {
        if needs_port {
            return self.start.clone();
        }
        (!self.beside.is_empty()).then(|| format!("{} &", self.beside.join(" & ")))
    }
}

impl View {
    /// The same, where it is known what stands where. Thresholds know their line by themselves.
    #[must_use]
    pub fn placed(mut self, places: Places) -> Self {
        for row in &mut self.file.comparisons {
            row.line = places.endpoints.iter().find(|(name, _)| *name == row.endpoint).map(|(_, line)| *line);
        }
        self.judged.diagnosis = self.judged.diagnosis.map(|found| found.placed(&places));
        self.judged.reproduce = places.gate();
        self.file.overridden = !places.flags.is_empty();
        self.file.config = places.file;
        self
    }
}

/// The flag that plays one endpoint alone.
const ONLY: &str = "--only";

/// The command that makes the same run again; nothing where a shell would read the path as something else.
pub(super) fn gate_with(path: &str, flags: &[String]) -> Option<String> {
    let tame = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    let is_plain = !path.is_empty() && !path.starts_with('-') && path.len() <= 200 && path.chars().all(tame);
    let flags: String = flags.iter().map(|flag| format!(" {flag}")).collect();
    is_plain.then(|| format!("loadgate gate -c {path}{flags}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_made_again_with_its_flags_and_what_runs_beside_it() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let (named, flags) = (Some("perf/load.yml".to_owned()), words(&["-e", "'N=a b'"]));
        let mut places = Places { named, flags, ..Places::default() };
        assert_eq!(places.gate().as_deref(), Some("loadgate gate -c perf/load.yml -e 'N=a b'"));
        assert_eq!(places.gate_of("GET /").as_deref(), Some("loadgate gate -c perf/load.yml -e 'N=a b' --only 'GET /'"));
        assert_eq!((places.gate_of("it's"), places.start_of(false)), (None, None));
        places.beside = words(&["serve --fast"]);
        places.flags.extend(words(&["--only", "a"]));
        assert_eq!(places.gate_of("a").as_deref(), Some("serve --fast & loadgate gate -c perf/load.yml -e 'N=a b' --only a"));
        assert_eq!(places.start_of(false).as_deref(), Some("serve --fast &"));
        places.named = None;
        assert_eq!(places.gate(), None);
    }
}

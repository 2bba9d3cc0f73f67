//! The flags that say how services are started.

use crate::config::Overrides;

/// Commands that take the place of those under `target`.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct StartArgs {
    /// Command that starts the service (target.start); it listens on $PORT
    #[arg(long, value_name = "COMMAND")]
    start_candidate: Option<String>,
    /// Command that starts the version to compare with (target.baseline_start); it listens on $PORT
    #[arg(long, value_name = "COMMAND")]
    start_baseline: Option<String>,
}

impl StartArgs {
    /// The command of the version that is judged alone.
    pub(super) fn of_candidate(command: Option<String>) -> Self {
        Self { start_candidate: command, start_baseline: None }
    }

    /// The same with a command of the version to compare with.
    pub(super) fn with_baseline(self, command: &str) -> Self {
        Self { start_baseline: Some(command.to_owned()), ..self }
    }

    /// The flags that are given, each word by itself.
    pub(super) fn flags(&self) -> Vec<String> {
        let given = [("--start-candidate", &self.start_candidate), ("--start-baseline", &self.start_baseline)];
        given.into_iter().filter_map(|(flag, command)| Some([flag.to_owned(), command.clone()?])).flatten().collect()
    }

    /// The same overrides with these commands.
    pub(super) fn over(&self, overrides: Overrides) -> Overrides {
        let Self { start_candidate, start_baseline } = self.clone();
        Overrides { start_candidate, start_baseline, ..overrides }
    }
}

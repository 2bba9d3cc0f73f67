//! Running the program: scrubbed environment, own folder, output as text.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use loadgate::env;

/// Variables of the surrounding CI that would change what the program does.
const SCRUBBED: [&str; 7] = ["GITHUB_", "RUNNER_", "ACTIONS_", "CI", "LOADGATE_", "BUILD_", "GIT_"];

/// A command line of the program, run in `folder`.
pub(crate) fn loadgate(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgate"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if SCRUBBED.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command.args(args).current_dir(folder);
    command
}

/// What came of it, in words a failing assertion can show.
pub(crate) fn transcript(output: &Output) -> String {
    format!(
        "exit {:?}\n--- stdout\n{}\n--- stderr\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Where `tests/components.sh` puts what it does not find among the system's packages.
const COMPONENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/components/bin");

/// The path of a component that is not ours. `None` skips the test, which only a machine without `LOADGATE_COMPONENTS=required`
/// may do.
pub(crate) fn component(name: &str) -> Option<PathBuf> {
    let path = env::lookup("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from(COMPONENTS)]);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    let required = env::lookup("LOADGATE_COMPONENTS").is_some_and(|value| value == "required");
    assert!(found.is_some() || !required, "{name} is missing: install it, or run `make test`");
    found
}

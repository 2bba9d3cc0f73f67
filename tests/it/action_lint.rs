//! Linters over the action, the workflows, the workflows that the documentation shows, and the scripts.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::program::{component, transcript};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder with this extension, in order.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    found.sort();
    assert!(!found.is_empty(), "{folder}: no *.{extension}");
    found
}

/// Workflows of this repository, and those that the pages show, written to a folder of a repository that holds the action.
fn workflows(folder: &Path) -> Vec<PathBuf> {
    fs::create_dir_all(folder.join(".github/workflows")).unwrap();
    let mut shown = Vec::new();
    for page in files("docs", "md") {
        let text = fs::read_to_string(&page).unwrap();
        for (number, block) in text.split("```yaml\n").skip(1).enumerate() {
            let block = block.split("```").next().unwrap();
            if block.contains("\njobs:\n") {
                let name = format!("{}-{number}.yml", page.file_stem().unwrap().to_str().unwrap());
                shown.push(folder.join(".github/workflows").join(name));
                // The pages leave the place of the action to the reader.
                fs::write(
                    shown.last().unwrap(),
                    block.replace("OWNER/loadgate@v0.1.0", &format!("loadgate/loadgate@{}", "0".repeat(40))),
                )
                .unwrap();
            }
        }
    }
    assert!(shown.len() >= 2, "the pages show workflows");
    shown.extend(files(".github/workflows", "yml"));
    shown.push(root().join("tests/action/events.yml"));
    shown
}

fn is_content(mut command: Command) {
    let output = command.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", transcript(&output));
}

/// Fails where actionlint, the schema of workflows or zizmor finds something in these workflows.
pub(crate) fn lint(workflows: &[PathBuf]) {
    if let Some(actionlint) = component("actionlint") {
        let mut command = Command::new(actionlint);
        // What scripts in workflows do is shellcheck's affair, which is not on everybody's PATH.
        command.args(["-shellcheck", "", "-pyflakes", "", "-no-color"]).args(workflows);
        is_content(command);
    }
    if let Some(schema) = component("check-jsonschema") {
        let mut command = Command::new(schema);
        command.args(["--builtin-schema", "vendor.github-workflows"]).args(workflows);
        is_content(command);
    }
    if let Some(zizmor) = component("zizmor") {
        let mut command = Command::new(zizmor);
        command.args(["--offline", "--no-progress", "--config", ".github/zizmor.yml"]).args(workflows);
        is_content(command);
    }
}

#[test]
fn linters_find_nothing_in_workflows_of_ours_and_those_the_pages_show() {
    let folder = tempfile::tempdir().unwrap();
    lint(&workflows(folder.path()));
}

#[test]
fn linters_find_nothing_in_the_action() {
    let (Some(zizmor), Some(schema)) = (component("zizmor"), component("check-jsonschema")) else { return };
    let mut command = Command::new(schema);
    command.args(["--builtin-schema", "vendor.github-actions", "action.yml"]);
    is_content(command);
    let mut command = Command::new(zizmor);
    command.args(["--offline", "--no-progress", "--config", ".github/zizmor.yml", "action.yml"]);
    is_content(command);
}

#[test]
fn shellcheck_finds_nothing_in_the_scripts() {
    let Some(shellcheck) = component("shellcheck") else { return };
    let mut command = Command::new(shellcheck);
    command.args(files("action", "sh")).args(["tests/components.sh", "docs/refresh.sh", "benches/peers/install.sh", ".ci/run"]);
    is_content(command);
}

/// The fenced blocks of a language on a page of `docs/ci`.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/ci").join(page)).unwrap();
    let begin = format!("```{language}\n");
    let found: Vec<String> = text.split(&begin).skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect();
    assert!(!found.is_empty(), "{page}: no example");
    found
}

#[test]
fn examples_for_other_services_are_right() {
    let (Some(schema), Some(shellcheck)) = (component("check-jsonschema"), component("shellcheck")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join(".gitlab-ci.yml");
    fs::write(&pipeline, &blocks("gitlab.md", "yaml")[0]).unwrap();
    let mut command = Command::new(schema);
    command.args(["--builtin-schema", "vendor.gitlab-ci"]).arg(&pipeline);
    is_content(command);
    for (number, script) in blocks("shell.md", "sh").iter().enumerate() {
        let path = folder.path().join(format!("{number}.sh"));
        fs::write(&path, script).unwrap();
        let mut command = Command::new(&shellcheck);
        // `$PORT` is meant for the shell that loadgate starts.
        command.args(["--exclude", "SC2016"]).arg(&path);
        is_content(command);
    }
}

#[test]
fn actions_of_others_are_pinned_by_commit_and_nothing_is_allowed_by_default() {
    let folder = tempfile::tempdir().unwrap();
    for path in workflows(folder.path()) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\npermissions: {}\n"), "{}: `permissions: {{}}` on top", path.display());
        for used in text.lines().filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("uses: ")) {
            let (name, commit) = used.split_whitespace().next().unwrap().split_once('@').unwrap_or((used, ""));
            let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(name == "./" || is_commit, "{}: {used}", path.display());
        }
    }
}

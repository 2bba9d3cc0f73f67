//! First steps: what `init`, `completions` and `man` write.

use std::{fs, path::Path, process::Command};

use crate::{
    action_lint,
    program::{component, loadgate, transcript},
};

fn ends_with(code: i32, folder: &Path, args: &[&str]) -> String {
    let output = loadgate(folder, args).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", transcript(&output));
    transcript(&output)
}

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const NODE: (&str, &str) = ("package.json", r#"{"scripts": {"start": "node server.js"}}"#);
const PROCFILE: (&str, &str) = ("Procfile", "web: ./shop --port ${PORT:-3000} --say \"it's\"\n");
const COMPOSE: (&str, &str) = ("compose.yaml", "services: { web: { ports:\n  - 18080:80\n} }\n");

#[test]
fn what_init_writes_is_a_configuration_and_the_workflows_are_right() {
    let mut workflows = Vec::new();
    let folders = [project(&[NODE]), project(&[PROCFILE]), project(&[COMPOSE]), project(&[])];
    for folder in &folders {
        let said = ends_with(0, folder.path(), &["init", "--action", &format!("shop/gate@{}", "0".repeat(40))]);
        assert!(said.contains("wrote ./loadgate.yml\nwrote ./.github/workflows/loadgate.yml\n"), "{said}");
        ends_with(0, folder.path(), &["check"]);
        workflows.push(folder.path().join(".github/workflows/loadgate.yml"));
        let texts =
            ["loadgate.yml", ".github/workflows/loadgate.yml"].map(|name| fs::read_to_string(folder.path().join(name)).unwrap());
        for text in &texts {
            let blank = text.split('@').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
            assert!(!blank, "a blank was left: {text}");
        }
    }
    action_lint::lint(&workflows);
}

#[test]
fn init_says_what_it_guessed_of_what_and_compares_both_versions_where_it_can_start_them() {
    let folder = project(&[PROCFILE, NODE]);
    let said = ends_with(0, folder.path(), &["init"]);
    assert!(said.contains("Procfile has a process `web`, so the service is started with `./shop"), "{said}");
    let config = fs::read_to_string(folder.path().join("loadgate.yml")).unwrap();
    assert!(config.contains(r#"start: "./shop --port $${PORT:-3000} --say \"it's\"""#), "{config}");
    let workflow = fs::read_to_string(folder.path().join(".github/workflows/loadgate.yml")).unwrap();
    assert!(workflow.contains("--start-baseline\n            cd ../baseline && ./shop --port $${PORT:-3000}"), "{workflow}");
    assert!(workflow.contains("npm install"), "{workflow}");
    let checked = ends_with(0, folder.path(), &["check", "--start-baseline", "cd ../baseline && ./shop --port $${PORT:-3000}"]);
    assert!(checked.contains("./shop --port ${PORT:-3000}"), "{checked}");
}

#[test]
fn the_workflow_compares_with_what_the_pull_request_is_merged_into_here() {
    let Some(git) = component("git") else { return };
    let folder = project(&[NODE]);
    ends_with(0, folder.path(), &["init"]);
    let workflow = fs::read_to_string(folder.path().join(".github/workflows/loadgate.yml")).unwrap();
    let line = workflow.lines().find_map(|line| line.trim().strip_prefix("run: git ")).unwrap();
    let run = |at: &Path, args: &[&str]| {
        let mut command = Command::new(&git);
        command.args(["-c", "user.name=shop", "-c", "user.email=shop@example.com"]).args(args).current_dir(at);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", transcript(&output));
    };
    let origin = folder.path().join("origin");
    fs::create_dir(&origin).unwrap();
    let commit = |name: &str| {
        fs::write(origin.join(name), name).unwrap();
        run(&origin, &["add", "--all"]);
        run(&origin, &["commit", "--quiet", "-m", name]);
    };
    run(&origin, &["init", "--quiet", "--initial-branch", "main"]);
    commit("start");
    run(&origin, &["checkout", "--quiet", "-b", "change"]);
    commit("of-the-pull-request");
    run(&origin, &["checkout", "--quiet", "main"]);
    commit("merged-by-others-since");
    run(&origin, &["checkout", "--quiet", "-b", "merge"]);
    run(&origin, &["merge", "--quiet", "--no-ff", "-m", "merge", "change"]);
    let url = format!("file://{}", origin.display());
    run(folder.path(), &["clone", "--quiet", "--depth", "2", "--branch", "merge", &url, "candidate"]);
    run(folder.path(), &line.split_whitespace().collect::<Vec<_>>());
    let has = |name: &str| folder.path().join("baseline").join(name).exists();
    assert!(has("merged-by-others-since") && !has("of-the-pull-request"));
}

#[test]
fn the_documentation_shows_the_workflow_that_init_writes() {
    let folder = project(&[COMPOSE]);
    ends_with(0, folder.path(), &["init", "--action", "OWNER/loadgate@v0.1.0"]);
    let workflow = fs::read_to_string(folder.path().join(".github/workflows/loadgate.yml")).unwrap();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/github.md")).unwrap();
    let shown = format!("```yaml\n# .github/workflows/loadgate.yml\n{workflow}```\n");
    assert!(page.contains(&shown), "docs/github.md shows another:\n{workflow}");
}

#[test]
fn init_never_replaces_a_file_unless_it_is_told_to() {
    let folder = project(&[NODE, ("loadgate.yml", "mine")]);
    let said = ends_with(2, folder.path(), &["init"]);
    assert!(said.contains("error: ./loadgate.yml is there already\nhint: write --force to replace it"), "{said}");
    assert!(!folder.path().join(".github").exists(), "all files or none");
    assert_eq!(fs::read_to_string(folder.path().join("loadgate.yml")).unwrap(), "mine");
    ends_with(0, folder.path(), &["init", "--force"]);
    assert!(fs::read_to_string(folder.path().join("loadgate.yml")).unwrap().contains("npm start"));
}

#[test]
fn init_takes_what_it_is_told_instead_of_guessing() {
    let folder = project(&[NODE]);
    let said = ends_with(0, folder.path(), &["init", "--start", "./run.sh", "--no-workflow", "--dir", "."]);
    assert!(!said.contains("workflow") && !folder.path().join(".github").exists(), "{said}");
    assert!(fs::read_to_string(folder.path().join("loadgate.yml")).unwrap().contains("start: \"./run.sh\""));
    ends_with(0, folder.path(), &["init", "--target", "https://staging.example.com", "--force"]);
    let config = fs::read_to_string(folder.path().join("loadgate.yml")).unwrap();
    assert!(config.contains("base_url: \"https://staging.example.com\"") && !config.contains("Guessed"), "{config}");
    assert!(ends_with(2, folder.path(), &["init", "--dir", "nowhere"]).contains("nowhere: no such folder"));
}

#[test]
fn completions_are_scripts_their_shell_understands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = loadgate(folder.path(), &["completions", shell]).output().unwrap();
        assert!(output.status.success(), "{}", transcript(&output));
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("start-baseline") && script.contains("mock-target"), "{shell}");
        fs::write(folder.path().join(shell), script).unwrap();
    }
    let Some(bash) = component("bash") else { return };
    let complete = ". ./bash; COMP_WORDS=(loadgate ga); COMP_CWORD=1; _loadgate loadgate ga loadgate; echo \"${COMPREPLY[@]}\"";
    let output = Command::new(bash).args(["--noprofile", "--norc", "-c", complete]).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "gate\n", "{}", transcript(&output));
}

#[test]
fn manual_pages_tell_of_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let page = ends_with(0, folder.path(), &["man"]);
    assert!(page.contains(".TH loadgate 1") && page.contains("loadgate\\-gate(1)"), "{page}");
    ends_with(0, folder.path(), &["man", "--out", "pages"]);
    for page in ["loadgate.1", "loadgate-gate.1", "loadgate-baseline-promote.1", "loadgate-init.1"] {
        let text = fs::read_to_string(folder.path().join("pages").join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(ends_with(2, folder.path(), &["man", "--out", "file"]).contains("file: can't write the pages here"));
}

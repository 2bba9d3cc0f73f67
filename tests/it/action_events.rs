//! The composite action, played by a runner that is not ours: `act`, on this host, once for each kind of event.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::{
    bench::{seen, target},
    fake_github::{FakeGithub, HEAD, REPOSITORY, TOKEN},
    github_contract::Prism,
    program::{component, transcript},
};

/// Each kind of event, with what GitHub tells of it.
const EVENTS: [(&str, &str); 7] = [
    ("pull_request", r#"{"pull_request": {"number": 12, "head": {"sha": "HEAD", "repo": {"full_name": "shop/api"}}}}"#),
    // From a fork; its token may not write.
    (
        "pull_request",
        r#"{"pull_request": {"number": 13, "head": {"sha": "HEAD", "repo": {"full_name": "stranger/api", "fork": true}}}}"#,
    ),
    ("push", r#"{"ref": "refs/heads/main", "after": "HEAD"}"#),
    ("merge_group", r#"{"action": "checks_requested", "merge_group": {"head_sha": "HEAD", "base_ref": "refs/heads/main"}}"#),
    (
        "workflow_run",
        r#"{"workflow_run": {"id": 5, "head_sha": "HEAD", "event": "push", "head_repository": {"full_name": "acme/shop"}}}"#,
    ),
    ("workflow_dispatch", r#"{"inputs": {}, "ref": "refs/heads/main"}"#),
    ("schedule", r#"{"schedule": "17 3 * * *"}"#),
];

/// The kind of runner, for the gate and for the run it is compared with.
const RUNNER: &str = "act";

/// A repository with this action in it, and the runner.
struct Repository {
    folder: tempfile::TempDir,
    act: PathBuf,
    git: PathBuf,
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

impl Repository {
    fn new(act: PathBuf, git: PathBuf) -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap(), act, git };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let at = |name: &str| repository.folder.path().join("work").join(name);
        copy(&root.join("action"), &at("action"));
        copy(&root.join("tests/action"), &at("tests/action"));
        fs::copy(root.join("action.yml"), at("action.yml")).unwrap();
        fs::create_dir_all(at(".github/workflows")).unwrap();
        fs::copy(root.join("tests/action/events.yml"), at(".github/workflows/events.yml")).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.git(&["remote", "add", "origin", &format!("https://github.com/{REPOSITORY}.git")]);
        repository.git(&["add", "--all"]);
        repository.git(&["-c", "user.name=shop", "-c", "user.email=shop@example.com", "commit", "--quiet", "-m", "Begin"]);
        repository
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // Nothing of the surrounding CI, and no cache or settings of the person who runs the tests.
        let path = std::env::join_paths([self.git.parent().unwrap(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        command.env_clear().env("PATH", path).env("HOME", self.folder.path()).env("XDG_CACHE_HOME", self.folder.path());
        command.current_dir(self.folder.path().join("work"));
        command
    }

    fn git(&self, args: &[&str]) {
        let output = self.command(&self.git).args(args).output().unwrap();
        assert!(output.status.success(), "{}", transcript(&output));
    }

    /// A run to compare with, for the plan that is to find too little in it.
    fn store_a_baseline(&self, plan: &str, target: &str) {
        if plan != "inconclusive" {
            return;
        }
        let config = format!("tests/action/{plan}.yml");
        for args in [
            &["run", "--quiet", "--config", &config, "--set", &format!("target.base_url={target}"), "--out", "earlier"][..],
            &["baseline", "promote", "--config", &config, "--unjudged", "--no-warmup", "earlier/record.json.gz"],
        ] {
            let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_loadgate")));
            let output = command.args(args).env("LOADGATE_RUNNER_CLASS", RUNNER).output().unwrap();
            assert!(output.status.success(), "{}", transcript(&output));
        }
    }

    /// Plays the workflow, without a token. Gives what the runner said and what the steps came to.
    fn play(&self, event: &str, payload: &str, plan: &str, target: &str) -> (Output, Value) {
        self.play_with(event, payload, plan, target, &[])
    }

    fn play_with(&self, event: &str, payload: &str, plan: &str, target: &str, more: &[String]) -> (Output, Value) {
        let file = |name: &str| self.folder.path().join(name);
        fs::write(file("event.json"), payload.replace("HEAD", HEAD)).unwrap();
        let _ = fs::remove_file(file("steps.json"));
        let env = |name: &str, value: &str| ["--env".to_owned(), format!("{name}={value}")];
        let output = self
            .command(&self.act)
            .args([
                event,
                "--platform",
                "ubuntu-latest=-self-hosted",
                "--pull=false",
                "--workflows",
                ".github/workflows/events.yml",
            ])
            .args(["--eventpath", file("event.json").to_str().unwrap()])
            .args(env("BINARY", env!("CARGO_BIN_EXE_loadgate")))
            .args(env("PLAN", plan))
            .args(env("TARGET", target))
            .args(env("RESULTS", file("steps.json").to_str().unwrap()))
            .args(more)
            .output()
            .unwrap();
        let steps = fs::read(file("steps.json")).unwrap_or_else(|error| panic!("{error}: {}", transcript(&output)));
        (output, serde_json::from_slice(&steps).unwrap())
    }
}

#[test]
fn load_in_a_workflow_of_every_kind_of_event_ends_with_the_verdict() {
    let (Some(act), Some(git)) = (component("act"), component("git")) else { return };
    let repository = Repository::new(act, git);
    let service = target("routes: [ { path: /items }, { path: /broken, status: 500 } ]");
    let address = format!("http://{}", service.addr());
    for (event, payload) in EVENTS {
        let before = seen(&service)["requests"].as_u64().unwrap();
        let (output, steps) = repository.play(event, payload, "passing", &address);
        let said = transcript(&output);
        assert_eq!(output.status.code(), Some(0), "{event}: {said}");
        let gate = &steps["gate"];
        assert_eq!(
            (&gate["outcome"], &gate["outputs"]["verdict"], &gate["outputs"]["exit-code"]),
            (&"success".into(), &"warn".into(), &"0".into())
        );
        let report = repository.folder.path().join("work").join(gate["outputs"]["report-path"].as_str().unwrap());
        assert!(report.ends_with("report.html"), "{event}: {}", report.display());
        assert!(said.contains("### ") && said.contains("Response times of the candidate"), "{event}: no job summary: {said}");
        assert!(seen(&service)["requests"].as_u64().unwrap() >= before + 500, "{event}: no load was sent");
    }
}

#[test]
fn load_in_a_workflow_that_breaks_a_promise_fails_the_job() {
    let (Some(act), Some(git)) = (component("act"), component("git")) else { return };
    let repository = Repository::new(act, git);
    let service = target("routes: [ { path: /items }, { path: /broken, status: 500 } ]");
    let (event, payload) = EVENTS[0];
    let (output, steps) = repository.play(event, payload, "failing", &format!("http://{}", service.addr()));
    assert_eq!(output.status.code(), Some(1), "{}", transcript(&output));
    assert_eq!((&steps["gate"]["outcome"], &steps["gate"]["outputs"]["verdict"]), (&"failure".into(), &"fail".into()));
    let (output, steps) = repository.play(event, payload, "no-such-plan", "http://127.0.0.1:1");
    assert_eq!(output.status.code(), Some(1), "{}", transcript(&output));
    assert!(transcript(&output).contains("no-such-plan.yml"), "{}", transcript(&output));
    assert!(steps["gate"]["outputs"]["verdict"].as_str().unwrap_or_default().is_empty(), "there was no verdict: {steps}");
}

#[test]
fn load_in_a_workflow_with_a_token_is_one_comment_and_one_completed_check() {
    let (Some(act), Some(git)) = (component("act"), component("git")) else { return };
    let repository = Repository::new(act, git);
    let service = target("routes: [ { path: /items }, { path: /broken, status: 500 } ]");
    let address = format!("http://{}", service.addr());
    let payload =
        format!(r#"{{"pull_request": {{"number": 12, "head": {{"sha": "HEAD", "repo": {{"full_name": "{REPOSITORY}"}}}}}}}}"#);
    for (plan, code, verdict, conclusion) in [
        ("passing", 0, "warn", "neutral"),
        ("green", 0, "pass", "success"),
        ("failing", 1, "fail", "failure"),
        ("inconclusive", 0, "inconclusive", "neutral"),
    ] {
        repository.store_a_baseline(plan, &address);
        let github = FakeGithub::start();
        let prism = Prism::before(&github);
        let api = prism.as_ref().map_or_else(|| github.api(), Prism::api);
        let env = |name: &str, value: &str| ["--env".to_owned(), format!("{name}={value}")];
        let secret = ["--secret".to_owned(), format!("GITHUB_TOKEN={TOKEN}")];
        let more = [
            env("GITHUB_API_URL", &api),
            env("GITHUB_GRAPHQL_URL", &github.graphql()),
            secret,
            env("LOADGATE_RUNNER_CLASS", RUNNER),
        ]
        .concat();
        for _ in 0..2 {
            let (output, steps) = repository.play_with("pull_request", &payload, plan, &address, &more);
            let said = transcript(&output);
            assert_eq!(output.status.code(), Some(code), "{said}");
            assert!(!said.contains(TOKEN), "the token is nobody's affair");
            assert!(
                steps["gate"]["outputs"]["comment-url"].as_str().unwrap_or_default().starts_with("https://"),
                "{steps}\n{said}"
            );
        }
        // Where nothing else is wrong, a machine that stood still is told as a warning.
        let told = |text: &str| {
            let stood_still = plan == "green" && text.contains("the load generator stood still");
            if stood_still { ("warn", "neutral") } else { (verdict, conclusion) }
        };
        let state = github.state();
        assert_eq!(state.comments.len(), 1, "{plan}: the second run edits the comment of the first");
        assert_eq!(state.checks.len(), 2, "{plan}: one for each run");
        for check in &state.checks {
            assert_eq!((&check["head_sha"], &check["status"]), (&HEAD.into(), &"completed".into()), "{check}");
            let summary = check["output"]["summary"].as_str().unwrap_or_default();
            assert_eq!(check["conclusion"], told(summary).1, "{check}");
        }
        drop(state);
        let body = github.bodies().concat();
        assert!(body.contains(&format!("\"verdict\":\"{}\"", told(&body).0)), "{plan}: {body}");
        println!("{plan}:\n{body}");
        assert_eq!(prism.map_or_else(Vec::new, |prism| prism.violations()), [""; 0]);
    }
}

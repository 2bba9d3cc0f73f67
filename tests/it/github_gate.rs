//! A gate as a step of a workflow: what it posts, and that posting never changes its exit code.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    bench::Bench,
    fake_github::{FakeGithub, Fault, HEAD, PULL, REPOSITORY, TOKEN, Then},
    program::transcript,
    proxy::Proxy,
};

const CONFIG: &str = "\
name: shop
target: TARGET
stages: [ { rate: 100/s, duration: 500ms } ]
scenarios: [ { name: items, get: /items } ]
regression: { block: 1s }
secrets: { KEY: { env: API_KEY } }
thresholds: [ items.error_rate < 1% ]
";
const FAILING: &str = "{ defaults: { status: 500 } }";
const SECRET: &str = "sesame-open-0815";

pub(crate) fn pull_request() -> Value {
    of_repository(REPOSITORY)
}

fn of_repository(name: &str) -> Value {
    json!({ "pull_request": { "number": PULL, "head": { "sha": HEAD, "repo": { "full_name": name } } } })
}

/// Runs the program as a step of a workflow.
pub(crate) fn step(bench: &Bench, github: &FakeGithub, event: (&str, &Value), args: &[&str]) -> Output {
    of_step(bench, github, event, args).output().unwrap()
}

pub(crate) fn of_step(bench: &Bench, github: &FakeGithub, (event, payload): (&str, &Value), args: &[&str]) -> Command {
    let file = |name: &str| bench.path().join(name);
    fs::write(file("event.json"), payload.to_string()).unwrap();
    fs::create_dir_all(file(".git")).unwrap();
    let mut command = bench.command(args);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_REPOSITORY", REPOSITORY)
        .env("GITHUB_EVENT_NAME", event)
        .env("GITHUB_EVENT_PATH", file("event.json"))
        .env("GITHUB_SHA", "2222222222222222222222222222222222222222")
        .env("GITHUB_REF", "refs/heads/fast")
        .env("GITHUB_RUN_ID", "77")
        .env("GITHUB_RUN_ATTEMPT", "1")
        .env("GITHUB_SERVER_URL", "https://github.com")
        .env("GITHUB_API_URL", github.api())
        .env("GITHUB_GRAPHQL_URL", github.graphql())
        .env("GITHUB_TOKEN", TOKEN)
        .env("GITHUB_OUTPUT", file("output"))
        .env("GITHUB_STEP_SUMMARY", file("summary.md"))
        .env("API_KEY", SECRET);
    command
}

fn gate(bench: &Bench, github: &FakeGithub, args: &[&str]) -> Output {
    step(bench, github, ("pull_request", &pull_request()), &[&["gate", "--quiet"], args].concat())
}

fn ended(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", transcript(output));
    transcript(output)
}

/// The only comment.
fn only(github: &FakeGithub) -> String {
    let bodies = github.bodies();
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    bodies[0].clone()
}

/// Title and conclusion of the only check, which is completed.
fn check(github: &FakeGithub) -> (String, String) {
    let state = github.state();
    assert_eq!(state.checks.len(), 1, "{:#?}", state.checks);
    let check = &state.checks[0];
    assert_eq!((check["status"].as_str(), check["head_sha"].as_str()), (Some("completed"), Some(HEAD)));
    (check["output"]["title"].as_str().unwrap().to_owned(), check["conclusion"].as_str().unwrap().to_owned())
}

#[test]
fn load_of_a_failing_gate_is_one_comment_one_check_and_an_annotation_at_the_line() {
    let (bench, github) = (Bench::new(FAILING, CONFIG), FakeGithub::start());
    let text = ended(&gate(&bench, &github, &[]), 1);
    let bodies = github.bodies();
    assert_eq!(bodies.len(), 1);
    assert!(bodies[0].starts_with("### ❌ loadgate:") && bodies[0].contains("items"), "{}", bodies[0]);
    assert!(bodies[0].ends_with("<!-- loadgate:report key=\"shop\" v=1 -->\n"), "{}", bodies[0]);
    let (title, conclusion) = check(&github);
    assert!(title.starts_with("❌") && conclusion == "failure", "{title}");
    let state = github.state();
    assert_eq!((state.annotations[0]["path"].as_str(), &state.annotations[0]["start_line"]), (Some("loadgate.yml"), &json!(7)));
    assert!(!text.contains("::error"), "said once, and the check says it: {text}");
    let link = format!("[HTML report (artifact of the run)](https://github.com/{REPOSITORY}/actions/runs/77#artifacts)");
    assert!(bodies[0].contains(&link), "{}", bodies[0]);
    let outputs = bench.text("output");
    assert!(outputs.contains("comment-url=https://") && outputs.contains("check-url=https://"), "{outputs}");
    let summary = bench.text("summary.md");
    let (_, posted) = summary.split_once("\nPosted to GitHub: ").unwrap();
    assert!(posted.starts_with("[the check](https://github.com/acme/shop/runs/"), "{posted}");
    assert!(posted.contains(" and [the comment](https://github.com/acme/shop/pull/12#issuecomment-"), "{posted}");
}

#[test]
fn load_of_a_second_run_edits_the_comment_and_says_what_is_mended() {
    let (bench, github) = (Bench::new(FAILING, CONFIG), FakeGithub::start());
    ended(&gate(&bench, &github, &[]), 1);
    bench.behave("{}");
    ended(&gate(&bench, &github, &[]), 0);
    let bodies = github.bodies();
    assert_eq!(bodies.len(), 1);
    assert!(!bodies[0].contains("⏳") && bodies[0].contains("\"verdict\":\"warn\""), "{}", bodies[0]);
    assert!(bodies[0].contains("Previously failing"), "{}", bodies[0]);
    assert_eq!(github.count("POST", "/comments"), 1);
}

#[test]
fn load_without_an_opinion_is_neutral() {
    let (bench, github) = (Bench::new("{}", CONFIG), FakeGithub::start());
    ended(&gate(&bench, &github, &[]), 0);
    assert_eq!(check(&github).1, "neutral", "nothing was compared yet");
}

#[test]
fn load_of_a_fork_is_told_in_the_summary_and_the_exit_code_is_the_gates() {
    for (script, code) in [("{}", 0), (FAILING, 1)] {
        let (bench, github) = (Bench::new(script, CONFIG), FakeGithub::start());
        github.fail(Fault::always("POST", "/repos/", Then::read_only()));
        let fork = of_repository("stranger/shop");
        let text = ended(&step(&bench, &github, ("pull_request", &fork), &["gate", "--quiet"]), code);
        assert!(text.contains("::notice title=loadgate::The token of a pull request from a fork may only read"), "{text}");
        assert!(bench.text("summary.md").contains("items"));
        assert_eq!(text.contains("::error file=loadgate.yml,line=7"), code == 1, "{text}");
        assert!(github.bodies().is_empty());
    }
}

#[test]
fn load_ends_with_another_exit_code_only_where_a_comment_is_required() {
    let github = FakeGithub::start();
    github.fail(Fault::always("POST", "/repos/", Then::read_only()));
    for (script, args, code) in [("{}", &["--require-comment"][..], 3), (FAILING, &["--require-comment"], 1), ("{}", &[], 0)] {
        let bench = Bench::new(script, CONFIG);
        ended(&gate(&bench, &github, args), code);
    }
}

#[test]
fn load_without_a_token_misses_a_comment_only_where_one_is_due() {
    let of_pull = pull_request();
    for (event, payload, args, code) in [
        ("pull_request", &of_pull, &["--comment", "off"][..], 0),
        ("pull_request", &of_pull, &[], 3),
        ("pull_request", &of_pull, &["--comment", "on_regression"], 0),
        ("push", &json!({}), &[], 0),
        ("schedule", &json!({}), &[], 0),
        ("merge_group", &json!({ "merge_group": { "head_sha": HEAD } }), &[], 0),
    ] {
        let (bench, github) = (Bench::new("{}", CONFIG), FakeGithub::start());
        let mut command = of_step(&bench, &github, (event, payload), &[&["gate", "--quiet", "--require-comment"], args].concat());
        let output = command.env_remove("GITHUB_TOKEN").output().unwrap();
        ended(&output, code);
        assert!(github.state().asked.is_empty(), "{event}");
    }
}

#[test]
fn load_is_gated_where_github_is_gone() {
    let bench = Bench::new("{}", CONFIG);
    let github = FakeGithub::start();
    github.fail(Fault::always("POST", "", Then::Answer(400, Vec::new(), "no".to_owned())));
    github.fail(Fault::always("GET", "", Then::Answer(400, Vec::new(), "no".to_owned())));
    let text = ended(&gate(&bench, &github, &[]), 0);
    assert!(text.contains("::warning title=loadgate::The comment could not be posted"), "{text}");
}

#[test]
fn a_configuration_that_is_wrong_is_seen_on_the_page_of_the_run() {
    let (bench, github) = (Bench::new("{}", "name: shop\nstage: []\n"), FakeGithub::start());
    let text = ended(&gate(&bench, &github, &[]), 2);
    assert!(text.contains("::error title=loadgate::loadgate.yml"), "{text}");
    assert_eq!(bench.text("output"), "exit-code=2\n");
    let summary = bench.text("summary.md");
    assert!(summary.starts_with("### 🚫 no verdict: loadgate.yml") && summary.contains("exit code 2"), "{summary}");
    fs::remove_file(bench.path().join("summary.md")).unwrap();
    let text = ended(&gate(&bench, &github, &["--no-publish"]), 2);
    assert!(!text.contains("::error") && !bench.path().join("summary.md").exists(), "{text}");
    assert_eq!(bench.text("output"), "exit-code=2\nexit-code=2\n");
}

#[test]
fn load_that_cannot_be_reported_is_said_on_the_check_and_on_top_of_the_comment() {
    let (bench, github) = (Bench::new(FAILING, CONFIG), FakeGithub::start());
    ended(&gate(&bench, &github, &[]), 1);
    let before = only(&github);
    github.state().checks.clear();
    // A file, where a folder is wanted.
    let text = ended(&gate(&bench, &github, &["--out", "loadgate.yml"]), 2);
    assert!(text.contains("::error title=loadgate::") && bench.text("output").ends_with("exit-code=2\n"), "{text}");
    let (title, conclusion) = check(&github);
    assert!(title.starts_with("no verdict: ") && conclusion == "failure", "{title}");
    let told = only(&github);
    assert!(told.starts_with("🚫 no verdict for `111111111`: ") && told.ends_with(&before), "{told}");
    ended(&gate(&bench, &github, &[]), 1);
    assert!(!only(&github).contains("no verdict for"), "{}", only(&github));
}

#[test]
fn load_of_a_target_that_is_gone_completes_the_check() {
    let (bench, github) = (Bench::new("{}", CONFIG), FakeGithub::start());
    bench.configure(&CONFIG.replace("TARGET", &format!("http://127.0.0.1:{}", crate::bench::closed_port())));
    let text = ended(&gate(&bench, &github, &[]), 3);
    let (title, conclusion) = check(&github);
    assert_eq!(conclusion, "failure", "{title}: {text}");
    assert_eq!(github.bodies().len(), 1);
}

#[test]
fn load_is_posted_as_far_as_flags_and_configuration_ask_for_it() {
    for args in
        [&["--comment", "off", "--check-run", "off"][..], &["--no-publish"], &["--set", "github={comment: 'off', check: false}"]]
    {
        let (bench, github) = (Bench::new("{}", CONFIG), FakeGithub::start());
        let text = ended(&gate(&bench, &github, args), 0);
        assert_eq!(github.writes(), 0, "{args:?}");
        assert!(text.contains(&format!("::add-mask::{SECRET}\n")), "{args:?}: {text}");
    }
    let (bench, github) = (Bench::new("{}", CONFIG), FakeGithub::start());
    ended(&gate(&bench, &github, &["--comment-key", "arm", "--comment", "on_regression"]), 0);
    assert!(github.bodies().is_empty());
    assert_eq!(github.state().checks[0]["name"], "loadgate / arm");
}

#[test]
fn load_of_every_event_is_gated() {
    let own = json!({ "full_name": REPOSITORY });
    let workflow_run = json!({ "workflow_run": { "id": 5, "event": "schedule", "head_sha": HEAD, "head_repository": own } });
    let merge_group = json!({ "merge_group": { "head_sha": HEAD } });
    for (event, payload, checks) in [
        ("push", json!({}), 1),
        ("merge_group", merge_group, 1),
        ("workflow_run", workflow_run, 1),
        ("workflow_dispatch", json!({ "inputs": null }), 1),
        ("schedule", json!({ "schedule": "0 4 * * *" }), 1),
        ("issue_comment", json!({ "issue": { "number": 12 } }), 0),
    ] {
        let (bench, github) = (Bench::new("{}", CONFIG), FakeGithub::start());
        ended(&step(&bench, &github, (event, &payload), &["gate", "--quiet"]), 0);
        assert_eq!((github.bodies().len(), github.state().checks.len()), (0, checks), "{event}");
        if let Some(check) = github.state().checks.first() {
            assert_eq!(bench.verdict()["candidate"]["commit"], check["head_sha"], "{event}: the record is of the same commit");
        }
    }
}

#[test]
fn load_of_a_stranger_with_the_rights_of_the_repository_goes_where_the_workflow_says() {
    let workflow_run = json!({ "workflow_run": {
        "id": 5, "event": "pull_request", "head_sha": HEAD, "head_repository": { "full_name": "stranger/shop" },
    } });
    for (event, payload) in [("pull_request_target", of_repository("stranger/shop")), ("workflow_run", workflow_run)] {
        let config = format!("{CONFIG}safety: {{ allow_hosts: [ 127.0.0.1 ] }}\n");
        let (bench, github) = (Bench::new("{}", &config), FakeGithub::start());
        for command in ["gate", "run"] {
            let text = ended(&step(&bench, &github, (event, &payload), &[command, "--quiet"]), 2);
            assert!(text.contains("its configuration would say where load goes") && text.contains("allowed-targets"), "{text}");
        }
        assert_eq!(bench.requests(), 0, "{event}");
        let said = ["gate", "--quiet", "--set", "safety.allow_hosts=[\"127.0.0.1\"]"];
        ended(&step(&bench, &github, (event, &payload), &said), 0);
        assert!(bench.requests() > 0, "{event}");
    }
    let (bench, github) = (Bench::new("{}", CONFIG), FakeGithub::start());
    ended(&step(&bench, &github, ("pull_request_target", &pull_request()), &["gate", "--quiet"]), 0);
}

#[test]
fn load_leaves_the_token_and_secrets_in_no_file_and_no_comment() {
    let (bench, github) = (Bench::new(FAILING, CONFIG), FakeGithub::start());
    let text = ended(&gate(&bench, &github, &[]), 1);
    let secret: Vec<&str> = text.lines().filter(|line| line.contains(SECRET)).collect();
    assert_eq!(secret, [format!("::add-mask::{SECRET}")], "the runner takes that line away and hides the rest");
    let mut texts = vec![text, github.bodies().concat(), format!("{:?}", github.state().checks)];
    collect(bench.path(), &mut texts);
    assert!(texts.iter().all(|text| !text.contains(TOKEN)));
    assert!(texts[1..].iter().all(|text| !text.contains(SECRET)));
}

fn collect(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            collect(&entry, texts);
        } else {
            texts.push(String::from_utf8_lossy(&fs::read(entry).unwrap()).into_owned());
        }
    }
}

#[test]
fn load_without_a_token_is_annotated_in_the_log() {
    let bench = Bench::new(FAILING, CONFIG);
    fs::create_dir_all(bench.path().join(".git")).unwrap();
    let command = &mut bench.command(&["gate", "--quiet"]);
    let output =
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_REPOSITORY", REPOSITORY).env("API_KEY", SECRET).output().unwrap();
    let text = ended(&output, 1);
    assert!(text.contains("::group::loadgate: load\n") && text.contains("::endgroup::\n"), "{text}");
    assert!(text.contains("::error file=loadgate.yml,line=7,title="), "{text}");
}

#[test]
fn load_that_is_interrupted_is_a_cancelled_check_and_the_comment_stays_as_it_was() {
    for signal in ["-INT", "-TERM"] {
        let (bench, github) = (Bench::new(FAILING, CONFIG), FakeGithub::start());
        gate(&bench, &github, &[]);
        let (before, checks) = (github.bodies(), std::mem::take(&mut github.state().checks));
        assert_eq!((before.len(), checks.len()), (1, 1));
        bench.configure(&CONFIG.replace("duration: 500ms", "duration: 10m"));
        bench.behave("{}");
        let mut command = of_step(&bench, &github, ("pull_request", &pull_request()), &["gate", "--quiet"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while bench.requests() < 20 {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        }
        assert!(github.bodies()[0].starts_with("⏳ measuring"), "{}", github.bodies()[0]);
        assert_eq!(github.state().checks[0]["status"], "in_progress");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        ended(&child.wait_with_output().unwrap(), 130);
        assert_eq!(check(&github).1, "cancelled");
        assert_eq!(github.bodies(), before);
    }
}

#[test]
fn load_is_posted_through_the_proxy_that_the_environment_names() {
    let (bench, github) = (Bench::new("{}", CONFIG), FakeGithub::below("/api/v3"));
    let proxy = Proxy::to(github.port());
    // A name that nobody can look up: only the proxy knows where it is.
    let mut command = of_step(&bench, &github, ("pull_request", &pull_request()), &["gate", "--quiet"]);
    let output = command
        .env("GITHUB_API_URL", "http://github.invalid/api/v3")
        .env("GITHUB_GRAPHQL_URL", "http://github.invalid/api/graphql")
        .env("http_proxy", format!("http://user:word@127.0.0.1:{}", proxy.port))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let text = ended(&output, 0);
    assert!(!text.contains("::warning"), "{text}");
    let asked = proxy.asked.lock().unwrap().clone();
    assert!(!asked.is_empty() && asked.iter().all(|head| head.starts_with("CONNECT github.invalid:80 HTTP/1.1")), "{asked:?}");
    assert!(
        asked[0].contains("dXNlcjp3b3Jk") && !asked.concat().contains(TOKEN),
        "who one is to the proxy, and no more: {asked:?}"
    );
}

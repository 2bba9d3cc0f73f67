//! `loadgate publish`: the second half of a pull request from a fork, and one comment for the legs of a matrix.

use std::{fs, process::Output};

use serde_json::{Value, json};

use crate::{
    bench::Bench,
    fake_github::{FakeGithub, HEAD},
    github_gate::{pull_request, step},
    program::transcript,
};

/// A verdict as a stranger's pull request brings it.
fn verdict(suite: &str, commit: &str) -> Value {
    let row = json!({
        "endpoint": "GET /a|b @team #1 <script>", "metric": "p99", "unit": "us", "baseline": 1000.0, "candidate": 1500.0, "change": 0.5,
        "ci": [0.4, 0.6], "p_value": 0.001, "tolerance": 0.25, "mde": 0.1, "outcome": "regressed", "level": "fail",
        "reason": "visit https://evil.example",
    });
    json!({
        "schema": "loadgate/verdict/v1", "verdict": "fail", "exit_code": 1, "suite": suite,
        "candidate": { "commit": commit, "ref": "refs/pull/666/merge", "started_at": "2026-11-20T12:00:00Z", "requests": 5000, "errors": 0 },
        "baseline": { "runs": 6, "commits": [] }, "mode": "baseline", "replicates": 1, "coverage": 1.0, "sensitivity": 0.07,
        "comparisons": [row], "thresholds": [], "validity": [], "reasons": ["@everybody look at https://evil.example"],
    })
}

fn workflow_run() -> Value {
    json!({ "workflow_run": {
        "id": 55, "run_attempt": 1, "event": "pull_request", "head_sha": HEAD, "head_branch": "fast",
        "head_repository": { "full_name": "stranger/shop", "owner": { "login": "stranger" } },
        "pull_requests": [ { "number": 666 } ],
    } })
}

/// In the second workflow, which must say the key.
fn publish(bench: &Bench, github: &FakeGithub, args: &[&str]) -> Output {
    let key: &[&str] = if args.contains(&"--comment-key") { &[] } else { &["--comment-key", "fork"] };
    step(bench, github, ("workflow_run", &workflow_run()), &[&["publish"], args, key].concat())
}

fn ended(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", transcript(output));
    transcript(output)
}

fn with_verdict(value: &Value) -> (Bench, FakeGithub) {
    let bench = Bench::new("{}", "");
    fs::write(bench.path().join("verdict.json"), value.to_string()).unwrap();
    (bench, FakeGithub::start())
}

#[test]
fn a_verdict_of_a_fork_is_posted_to_the_pull_request_of_its_commit() {
    let (bench, github) = with_verdict(&verdict("shop", HEAD));
    ended(&publish(&bench, &github, &["--verdict", "verdict.json", "--report-url", "https://ci.example/report"]), 0);
    let bodies = github.bodies();
    assert_eq!(bodies.len(), 1);
    assert!(bodies[0].contains("[HTML report](https://ci.example/report)"), "{}", bodies[0]);
    assert!(bodies[0].starts_with("### ❌ loadgate:") && bodies[0].contains("run 55, attempt 1"), "{}", bodies[0]);
    for text in ["evil.example", "@everybody", "<script>", "@team "] {
        let (seen, _) = bodies[0].split_once("<!--").unwrap();
        assert!(!seen.contains(text), "{text}: {seen}");
    }
    let state = github.state();
    assert_eq!((state.checks[0]["conclusion"].as_str(), state.checks[0]["head_sha"].as_str()), (Some("failure"), Some(HEAD)));
    assert!(state.asked.iter().all(|asked| !asked.path.contains("666")), "the number is nobody's word");
}

#[test]
fn a_verdict_of_a_fork_names_nobody_who_accepted_its_regression() {
    let mut accepted = verdict("shop", HEAD);
    (accepted["verdict"], accepted["exit_code"]) = (json!("warn"), json!(0));
    accepted["accepted"] = json!({ "reason": "it is fine", "by": "maintainer", "at": "2026-11-20T12:00:00Z" });
    let (bench, github) = with_verdict(&accepted);
    ended(&publish(&bench, &github, &["--verdict", "verdict.json"]), 0);
    let bodies = github.bodies();
    assert!(bodies[0].contains("accepted by somebody, as the file of the fork says: it is fine"), "{}", bodies[0]);
    assert!(!bodies[0].contains("maintainer"), "{}", bodies[0]);
}

#[test]
fn a_verdict_of_another_commit_is_refused() {
    let (bench, github) = with_verdict(&verdict("shop", &"9".repeat(40)));
    let text = ended(&publish(&bench, &github, &["--verdict", "verdict.json"]), 2);
    assert!(text.contains("the verdict is not of 1111111") && text.contains("hint:"), "{text}");
    let mut without = verdict("shop", HEAD);
    without["candidate"]["commit"] = Value::Null;
    let (bench, _) = with_verdict(&without);
    ended(&publish(&bench, &github, &["--verdict", "verdict.json"]), 2);
    assert!(github.state().asked.is_empty(), "nothing is asked for a verdict that is refused");
}

#[test]
fn a_verdict_of_a_fork_names_neither_comment_nor_check() {
    let (bench, github) = with_verdict(&verdict("loadgate-of-main", HEAD));
    let without_key = ["publish", "--verdict", "verdict.json"];
    let text = ended(&step(&bench, &github, ("workflow_run", &workflow_run()), &without_key), 2);
    assert!(text.contains("must not name the comment and the check itself") && text.contains("--comment-key"), "{text}");
    assert!(github.state().asked.is_empty());
    ended(&publish(&bench, &github, &["--verdict", "verdict.json"]), 0);
    assert_eq!(github.state().checks[0]["name"], "loadgate / fork");
}

#[test]
fn a_verdict_that_contradicts_its_own_rows_is_refused() {
    let mut forged = verdict("shop", HEAD);
    forged["verdict"] = json!("pass");
    forged["exit_code"] = json!(0);
    let (bench, github) = with_verdict(&forged);
    ended(&publish(&bench, &github, &["--verdict", "verdict.json"]), 2);
    assert!(github.bodies().is_empty());
}

#[test]
fn what_is_no_verdict_is_refused() {
    let (bench, github) = with_verdict(&json!({ "schema": "loadgate/verdict/v9" }));
    ended(&publish(&bench, &github, &["--verdict", "verdict.json"]), 2);
    ended(&publish(&bench, &github, &["--verdict", "missing.json"]), 2);
    fs::write(bench.path().join("verdict.json"), vec![b' '; 17 << 20]).unwrap();
    assert!(ended(&publish(&bench, &github, &["--verdict", "verdict.json"]), 2).contains("larger than any verdict"));
    let (bench, _) = with_verdict(&verdict(&"x".repeat(500), HEAD));
    ended(&step(&bench, &github, ("pull_request", &pull_request()), &["publish", "--verdict", "verdict.json"]), 2);
    assert!(github.state().asked.is_empty());
}

#[test]
fn the_legs_of_a_matrix_are_one_comment() {
    let (bench, github) = with_verdict(&Value::Null);
    for leg in ["linux", "arm"] {
        fs::create_dir(bench.path().join(leg)).unwrap();
        fs::write(bench.path().join(leg).join("verdict.json"), verdict("shop", HEAD).to_string()).unwrap();
    }
    let merge = ["--merge", "linux/verdict.json", "arm/verdict.json", "--check-run", "off", "--comment-key", "all"];
    ended(&publish(&bench, &github, &merge), 0);
    let bodies = github.bodies();
    assert_eq!((bodies.len(), github.state().checks.len()), (1, 0));
    assert!(bodies[0].contains("linux") && bodies[0].contains("arm"), "{}", bodies[0]);
    assert!(bodies[0].ends_with("key=\"all\" v=1 -->\n"), "{}", bodies[0]);
}

#[test]
fn a_leg_that_left_no_verdict_is_told_as_the_worst_beside_the_others() {
    let (bench, github) = with_verdict(&Value::Null);
    fs::create_dir(bench.path().join("linux")).unwrap();
    fs::write(bench.path().join("linux/verdict.json"), verdict("shop", HEAD).to_string()).unwrap();
    let merge = ["--merge", "linux/verdict.json", "arm/verdict.json", "--comment-key", "all"];
    let text = ended(&publish(&bench, &github, &merge), 0);
    assert!(text.contains("::warning title=loadgate::arm/verdict.json"), "{text}");
    let body = github.bodies().concat();
    assert!(
        body.starts_with("### 🚫 loadgate: 1 of 2 measurements without a verdict, 1 failed (arm: arm/verdict.json"),
        "{body}"
    );
    assert!(body.contains("| `arm` | 🚫 without a verdict |") && body.contains("| `shop` | ❌ failed |"), "{body}");
    assert!(!body.contains("Exit code 3") && !body.contains("No request was made"), "nobody knows: {body}");
    assert!(body.contains(&format!("\"sha\":\"{HEAD}\"")), "{body}");
    assert_eq!(github.state().checks[0]["conclusion"], "failure");
    let none = ["--merge", "mips/verdict.json", "arm/verdict.json", "--comment-key", "all"];
    ended(&publish(&bench, &github, &none), 2);
}

#[test]
fn a_commit_without_a_pull_request_is_a_notice() {
    let (bench, github) = with_verdict(&verdict("shop", HEAD));
    github.state().pulls.clear();
    let text = ended(&publish(&bench, &github, &["--verdict", "verdict.json"]), 0);
    assert!(text.contains("::notice title=loadgate::No open pull request"), "{text}");
    assert_eq!(github.state().checks.len(), 1);
}

#[test]
fn outside_of_a_workflow_nothing_can_be_posted() {
    let (bench, _) = with_verdict(&verdict("shop", HEAD));
    let text = bench.ends_with(2, &["publish", "--verdict", "verdict.json"]);
    assert!(text.contains("no step of a workflow") && text.contains("hint:"), "{text}");
    bench.ends_with(2, &["publish"]);
    bench.ends_with(2, &["publish", "--verdict", "a", "--merge", "b"]);
    let text = bench.ends_with(2, &["publish", "--verdict", "verdict.json", "--report-url", "report.html"]);
    assert!(text.contains("--report-url") && text.contains("begins with https://"), "{text}");
}

//! A regression that is meant to be: a label on the pull request turns the gate green, main's own run keeps the new level.

use std::{fs, process::Output};

use serde_json::{Value, json};

use crate::{
    bench::{Bench, target},
    fake_github::{FakeGithub, Fault, HEAD, LOGIN, REPOSITORY, Then},
    gate::{CONFIG, SHOP},
    github_gate::{of_step, pull_request, step},
    program::transcript,
};

const LABEL: &str = "perf-accepted";
const REASON: &str = "exact rounding costs two queries";
const AT: &str = "2026-11-21T12:00:00Z";
/// What GitHub calls the commit of main that the pull request was merged as.
const MERGED: &str = "2222222222222222222222222222222222222222";

/// The service's configuration, which lets people accept a regression.
fn config() -> String {
    format!("{CONFIG}  accept: {{}}\n")
}

fn slower() -> String {
    SHOP.replace("lognormal:8ms", "lognormal:48ms")
}

/// A bench with five stored runs, whose target is slower since.
fn regressed() -> Bench {
    let bench = Bench::new(SHOP, &config());
    for seed in 1..=5 {
        bench.behave(&SHOP.replace("seed: 7", &format!("seed: {seed}")));
        bench.ends_with(0, &["gate", "--quiet"]);
        bench.ends_with(0, &["baseline", "promote", "loadgate-report/record.json.gz"]);
    }
    bench.behave(&slower());
    bench
}

/// The gate of the pull request.
fn gate(bench: &Bench, github: &FakeGithub, args: &[&str]) -> Output {
    step(bench, github, ("pull_request", &pull_request()), &[&["gate", "--quiet"], args].concat())
}

fn ended(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", transcript(output));
    transcript(output)
}

fn describe(github: &FakeGithub, description: &str) {
    github.state().pulls[0]["body"] = json!(description);
}

fn comment(github: &FakeGithub) -> String {
    let bodies = github.bodies();
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    bodies[0].clone()
}

/// How the newest of the checks ended.
fn conclusion(github: &FakeGithub) -> Value {
    github.state().checks.last().unwrap()["conclusion"].clone()
}

/// What verdict.json says of who accepted it and why.
fn accepted(bench: &Bench) -> (Value, Value) {
    let accepted = &bench.verdict()["accepted"];
    (accepted["by"].clone(), accepted["reason"].clone())
}

#[test]
fn load_of_a_regression_is_green_where_a_person_labelled_the_pull_request_and_says_why() {
    let (bench, github) = (regressed(), FakeGithub::start());

    let text = ended(&gate(&bench, &github, &[]), 1);
    let way = "Intended: have the pull request labelled perf-accepted, write a line \"perf-accepted: WHY\" into its description";
    assert!(text.contains(way), "{text}");
    assert_eq!(bench.verdict()["accepted"], Value::Null);

    github.state().set_label(LABEL, "ann", AT);
    let text = ended(&gate(&bench, &github, &[]), 1);
    assert!(text.contains("not accepted: the label perf-accepted is set, and the description"), "{text}");
    assert!(comment(&github).contains("it is not accepted yet, as the label perf-accepted is set"), "{}", comment(&github));
    assert_eq!(conclusion(&github), "failure");

    describe(&github, &format!("Rounds.\r\n\r\n<!-- {LABEL}: write why -->\r\n{LABEL}: {REASON}\r\n"));
    let text = ended(&gate(&bench, &github, &[]), 0);
    assert!(text.contains(&format!(", accepted by ann\n  - accepted by ann: {REASON}\n")), "{text}");
    assert!(comment(&github).starts_with("### ⚠️ loadgate: regression in 1 of 2 endpoints"), "{}", comment(&github));
    assert!(comment(&github).contains(&format!("- accepted by ann: {REASON}")), "{}", comment(&github));
    assert_eq!((accepted(&bench), conclusion(&github)), ((json!("ann"), json!(REASON)), json!("success")));
    assert_eq!((&bench.verdict()["verdict"], &bench.verdict()["exit_code"]), (&json!("warn"), &json!(0)));
    let kept = bench.record("loadgate-report/record.json.gz").provenance.accepted.unwrap();
    assert_eq!((kept.reason.as_str(), kept.by.as_deref(), kept.at.to_string().as_str()), (REASON, Some("ann"), AT));

    // A promise of its own is broken all the same, and nobody need be asked.
    let asked = github.count("GET", "/events");
    ended(&gate(&bench, &github, &["--set", "thresholds=[ search.p50 < 10ms ]"]), 1);
    assert_eq!((github.count("GET", "/events"), &bench.verdict()["accepted"]), (asked, &Value::Null));
    // Without the rule there is none.
    bench.configure(CONFIG);
    ended(&gate(&bench, &github, &[]), 1);
    assert_eq!(github.count("GET", "/events"), asked);
}

#[test]
fn load_of_a_regression_is_accepted_by_people_alone_and_by_no_rule_of_the_pull_request() {
    let (bench, github) = (regressed(), FakeGithub::start());
    describe(&github, &format!("{LABEL}: {REASON}"));
    github.state().set_label(LABEL, LOGIN, AT);
    let text = ended(&gate(&bench, &github, &[]), 1);
    assert!(text.contains("was set by github-actions[bot], and only a person can accept a regression"), "{text}");

    github.state().set_label(LABEL, "ann", AT);
    github.state().files.push("loadgate.yml".to_owned());
    let text = ended(&gate(&bench, &github, &[]), 1);
    assert!(text.contains("the pull request changes loadgate.yml, which says that the label perf-accepted counts"), "{text}");

    github.state().files.pop();
    github.fail(Fault::always("GET", "/files", Then::read_only()));
    let text = ended(&gate(&bench, &github, &[]), 1);
    assert!(text.contains("GitHub can't be asked for the label perf-accepted: GET /repos/acme/shop/pulls/12/files"), "{text}");

    github.state().faults.clear();
    let event = pull_request();
    let arguments = ["gate", "--quiet"];
    let without = of_step(&bench, &github, ("pull_request", &event), &arguments).env_remove("GITHUB_TOKEN").output().unwrap();
    let text = ended(&without, 1);
    assert!(text.contains("GitHub can't be asked for the label perf-accepted: the workflow gives loadgate no token"), "{text}");

    // The group of a merge queue is the pull request's, which is not named in the event.
    let group = json!({ "merge_group": { "head_sha": HEAD } });
    let mut queued = of_step(&bench, &github, ("merge_group", &group), &arguments);
    queued.env("GITHUB_REF", format!("refs/heads/gh-readonly-queue/main/pr-12-{HEAD}"));
    ended(&queued.output().unwrap(), 0);
    assert_eq!(accepted(&bench), (json!("ann"), json!(REASON)));

    // It is open: not what main was merged of.
    let main = || {
        let mut command = of_step(&bench, &github, ("push", &json!({})), &["gate", "--quiet", "--update-baseline", "auto"]);
        command.env("GITHUB_REF", "refs/heads/main").output().unwrap()
    };
    let text = ended(&main(), 1);
    assert!(text.contains("not stored as a baseline: the gate did not pass"), "{text}");
    {
        let mut state = github.state();
        let pull = &mut state.pulls[0];
        (pull["state"], pull["merged_at"], pull["merge_commit_sha"]) = (json!("closed"), json!(AT), json!(MERGED));
        assert_eq!(pull["base"]["repo"]["full_name"], REPOSITORY);
        // Whoever merged it looked at its configuration.
        state.files.push("loadgate.yml".to_owned());
    }
    let text = ended(&main(), 0);
    assert!(text.contains("note: stored as a baseline: "), "{text}");
    let stored = bench.ends_with(0, &["history", "--last", "1"]);
    assert!(stored.contains(&format!("accepted by ann: {REASON}")), "{stored}");
    // The level of before counts no more.
    bench.ends_with(0, &["gate", "--quiet"]);
    assert_eq!(bench.verdict()["baseline"]["runs"], 1, "{:#}", bench.verdict());
}

#[test]
fn load_of_two_versions_is_accepted_in_the_same_way() {
    let baseline = target(SHOP);
    let both = format!("{{ base_url: TARGET, baseline_url: 'http://{}' }}", baseline.addr());
    let config = config().replace("target: TARGET", &format!("target: {both}")).replace("200/s", "400/s");
    let (bench, github) = (Bench::new(&slower(), &config), FakeGithub::start());
    let text = ended(&gate(&bench, &github, &[]), 1);
    assert!(text.contains("Intended: have the pull request labelled perf-accepted"), "{text}");
    github.state().set_label("Perf-Accepted", "ann", AT);
    describe(&github, &format!("- {LABEL}: {REASON}"));
    let text = ended(&gate(&bench, &github, &[]), 0);
    assert!(text.contains(&format!("  - accepted by ann: {REASON}\n")), "{text}");
    assert_eq!((&bench.verdict()["mode"], accepted(&bench)), (&json!("ab"), (json!("ann"), json!(REASON))));
    let records = fs::read_dir(bench.path().join("loadgate-report/records")).unwrap().count();
    assert_eq!(records, 2, "they are written again where they were");
    let accepted = |side: &str| bench.record(&format!("loadgate-report/records/{side}-1.json.gz")).provenance.accepted;
    assert!(accepted("candidate").is_some() && accepted("baseline").is_none());
}

//! What a gate tells the CI service it runs in.

use std::{fs, process::Output};

use crate::{bench::Bench, program::transcript};

const CONFIG: &str = "\
name: shop
target: TARGET
stages: [ { rate: 100/s, duration: 500ms } ]
scenarios: [ { name: items, get: /items } ]
regression: { block: 1s }
thresholds: [ items.error_rate < 1% ]
";
const COMMIT: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";

/// Runs a gate as a step of a workflow on a pull request.
fn in_github(bench: &Bench, args: &[&str]) -> Output {
    let event = format!(r#"{{"pull_request": {{"number": 12, "head": {{"sha": "{COMMIT}"}}}}}}"#);
    fs::write(bench.path().join("event.json"), event).unwrap();
    let file = |name: &str| bench.path().join(name);
    for (name, text) in [("output", "earlier=1\n"), ("summary.md", "# Earlier step\n")] {
        fs::write(file(name), text).unwrap();
    }
    bench
        .command(&[&["gate", "--quiet"], args].concat())
        .env("CI", "true")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_EVENT_NAME", "pull_request")
        .env("GITHUB_EVENT_PATH", file("event.json"))
        .env("GITHUB_SHA", "0000000000000000000000000000000000000000")
        .env("GITHUB_OUTPUT", file("output"))
        .env("GITHUB_STEP_SUMMARY", file("summary.md"))
        .env("RUNNER_OS", "Linux")
        .output()
        .unwrap()
}

#[test]
fn load_in_a_workflow_adds_outputs_and_a_summary_to_what_is_there() {
    let bench = Bench::new("{ defaults: { status: 500 } }", CONFIG);
    let output = in_github(&bench, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", transcript(&output));
    let outputs = bench.text("output");
    let lines: Vec<_> = outputs.lines().map(|line| line.split_once('=').unwrap()).collect();
    let names: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["earlier", "verdict", "exit-code", "report-path", "verdict-path", "record-path"]);
    assert_eq!((lines[1].1, lines[2].1), ("fail", "1"));
    for (_, path) in &lines[3..] {
        assert!(bench.path().join(path).is_file(), "{path}");
    }
    let summary = bench.text("summary.md");
    let added = summary.strip_prefix("# Earlier step\n").expect("what was there stays");
    assert_eq!(added, bench.text("loadgate-report/step_summary.md"));
    assert!(added.contains("items") && added.contains("error"), "{added}");
    assert_eq!(bench.verdict()["candidate"]["commit"], COMMIT, "the head of the branch, not the merge commit");
    let record = bench.record("loadgate-report/record.json.gz");
    assert_eq!((record.provenance.pull_request, record.environment.runner_class.as_str()), (Some(12), "linux"));
}

#[test]
fn load_in_a_workflow_writes_outputs_but_no_summary_with_no_publish() {
    let bench = Bench::new("{}", CONFIG);
    let output = in_github(&bench, &["--no-publish"]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    assert_eq!(bench.text("summary.md"), "# Earlier step\n");
    assert!(
        bench.text("output").starts_with("earlier=1\nverdict=warn\n"),
        "later steps ask for the verdict: {}",
        bench.text("output")
    );
    assert!(bench.text("loadgate-report/step_summary.md").contains("items"), "the reports are written all the same");
}

#[test]
fn load_in_a_workflow_keeps_its_verdict_when_the_summary_can_not_be_written() {
    let bench = Bench::new("{}", CONFIG);
    let nowhere = bench.path().join("no/such/folder");
    let output = bench.command(&["gate", "--quiet"]).env("GITHUB_STEP_SUMMARY", &nowhere).output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("warning: ") && text.contains("no/such/folder"), "{text}");
}

#[test]
fn load_outside_of_a_workflow_writes_the_report_folder_and_nothing_else() {
    let bench = Bench::new("{}", CONFIG);
    bench.ends_with(0, &["gate", "--quiet"]);
    let mut names: Vec<_> =
        fs::read_dir(bench.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["loadgate-report", "loadgate.yml"]);
}

#[test]
fn load_is_bound_to_the_commit_and_the_build_of_other_services_too() {
    let provenance = |variables: &[(&str, &str)]| {
        let bench = Bench::new("{}", CONFIG);
        fs::create_dir_all(bench.path().join(".git/refs/heads")).unwrap();
        fs::write(bench.path().join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(bench.path().join(".git/refs/heads/main"), format!("{COMMIT}\n")).unwrap();
        let output = bench.command(&["run", "--quiet"]).envs(variables.iter().copied()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
        bench.record("loadgate-report/record.json.gz").provenance
    };

    let gitlab = provenance(&[
        ("CI_PIPELINE_ID", "77"),
        ("CI_PIPELINE_URL", "https://gitlab.example/p/77"),
        ("CI_COMMIT_SHA", "beef"),
        ("CI_COMMIT_REF_NAME", "faster"),
        ("CI_MERGE_REQUEST_IID", "5"),
        ("LOADGATE_IMAGE_DIGEST", "sha256:cafe"),
    ]);
    assert_eq!(gitlab.image_digest.as_deref(), Some("sha256:cafe"));
    let ci = gitlab.ci.unwrap();
    assert_eq!(
        (gitlab.commit.as_deref(), gitlab.reference.as_deref(), gitlab.pull_request),
        (Some("beef"), Some("faster"), Some(5))
    );
    assert_eq!(
        (ci.provider.as_str(), ci.run_id.as_str(), ci.url.as_deref()),
        ("gitlab", "77", Some("https://gitlab.example/p/77"))
    );

    let jenkins = provenance(&[
        ("BUILD_TAG", "jenkins-shop-12"),
        ("GIT_COMMIT", "cafe"),
        ("GIT_BRANCH", "origin/main"),
        ("CHANGE_ID", "8"),
    ]);
    assert_eq!(jenkins.pull_request, Some(8));
    assert_eq!((jenkins.commit.as_deref(), jenkins.ci.unwrap().run_id.as_str()), (Some("cafe"), "jenkins-shop-12"));

    let local = provenance(&[]);
    assert_eq!((local.commit.as_deref(), local.reference.as_deref()), (Some(COMMIT), Some("refs/heads/main")));
    assert_eq!((local.ci, local.config_sha256.len()), (None, 64));
}

#[test]
fn load_with_other_headers_or_below_another_path_is_other_work() {
    let bench = Bench::new("{}", CONFIG);
    let hash = |target: &str| {
        bench.configure(&CONFIG.replace("target: TARGET", &format!("target: {target}")));
        let output = bench.run(&["run", "--quiet"]);
        assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
        bench.record("loadgate-report/record.json.gz").plan.scenario_hash
    };
    let plain = hash("TARGET");
    assert_eq!(hash("{ base_url: TARGET }"), plain);
    assert_ne!(hash("{ base_url: TARGET/v2 }"), plain);
    assert_ne!(hash("{ base_url: TARGET, headers: { Accept-Encoding: gzip } }"), plain);
}

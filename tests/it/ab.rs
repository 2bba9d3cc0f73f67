//! A/B as a user runs it: two services are there, and the gate asks both at the same time.

use std::fs;

use loadgate::{
    mock_target::Running,
    record::{AbPart, Ended, RunRecord, Side},
};

use crate::{
    bench::{Bench, closed_port, seen, target},
    gate::{CONFIG, SHOP},
};

/// The service's configuration as it is without a second version, and what is promised besides.
fn config(baseline: &str) -> String {
    let both = format!("{{ base_url: TARGET, baseline_url: '{baseline}' }}");
    let promises = "thresholds: [ search.p50 < 30ms, error_rate < 1% ]\n";
    CONFIG.replace("target: TARGET", &format!("target: {both}")).replace("200/s", "400/s") + promises
}

/// A bench whose target is the candidate, and the baseline.
fn bench(candidate: &str, baseline: &str) -> (Bench, Running) {
    let baseline = target(baseline);
    let bench = Bench::new(candidate, &config(&format!("http://{}", baseline.addr())));
    (bench, baseline)
}

fn records(bench: &Bench) -> (RunRecord, RunRecord) {
    let read = |side: &str| bench.record(&format!("loadgate-report/records/{side}-1.json.gz"));
    (read("candidate"), read("baseline"))
}

#[test]
fn load_of_two_versions_makes_a_record_of_each() {
    let (bench, baseline) = bench(SHOP, &SHOP.replace("seed: 7", "seed: 8"));
    fs::create_dir_all(bench.path().join("loadgate-report")).unwrap();
    fs::write(bench.path().join("loadgate-report/record.json.gz"), "of an earlier run").unwrap();
    let text = bench.ends_with(0, &["gate", "--quiet"]);
    let (ours, theirs) = records(&bench);
    let part = |side| Some(AbPart { side, replicate: 1, replicates: 1, look: None });
    let unjudged = |run: &RunRecord| run.ab.map(|part| AbPart { look: None, ..part });
    assert_eq!((unjudged(&ours), unjudged(&theirs)), (part(Side::Candidate), part(Side::Baseline)), "{text}");
    assert_eq!((ours.fingerprint(), ours.generator.clone()), (theirs.fingerprint(), theirs.generator.clone()));
    assert_eq!((ours.offered(), ours.started(), theirs.offered(), theirs.started()), (400, 400, 400, 400));
    assert_eq!((ours.achieved_share(), theirs.achieved_share()), (Some(1.0), Some(1.0)));
    assert_eq!(theirs.plan.target, baseline.addr().to_string());
    assert_ne!(ours.plan.target, theirs.plan.target);
    assert_eq!((bench.requests(), &seen(&baseline)["requests"]), (460, &460.into()), "warm-up included");
    assert!(!bench.path().join("loadgate-report/record.json.gz").exists(), "nobody reads two runs as one");
    let summary = bench.json("loadgate-report/summary.json");
    assert_eq!((&summary["total"]["requests"], &summary["baseline"]["total"]["requests"]), (&400.into(), &400.into()));

    let kept = bench.path().join("candidate.json.gz");
    fs::copy(bench.path().join("loadgate-report/records/candidate-1.json.gz"), &kept).unwrap();
    let text = bench.ends_with(2, &["baseline", "promote", "--unjudged", "loadgate-report/records/candidate-1.json.gz"]);
    assert!(text.contains("not promoted: it is one side of an A/B run"), "{text}");
    // Nor do both sides make two runs of a pair, or their difference noise.
    let side = |side: &str| format!("loadgate-report/records/{side}-1.json.gz");
    let text = bench.ends_with(2, &["baseline", "promote", "--unjudged", &side("baseline"), &side("candidate")]);
    assert!(text.contains("one side of an A/B run") && !bench.path().join("baselines").exists(), "{text}");
    let records = "loadgate-report/records";
    let text = bench.ends_with(2, &["baseline", "learn", "--baseline", records, "--candidate", records]);
    assert!(text.contains("nothing is learned from one pair of different versions"), "{text}");
    let text = bench.ends_with(0, &["gate", "--quiet", "--set", "regression.compare=baseline"]);
    assert!(text.contains("no baseline yet") && !bench.path().join("loadgate-report/records").exists(), "{text}");
    let alone = "loadgate-report/record.json.gz";
    let text = bench.ends_with(0, &["compare", "--baseline", alone, "--candidate", "candidate.json.gz"]);
    assert!(
        text.contains("versions at a time: here '2', there '1'"),
        "one beside another is not compared with one alone: {text}"
    );
}

#[test]
fn load_of_a_slower_candidate_fails_and_that_of_a_slower_baseline_does_not() {
    let slower = SHOP.replace("lognormal:8ms", "lognormal:48ms");
    let (bench, _baseline) = bench(&slower, SHOP);
    let text = bench.ends_with(1, &["gate", "--quiet"]);
    let verdict = bench.verdict();
    let regressed =
        |row: &&serde_json::Value| row["outcome"] == "regressed" && row["metric"] == "p50" && row["endpoint"] == "search";
    assert!(verdict["comparisons"].as_array().unwrap().iter().any(|row| regressed(&row)), "{text}");
    assert_eq!(verdict["thresholds"][0]["outcome"], "fail", "promises are the candidate's");

    let (bench, _baseline) = self::bench(SHOP, &slower);
    let text = bench.ends_with(0, &["gate", "--quiet"]);
    assert_eq!(bench.verdict()["thresholds"][0]["outcome"], "pass", "{text}");
}

#[test]
fn load_of_a_baseline_that_answers_nothing_well_is_invalid() {
    let (bench, _baseline) = bench(SHOP, "{ defaults: { status: 500 } }");
    let text = bench.ends_with(3, &["gate", "--quiet"]);
    assert!(text.contains("baseline: all 400 requests failed, so there is nothing to compare with"), "{text}");
    assert_eq!(bench.verdict()["verdict"], "invalid");
    let (ours, theirs) = records(&bench);
    assert_eq!((ours.total().error_count(), theirs.total().error_count()), (0, 400));
}

#[test]
fn load_of_a_candidate_that_answers_nothing_well_fails() {
    let (bench, _baseline) = bench("{ defaults: { status: 500 } }", SHOP);
    let text = bench.ends_with(1, &["gate", "--quiet"]);
    assert!(text.contains("error_rate"), "{text}");
    // The run may end as soon as that is sure.
    let (ours, theirs) = records(&bench);
    let (ours, theirs) = (ours.total(), theirs.total());
    assert!(ours.requests > 0 && theirs.requests > 0);
    assert_eq!((ours.error_count(), theirs.error_count()), (ours.requests, 0));
}

#[test]
fn a_baseline_that_is_down_is_invalid_and_nothing_is_sent() {
    let down = format!("http://127.0.0.1:{}", closed_port());
    let bench = Bench::new(SHOP, &config(&down));
    let text = bench.ends_with(3, &["gate", "--quiet"]);
    assert!(text.contains("curl -v --max-time 5 http://127.0.0.1:") && text.contains(&format!("/ {down}/\n")), "{text}");
    assert!(text.contains("the baseline 127.0.0.1:") && text.contains("can't be reached"), "{text}");
    assert_eq!((bench.verdict()["verdict"].as_str(), bench.requests()), (Some("invalid"), 0));
    let (ours, theirs) = records(&bench);
    assert!(ours.ended_because.is_some() && ours.ended_because == theirs.ended_because);
    let text = bench.ends_with(3, &["run", "--quiet"]);
    assert!(text.contains("the baseline 127.0.0.1:") && text.contains("can't be reached"), "{text}");
}

#[test]
fn load_of_a_run_shows_both_versions() {
    let (bench, baseline) = bench(SHOP, SHOP);
    let text = bench.ends_with(0, &["run", "--quiet"]);
    assert!(text.contains("candidate: shop, ") && text.contains(&format!("baseline: shop, {}", baseline.addr())), "{text}");
    let output = bench.run(&["run", "--quiet", "--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["total"]["requests"], &summary["baseline"]["total"]["requests"]), (&400.into(), &400.into()));
    let output = bench.run(&["run", "--log-format", "json", "--set", "stages=[ { rate: 100/s, duration: 6s } ]"]);
    let log = String::from_utf8(output.stderr).unwrap();
    let line: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert!(line["p50_us"].is_u64() && line["baseline"]["p50_us"].is_u64(), "{line:#}");
}

#[test]
fn load_on_a_pair_ends_as_soon_as_it_is_sure_and_counts() {
    let slower = SHOP.replace("lognormal:8ms", "lognormal:48ms");
    let (bench, _baseline) = bench(&slower, SHOP);
    let stages = "stages=[ { rate: 400/s, duration: 300ms, warmup: true }, { rate: 400/s, duration: 10s } ]";
    let text = bench.ends_with(1, &["gate", "--quiet", "--set", stages]);
    let (ours, theirs) = records(&bench);
    for run in [&ours, &theirs] {
        let because = run.ended_because.as_deref();
        assert_eq!((run.ended, because), (Ended::Complete, Some("it ended early, as the verdict was sure")), "{text}");
        assert!(run.started() == run.offered() && run.offered() < 2_000, "{}", run.offered());
    }
    let html = bench.text("loadgate-report/report.html");
    assert!(html.contains("Stopped after ") && html.contains(" of 10s: sure."), "{text}");
    let again = ["compare", "-c", "loadgate.yml", "--mode", "ab", "--baseline", "loadgate-report/records"];
    bench.ends_with(1, &[&again[..], &["--candidate", "loadgate-report/records", "--json", "again.json"]].concat());
    let rows = |file: &str| bench.json(file)["comparisons"].clone();
    assert_eq!(rows("again.json"), rows("loadgate-report/verdict.json"), "the records are judged as the gate judged them");
    let text = bench.ends_with(1, &["gate", "--quiet", "--set", "regression.early_stop=false"]);
    assert_eq!((records(&bench).0.ended_because, records(&bench).0.offered()), (None, 400), "{text}");
}

#[test]
fn both_versions_are_shown_before_anything_is_sent() {
    let (bench, baseline) = bench(SHOP, SHOP);
    let text = bench.ends_with(0, &["check"]);
    let address = baseline.addr().to_string();
    assert!(text.contains(&format!("baseline  http://{address}, spoken to in the same way, at the same time")), "{text}");
    assert!(text.contains("920 arrivals, at most 400/s; each version has half of it"), "{text}");
    assert!(text.contains("compared with the baseline beside it, request by request (ab)"), "{text}");
    assert!(text.contains("measured requests of each version") && text.contains("267"), "{text}");
    let text = bench.ends_with(0, &["check", "--set", "regression.compare=baseline"]);
    assert!(
        text.contains("compared with stored baselines") && text.contains("the baseline under `target` gets no load"),
        "{text}"
    );
}

#[test]
fn a_candidate_that_is_down_is_named() {
    let (bench, _baseline) = bench(SHOP, SHOP);
    let target = format!("target.base_url=http://127.0.0.1:{}", closed_port());
    let text = bench.ends_with(3, &["gate", "--quiet", "--set", &target]);
    assert!(text.contains("the candidate 127.0.0.1:") && text.contains("can't be reached"), "{text}");
}

//! `loadgate compare --mode ab` on saved records, and what is learned from them.

use std::path::Path;

use loadgate::record::{AbPart, LookFacts, LookPart, RunRecord, Side, file};
use serde_json::Value;

use crate::{
    compare::played,
    program::{loadgate, transcript},
};

/// What the processes of the replicates differ by, by themselves.
const PROCESSES: [f64; 6] = [1.004, 0.995, 1.0, 0.998, 1.006, 0.997];

/// Records of so many replicates under `records`, both sides in one folder; `search` of the candidate is slower by `factor`.
fn replicates(count: usize, factor: f64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for replicate in 0..count {
        let process = PROCESSES[replicate % PROCESSES.len()];
        save(folder.path(), "baseline", replicate + 1, &played(20, "shop", 1.0, 2 * replicate as u64));
        save(folder.path(), "candidate", replicate + 1, &played(20, "shop", factor * process, 2 * replicate as u64 + 1));
    }
    folder
}

fn save(folder: &Path, side: &str, number: usize, record: &RunRecord) {
    file::write(record, &folder.join(format!("records/{side}-{number}.json.gz"))).unwrap();
}

/// Runs the program: exit code and everything printed.
fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = loadgate(folder, args).output().unwrap();
    (output.status.code(), transcript(&output))
}

fn compare(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    run(folder, &[&["compare", "--mode", "ab", "--baseline", "records", "--candidate", "records"], more].concat())
}

fn verdict(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("verdict.json")).unwrap()).unwrap()
}

#[test]
fn a_slower_endpoint_is_found_in_replicates() {
    let folder = replicates(6, 1.2);
    let (code, text) = compare(folder.path(), &["--json", "verdict.json"]);
    assert_eq!(code, Some(1), "{text}");
    insta::assert_snapshot!(text, @r"
    exit Some(1)
    --- stdout
    shop, , 1970-01-01 00:00 UTC

    endpoint       requests  rate      p50      p95      p99  errors
    items             4,800  40/s  10.2 ms  11.9 ms  12.1 ms      0%
    search            4,800  40/s  12.2 ms  14.3 ms  14.5 ms      0%
    all endpoints     9,600  80/s  11.1 ms  14.1 ms  14.5 ms      0%

    compared with the baseline (live beside the candidate in 6 replicates)
    endpoint            metric  baseline  candidate   change  found
    service as a whole  p50      10.1 ms    11.1 ms    +9.7%  regressed, limit +5%
    service as a whole  p95      11.9 ms    13.1 ms    +9.7%  slower, limit +10%
    service as a whole  errors        0%         0%    +0 pp  unchanged
    items               p50      10.1 ms    10.2 ms   +0.12%  unchanged
    items               p95      11.9 ms    11.9 ms   +0.12%  unchanged
    items               p99      12.1 ms    12.1 ms  +0.099%  inconclusive
    items               errors        0%         0%    +0 pp  unchanged
    search              p50      10.1 ms    12.2 ms     +20%  regressed, limit +5%
    search              p95      11.9 ms    14.3 ms     +20%  regressed, limit +10%
    search              p99      12.1 ms    14.5 ms     +20%  inconclusive
    search              errors        0%         0%    +0 pp  unchanged

    FAIL: regression in 1 of 2 endpoints (search p50 +20%)
      - p50 of the service as a whole is 9.7% slower (+8.5% to +11%), beyond the tolerance of 5%; p < 0.0001 after correction
      - search: p50 is 20% slower (+19% to +21%), beyond the tolerance of 5%; p < 0.0001 after correction
      - search: p95 is 20% slower (+19% to +22%), beyond the tolerance of 10%; p < 0.0001 after correction
      - p95 of the service as a whole is 9.7% slower (+8.3% to +11%), within the tolerance of 10%; p < 0.0001 after correction
    how sure: Both versions side by side in 6 replicates, each in 4 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 6 comparisons together. A change of the whole service by 2.4% or more would have been seen. Endpoints with 100% of the requests could be settled.
    next: Not intended: the HTML report shows where and when it was slow. Intended: raise the tolerance of that endpoint under regression.overrides.

    --- stderr
    ");
    let verdict = verdict(folder.path());
    assert_eq!((verdict["mode"].as_str(), verdict["replicates"].as_u64()), (Some("ab"), Some(6)));
    assert_eq!((&verdict["baseline"]["runs"], verdict.get("planned_replicates")), (&6.into(), None));
    assert!(verdict["comparisons"].as_array().unwrap().iter().any(|row| row["tolerance"] == 0.05));
}

#[test]
fn ten_percent_of_one_endpoint_are_found_and_the_other_is_not_blamed() {
    let folder = replicates(6, 1.1);
    let (code, text) = compare(folder.path(), &["--json", "verdict.json"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("FAIL: regression in 1 of 2 endpoints (search p50 +10%)"), "{text}");
    let verdict = verdict(folder.path());
    let rows = verdict["comparisons"].as_array().unwrap().iter();
    assert!(rows.filter(|row| row["endpoint"] == "items").all(|row| row["outcome"] != "regressed"), "{text}");
}

#[test]
fn the_same_version_passes_and_nothing_is_provisional() {
    let folder = replicates(6, 1.0);
    let (code, text) = compare(folder.path(), &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("PASS: no regression found (a change of "), "{text}");
    assert!(!text.contains("provisional") && !text.contains("one process per version"), "{text}");
}

#[test]
fn one_pair_says_what_it_cannot_know() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "baseline", 1, &played(60, "shop", 1.0, 0));
    save(folder.path(), "candidate", 1, &played(60, "shop", 1.0, 1));
    let (code, text) = compare(folder.path(), &["--json", "verdict.json"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("compared with the baseline (live beside the candidate, one process per version)"), "{text}");
    assert!(text.contains("how sure: Both versions side by side, one process of each, in 12 blocks of 5s."), "{text}");
    assert!(
        text.contains(
            "one process per version: how much two processes of one version differ by themselves is assumed, not measured"
        ),
        "{text}"
    );
    assert_eq!(verdict(folder.path())["replicates"], 1);
}

#[test]
fn records_are_paired_in_the_order_given() {
    let folder = replicates(3, 1.0);
    let numbered = |side: &str| [1, 2, 3].map(|number| format!("records/{side}-{number}.json.gz"));
    let (baseline, candidate) = (numbered("baseline"), numbered("candidate"));
    let args: Vec<&str> = ["compare", "--mode", "ab", "--baseline"]
        .into_iter()
        .chain(baseline.iter().map(String::as_str))
        .chain(["--candidate"])
        .chain(candidate.iter().map(String::as_str))
        .collect();
    assert_eq!(run(folder.path(), &args), compare(folder.path(), &[]));
}

#[test]
fn what_makes_no_pairs_is_refused_with_a_hint() {
    let two = replicates(2, 1.0);
    let (code, text) = compare(two.path(), &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("error: 2 replicates can't be compared: ") && text.contains("hint: give one pair, or at least 3"),
        "{text}"
    );

    let unequal = replicates(4, 1.0);
    std::fs::remove_file(unequal.path().join("records/candidate-4.json.gz")).unwrap();
    let (code, text) = compare(unequal.path(), &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("error: runs are compared in pairs, but there are 4 of the baseline and 3 of the candidate"), "{text}");

    let other_plan = replicates(3, 1.0);
    save(other_plan.path(), "candidate", 3, &played(25, "shop", 1.0, 5));
    let (code, text) = compare(other_plan.path(), &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("error: the records were made under different conditions: stages: here '80/s for 20s'"), "{text}");

    let (code, text) = run(two.path(), &["compare", "--noise", ".", "--baseline", "records", "--candidate", "records"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("error: --noise counts with --mode ab only\nhint: "), "{text}");
}

/// Requests with one side that has none, or only failures: never a pass.
#[test]
fn a_version_that_answers_nothing_never_passes() {
    let folder = replicates(3, 1.0);
    let failed = |number: u64| {
        let mut record = played(20, "shop", 1.0, number);
        for window in record.endpoints.iter_mut().flat_map(|series| series.stages.iter_mut().flatten()) {
            window.response = loadgate::record::Encoded::default();
            window.errors = [(loadgate::record::ErrorClass::Status5xx, window.requests)].into();
        }
        record
    };
    for number in 1..=3 {
        save(folder.path(), "candidate", number, &failed(number as u64));
    }
    let (code, text) = compare(folder.path(), &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("items: error rate rose from 0% to 100%"), "{text}");
    let swapped = ["compare", "--mode", "ab", "--json", "verdict.json", "--baseline"];
    let numbered = |side: &str| [1, 2, 3].map(|number| format!("records/{side}-{number}.json.gz"));
    let (baseline, candidate) = (numbered("candidate"), numbered("baseline"));
    let args: Vec<&str> = swapped
        .into_iter()
        .chain(baseline.iter().map(String::as_str))
        .chain(["--candidate"])
        .chain(candidate.iter().map(String::as_str))
        .collect();
    let (code, text) = run(folder.path(), &args);
    assert_eq!(code, Some(3), "as in a gate: {text}");
    assert!(text.contains("baseline: all 1600 requests failed, so there is nothing to compare with"), "{text}");
    assert_eq!(verdict(folder.path())["verdict"], "invalid", "{text}");
}

fn learn(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    run(folder, &[&["baseline", "learn", "--dir", "stored", "--baseline", "records", "--candidate", "records"], more].concat())
}

#[test]
fn what_one_comparison_taught_makes_the_next_one_sharper() {
    let folder = replicates(6, 1.0);
    assert_eq!(compare(folder.path(), &["--json", "verdict.json"]).0, Some(0));
    let sensitivity = |folder: &Path| verdict(folder)["sensitivity"].as_f64().unwrap();
    let before = sensitivity(folder.path());
    let (code, text) = learn(folder.path(), &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("/noise/19700101T000000Z-nocommit.json\n"), "{text}");
    let (code, text) = compare(folder.path(), &["--json", "verdict.json", "--noise", "stored"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("noise between replicates was learned from 1 earlier comparison too"), "{text}");
    assert!(sensitivity(folder.path()) < 0.9 * before, "{} {before}", sensitivity(folder.path()));

    let (code, text) = learn(folder.path(), &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("this run is stored already"), "{text}");
}

#[test]
fn what_was_learned_is_shown_also_where_no_run_is_stored() {
    let folder = replicates(6, 1.0);
    assert_eq!(learn(folder.path(), &[]).0, Some(0));
    let (code, text) = run(folder.path(), &["baseline", "show", "latest", "--dir", "stored"]);
    assert_eq!(code, Some(0), "{text}");
    insta::assert_snapshot!(text, @r"
    exit Some(0)
    --- stdout
    noise learned for fingerprint a8258f4c3093 of 'shop' from 1 comparison, the newest of 1970-01-01T00:00:00Z
    endpoint            metric  differs by  known from
    service as a whole  p50          0.26%  5 degrees of freedom
    service as a whole  p95          0.24%  5 degrees of freedom
    items               p50          0.11%  5 degrees of freedom
    items               p95          0.05%  5 degrees of freedom
    items               p99          0.12%  5 degrees of freedom
    search              p50          0.46%  5 degrees of freedom
    search              p95          0.45%  5 degrees of freedom
    search              p99          0.47%  5 degrees of freedom
    learned from
    entry                      made                  commit   played
    19700101T000000Z-nocommit  1970-01-01T00:00:00Z  unknown  6 replicates of 20s
    one that should not count is taken back by: loadgate baseline forget ENTRY

    --- stderr
    ");
}

#[test]
fn what_was_learned_is_listed_entry_by_entry_and_can_be_taken_back() {
    let folder = replicates(6, 1.0);
    assert_eq!(learn(folder.path(), &[]).0, Some(0));
    let act = |args: &[&str]| run(folder.path(), &[&["baseline"], args, &["--dir", "stored"]].concat());
    let entry = "19700101T000000Z-nocommit";
    let (code, text) = act(&["forget", "20261121T101500Z-1a2b3c4d"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("error: 20261121T101500Z-1a2b3c4d: nothing was learned under this name in stored\nhint: "), "{text}");
    let (code, text) = act(&["forget", entry]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(&format!("/noise/withdrawn/{entry}.json\n")), "{text}");
    assert!(text.contains("what 1 comparison taught is withdrawn; to learn from it again, move it back"), "{text}");
    let (_, text) = compare(folder.path(), &["--noise", "stored"]);
    assert!(!text.contains("was learned from"), "{text}");
    let (code, text) = act(&["show", "latest"]);
    assert_eq!(code, Some(2), "{text}");
    let (code, text) = act(&["forget", "--last", "1"]);
    assert!(code == Some(2) && text.contains("the newest: nothing was learned"), "{text}");
    assert_eq!(learn(folder.path(), &[]).0, Some(0), "what was taken back may be learned again");
    let (code, text) = act(&["forget", "--last", "1"]);
    assert!(code == Some(0) && text.contains(&format!("withdrawn/{entry}-2.json\n")), "{text}");
    assert_eq!(act(&["forget"]).0, Some(2), "nothing is forgotten without being named");
}

#[test]
fn runs_of_one_pair_each_are_no_replicates() {
    let folder = replicates(3, 1.0);
    for side in [Side::Baseline, Side::Candidate] {
        for number in 1..=3 {
            let record = file::read(&folder.path().join(format!("records/{side}-{number}.json.gz"))).unwrap();
            let part = AbPart { side, replicate: 1, replicates: 1, look: None };
            save(folder.path(), side.name(), number, &RunRecord { ab: Some(part), ..record });
        }
    }
    let (code, text) = learn(folder.path(), &["--same-version"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("error: these are 3 runs of one pair each, and nothing says that their processes were fresh"),
        "{text}"
    );
    assert!(!folder.path().join("stored").exists(), "nothing is stored");
    let (_, text) = compare(folder.path(), &[]);
    assert!(text.contains("warning: these are 3 runs of one pair each"), "{text}");
}

#[test]
fn one_pair_teaches_only_when_both_versions_are_one() {
    let folder = replicates(1, 1.0);
    let (code, text) = learn(folder.path(), &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("error: nothing is learned from one pair of different versions") && text.contains("hint: "), "{text}");
    let (code, text) = learn(folder.path(), &["--same-version"]);
    assert_eq!(code, Some(0), "{text}");
    let (_, text) = compare(folder.path(), &["--noise", "stored"]);
    assert!(text.contains("is learned from 1 earlier pair of one version and assumed beyond it"), "{text}");
}

#[test]
fn a_damaged_lesson_is_refused_by_name() {
    let folder = replicates(3, 1.0);
    let (_, text) = learn(folder.path(), &[]);
    let path = text.lines().find(|line| line.contains("/noise/")).unwrap();
    std::fs::write(folder.path().join(path), "{\"schema\": \"loadgate/noise/v1\", ").unwrap();
    let (code, text) = compare(folder.path(), &["--noise", "stored"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains(&format!("error: {path}: the record is damaged: ")) && text.contains("hint: restore the file"),
        "{text}"
    );
}

#[test]
fn what_a_gate_ended_early_is_judged_at_the_same_look() {
    let folder = tempfile::tempdir().unwrap();
    let look =
        LookFacts { round: 1, part: LookPart::Replicate, used: 3, planned: 6, alpha_share: 0.02, beta: 0.05, learned_from: 4 };
    for replicate in 1..=3 {
        for (name, side, factor) in [("baseline", Side::Baseline, 1.0), ("candidate", Side::Candidate, 1.2)] {
            let part = AbPart { side, replicate, replicates: 6, look: Some(look) };
            let run = RunRecord { ab: Some(part), ..played(20, "shop", factor, u64::from(replicate) * 2) };
            save(folder.path(), name, replicate as usize, &run);
        }
    }
    let (code, text) = compare(folder.path(), &["--json", "verdict.json"]);
    assert!(text.contains("Stopped after 3 of 6 replicates (1m of 2m measured): sure."), "{code:?} {text}");
    assert!(
        text.contains("- the gate that made these records knew noise from 4 earlier comparisons, which is not counted here"),
        "{text}"
    );
    assert_eq!(verdict(folder.path())["planned_replicates"], 6);
    let (baseline, candidate) = ("records/baseline-1.json.gz", "records/candidate-1.json.gz");
    let (_, text) = run(folder.path(), &["compare", "--mode", "ab", "--baseline", baseline, "--candidate", candidate]);
    assert!(text.contains("other than in the gate that made these records: it judged 3 replicates together"), "{text}");
}

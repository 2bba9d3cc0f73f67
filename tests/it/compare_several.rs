//! `loadgate compare A B C ...`: several sides in one table.

use std::path::Path;

use loadgate::record::{RunRecord, file};

use crate::{
    compare::played,
    program::{loadgate, transcript},
};

/// A folder of six runs whose `search` is slower by that factor.
fn side(folder: &Path, name: &str, factor: f64, change: impl Fn(&mut RunRecord)) {
    for shift in 0..6 {
        let mut run = played(60, "shop", factor, shift);
        change(&mut run);
        file::write(&run, &folder.join(format!("{name}/{shift}.json.gz"))).expect("a record can be written");
    }
}

fn compare(folder: &Path, sides: &[&str]) -> (Option<i32>, String) {
    let output = loadgate(folder, &[&["compare"], sides].concat()).output().expect("the program starts");
    (output.status.code(), transcript(&output))
}

#[test]
fn three_sides_are_one_table_against_the_first() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    side(folder.path(), "default", 1.0, |_| {});
    side(folder.path(), "tuned", 0.5, |_| {});
    side(folder.path(), "coordinated", 1.5, |_| {});
    let (code, text) = compare(folder.path(), &["default", "tuned", "coordinated"]);
    insta::assert_snapshot!(text, @r"
    exit Some(1)
    --- stdout
    endpoint            metric  default           tuned  coordinated
    all endpoints       rate       80/s        80/s +0%  80/s +0%
    service as a whole  p50     10.1 ms  7.14 ms -29% ✔  12.4 ms +22% ✖
    service as a whole  p95     11.9 ms  8.41 ms -29% ✔  14.6 ms +22% ✖
    service as a whole  errors       0%      0% +0 pp ✔  0% +0 pp ✔
    items               p50     10.1 ms   10.1 ms +0% ✔  10.1 ms +0% ✔
    items               p95     11.9 ms   11.9 ms +0% ✔  11.9 ms +0% ✔
    items               p99     12.1 ms   12.1 ms +0% ?  12.1 ms +0% ?
    items               errors       0%      0% +0 pp ✔  0% +0 pp ✔
    search              p50     10.1 ms  5.04 ms -50% ✔  15.1 ms +50% ✖
    search              p95     11.9 ms  5.94 ms -50% ✔  17.8 ms +50% ✖
    search              p99     12.1 ms  6.03 ms -50% ?  18.1 ms +50% ?
    search              errors       0%      0% +0 pp ✔  0% +0 pp ✔
    changes against the first side: ✖ worse, ▲ warning, ? can't tell, ≈ too small or too unsure to count, ✔ unchanged or better

    tuned: PASS: no regression found (a change of 7.6% or more would have been seen)
    coordinated: FAIL: regression in 1 of 2 endpoints (search p50 +50%)

    --- stderr
    ");
    assert_eq!(code, Some(1), "the worst verdict makes the exit code");
    let (code, text) = compare(folder.path(), &["default", "tuned"]);
    assert_eq!(code, Some(0), "{text}");
    let lines: Vec<String> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for expected in [
        "endpoint metric default tuned",
        "all endpoints rate 80/s 80/s +0%",
        "service as a whole p50 10.1 ms 7.14 ms -29% ✔",
        "search p50 10.1 ms 5.04 ms -50% ✔",
        "search p99 12.1 ms 6.03 ms -50% ?",
        "items p95 11.9 ms 11.9 ms +0% ✔",
    ] {
        assert!(lines.iter().any(|line| line == expected), "no line '{expected}': {text}");
    }
    assert!(text.contains("\ntuned: PASS: no regression found (a change of ") && !text.contains("coordinated"), "{text}");
}

#[test]
fn what_can_not_be_put_beside_one_another_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    side(folder.path(), "a", 1.0, |_| {});
    side(folder.path(), "slow-machine", 1.0, |run| run.environment.cpu_model = "another".to_owned());
    side(folder.path(), "bakery", 1.0, |run| run.suite = "bakery".to_owned());
    for (sides, expected) in [
        (&["a"][..], "there is one record, and nothing to compare it with"),
        (&["a", "slow-machine"], "slow-machine and a were made under different conditions: processor"),
        (&["a", "bakery"], "the records belong to different suites: 'bakery' and 'shop'"),
        (&["a", "nothing"], "nothing"),
        (&["a", "a", "--json", "v.json"], "cannot be used with"),
        (&[], "required"),
    ] {
        let (code, text) = compare(folder.path(), sides);
        assert!(code == Some(2) && text.contains(expected), "{sides:?}: {code:?} {text}");
    }
}

#[test]
fn one_run_of_each_side_is_inconclusive_once_and_says_nothing_of_how_runs_differ() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, factor) in [("a", 1.0), ("b", 1.3), ("c", 1.3)] {
        let run = played(60, "shop", factor, 0);
        file::write(&run, &folder.path().join(format!("{name}.json.gz"))).expect("a record can be written");
    }
    let (_, text) = compare(folder.path(), &["a.json.gz", "b.json.gz", "c.json.gz"]);
    assert!(text.contains("b: INCONCLUSIVE: ") && text.contains("c: INCONCLUSIVE: "), "{text}");
    assert!(!text.contains("inconclusive: ") && !text.contains("differ too much"), "{text}");
}

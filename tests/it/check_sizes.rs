//! `loadgate check`: what is large enough for a test, however chance splits the requests, and which stored runs count.

use std::fs;

use crate::{
    program::{loadgate, transcript},
    services::Yard,
};

/// Six replicates in which `rare` gets 200 requests of each version on the average: what p95 needs in each.
const JUST_ENOUGH: &str = "\
target: { start: ./new, baseline_start: ./old }
stages: [ { rate: 120/s, duration: 8s, warmup: true }, { rate: 120/s, duration: 120s } ]
scenarios: [ { name: often, weight: 5, get: / }, { name: rare, get: /rare } ]
";

fn check(config: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("loadgate.yml"), config).unwrap();
    transcript(&loadgate(folder.path(), &[&["check"], args].concat()).output().unwrap())
}

/// The line with these words in it, without what stands left of them.
fn line<'a>(text: &'a str, words: &str) -> &'a str {
    text.lines().find_map(|line| line.find(words).map(|at| &line[at..])).unwrap_or_else(|| panic!("no '{words}' in {text}"))
}

#[test]
fn what_is_enough_on_the_average_only_is_not_called_comparable() {
    let text = check(JUST_ENOUGH, &[]);
    assert_eq!(line(&text, "GET /rare"), "GET /rare  1200                               p50");
    assert_eq!(
        line(&text, "p95 can't"),
        "p95 can't surely be compared for rare: it needs 200 successful requests in every replicate of each version, and about 200 \
         are planned, of which chance may leave 159; measured stages of 2m30s (25s in each replicate, about 245 requests) would \
         be safely enough"
    );
    assert_eq!(
        line(&text, "p99 can't"),
        "p99 can't be compared for often, rare: it needs 1000 successful requests in every replicate of each version, and about \
         200 of rare are planned; measured stages of 11m (1m50s in each replicate, about 1095 requests) would be safely enough"
    );
    let enough = check(JUST_ENOUGH, &["--set", "stages[1].duration=150s"]);
    assert!(line(&enough, "GET /rare").ends_with("p50, p95"), "{enough}");
}

#[test]
fn one_scenario_leaves_nothing_to_chance() {
    let config = JUST_ENOUGH.replace("120/s", "20/s").replace("{ name: often, weight: 5, get: / }, ", "");
    assert!(line(&check(&config, &[]), "GET /rare").ends_with("p50, p95"));
    let random = check(&config, &["--set", "load={arrivals: poisson}"]);
    assert!(line(&random, "GET /rare").ends_with(" p50"), "{random}");
}

#[test]
fn load_of_stored_runs_that_a_gate_leaves_out_does_not_count() {
    let load = "\
stages: [ { rate: 50/s, duration: 100ms, warmup: true }, { rate: 100/s, duration: 300ms } ]
scenarios: [ GET / ]
record: { window: 100ms }
regression: { block: 300ms }
";
    let yard = Yard::new("exec MOCK", load);
    yard.ends_with(0, &["run", "-q"]);
    let promoted = yard.ends_with(0, &["baseline", "promote", "--unjudged", "loadgate-report/record.json.gz"]);
    let warning = "warning: too short for latencies to be compared with: 1 block of 300ms is measured, and it takes 8; measured \
                   stages of 2.4s are enough, or a shorter regression.block";
    assert!(promoted.contains(warning), "{promoted}");
    let text = yard.ends_with(0, &["check"]);
    assert!(text.contains("with 1 baseline run, and ") && !text.contains("left out"), "{text}");
    let why = "its windows of 300ms can't be put together to blocks of 100ms";
    let text = yard.ends_with(0, &["check", "--set", "regression.block=100ms"]);
    assert!(
        text.contains("no baseline that a gate can compare with") && text.contains(&format!("1 stored run is left out: {why}"))
    );
    let stored = line(&promoted, "baselines/");
    let compared = ["compare", "-c", "loadgate.yml", "--set", "regression.block=100ms", "--baseline", stored];
    let compared = [&compared[..], &["--candidate", "loadgate-report/record.json.gz"]].concat();
    assert!(transcript(&yard.run(&compared)).contains(&format!("is left out: {why}")), "a gate does as check says");
    let text = yard.ends_with(0, &["check", "--set", "scenarios=[ GET /other ]"]);
    assert!(text.contains("baselines that are stored were made under other conditions: "), "{text}");
}

#[test]
fn what_stored_runs_show_is_what_power_reckons_with() {
    let load = "\
stages: [ { rate: 100/s, duration: 2400ms } ]
scenarios: [ GET / ]
record: { window: 100ms }
regression: { block: 300ms }
";
    let yard = Yard::new("exec MOCK", load);
    for _ in 0..2 {
        yard.ends_with(0, &["run", "-q"]);
        yard.ends_with(0, &["baseline", "promote", "--unjudged", "--no-warmup", "loadgate-report/record.json.gz"]);
    }
    let text = yard.ends_with(0, &["check"]);
    assert!(text.contains("  from 2 stored runs"), "{text}");
    let shown = line(&text, "p50 +")["p50 +".len()..].split('%').next().unwrap();
    // What is shown is rounded.
    let seen = shown.parse::<f64>().unwrap() * 1.1 + 1.0;
    let power = yard.ends_with(0, &["check", "--power", &format!("{seen:.0}%")]);
    assert!(power.contains("  from 2 stored runs") && power.contains(" 2 baseline runs of 3s (5s)"), "{text}{power}");
}

#[test]
fn the_length_that_replicates_need_together_is_said_alike_everywhere() {
    let short = JUST_ENOUGH.replace("duration: 120s", "duration: 40s");
    let args = ["--set", "regression.replicates=3"];
    let text = check(&short, &args);
    assert_eq!(
        line(&text, "no latency"),
        "no latency can be compared: that takes 3 blocks of 5s in every replicate of each version, and 2 are planned; measured \
         stages of 45s (15s in each replicate) would be enough, or a shorter regression.block"
    );
    assert_eq!(
        line(&text, "note: 40s"),
        "note: 40s of measured time in 3 replicates is 2 blocks of 5s in each; comparing latencies with a baseline takes at least 3: \
         make one stage 45s or longer, or set regression.block to a shorter time"
    );
    let enough = check(&short.replace("duration: 40s", "duration: 45s"), &args);
    assert!(!enough.contains("no latency can be compared") && !enough.contains(" of measured time"), "{enough}");
}

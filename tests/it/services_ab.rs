//! Both versions as services that loadgate starts itself, side by side and afresh in each replicate.

use loadgate::record::Ended;

use crate::{
    patience::passes,
    program::transcript,
    services::{Yard, counted, send, under_load},
};

/// Each version by its name; the script of the mock target is the file of that name.
const SHOP: &str = "exec MOCK --script $1.yml";

const TARGET: &str = "name: shop\ntarget: { start: ./serve candidate, baseline_start: ./serve baseline }\n";

/// Six replicates of the shortest time that the program allows.
const MEASURED: &str = "\
stages: [ { rate: 100/s, duration: 1s, warmup: true }, { rate: 100/s, duration: 60s } ]
scenarios: [ { name: search, get: /search } ]
record: { window: 500ms }
regression:
  block: 1s
  metrics:
    p50: { fail: 30%, sensitivity: 200% }
    p95: { fail: 60%, sensitivity: 300% }
";

/// A folder in which candidate and baseline have these median latencies.
fn shop(candidate: &str, baseline: &str, sections: &str) -> Yard {
    let yard = Yard::new(SHOP, "");
    for (name, median) in [("candidate", candidate), ("baseline", baseline)] {
        let script = format!("routes: [ {{ path: /search, latency: 'lognormal:{median},0.2' }} ]\n");
        std::fs::write(yard.path().join(format!("{name}.yml")), script).unwrap();
    }
    yard.configure(&format!("{TARGET}{sections}"));
    yard
}

#[test]
fn load_of_a_slower_candidate_fails_before_all_replicates_are_played() {
    let yard = shop("20ms", "10ms", MEASURED);
    let text = yard.ends_with(1, &["gate", "-q"]);
    let verdict = yard.verdict();
    assert_eq!((&verdict["mode"], &verdict["planned_replicates"]), (&"ab".into(), &6.into()), "{text}");
    let used = usize::try_from(verdict["replicates"].as_u64().unwrap()).unwrap();
    assert!((3..=4).contains(&used), "{used}: {text}");
    assert_eq!(yard.started().len(), 2 * used, "both versions, afresh in each");
    let said = format!("{used} of 6 replicates");
    assert!(yard.text("loadgate-report/report.html").contains(&said), "{said}: {}", yard.text("loadgate-report/comment.md"));
    for n in 1..=used {
        for side in ["candidate", "baseline"] {
            assert_eq!(yard.record(&format!("records/{side}-{n}.json.gz")).ended, Ended::Complete);
            assert!(yard.path().join(format!("loadgate-report/logs/{side}-{n}.log")).exists());
        }
    }
}

#[test]
fn load_of_an_unchanged_candidate_passes() {
    let yard = shop("10ms", "10ms", MEASURED);
    let text = yard.ends_with(0, &["gate", "-q"]);
    assert!(passes(&yard.verdict()), "{text}");
    assert!(text.contains("would have been seen"), "{text}");
}

/// Both versions serve, but answer nothing for ten minutes in the second replicate, so that there is time to do something to them.
const SECOND_IS_SLOW: &str = "\
echo $$ >> $1s
latency=1ms
if [ $(wc -l < $1s) -ge 2 ]; then latency=600s; fi
if [ $1 = baseline ]; then echo $$ >> children; exec MOCK --latency $latency; fi
echo \"$$ $PORT\" >> started
MOCK --latency $latency &
echo $! >> children
echo $! > victim
wait $!
echo 'out of coffee'
exit 7";

fn both_counted() -> String {
    counted(4, 40, "graceful_stop: 100ms", 3)
}

fn slow_in_the_second() -> Yard {
    let yard = Yard::new("", "");
    yard.script("serve", SECOND_IS_SLOW);
    yard.configure(&format!("{TARGET}{}", both_counted()));
    yard
}

#[test]
fn load_on_a_version_that_dies_in_the_second_replicate_is_invalid_with_its_last_words() {
    let yard = slow_in_the_second();
    let child = under_load(&yard, &["gate"], 2, 2);
    send("-KILL", yard.lines("victim")[0].parse().unwrap());
    let output = child.wait_with_output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    yard.assert_all_gone();
    let reason = "replicate 2 of 3: the candidate's service did not stay up during the load: it ended by itself (exit code 7); it said last: out of coffee";
    assert!(yard.verdict()["reasons"][0].as_str().unwrap().contains(reason), "{text}");
    for side in ["candidate", "baseline"] {
        let ended = |n: usize| yard.record(&format!("records/{side}-{n}.json.gz")).ended;
        assert_eq!([1, 2].map(ended), [Ended::Complete, Ended::Aborted], "what one version spoils is no measurement of either");
    }
    assert_eq!(yard.started().len(), 2, "there is no third replicate");
}

#[test]
fn load_on_a_pair_that_is_interrupted_leaves_no_process_and_two_partial_records() {
    let yard = slow_in_the_second();
    let child = under_load(&yard, &["gate"], 2, 2);
    send("-INT", child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", transcript(&output));
    yard.assert_all_gone();
    for side in ["candidate", "baseline"] {
        assert_eq!(yard.record(&format!("records/{side}-2.json.gz")).ended, Ended::Interrupted);
    }
    assert_eq!((&yard.verdict()["verdict"], &yard.verdict()["exit_code"]), (&"invalid".into(), &130.into()));
}

#[test]
fn a_baseline_that_is_not_found_is_said_to_be_so_and_the_candidate_does_not_live_on() {
    let yard = shop("1ms", "1ms", MEASURED);
    let text = yard.ends_with(3, &["gate", "--start-baseline", "./no/such/server --port $PORT"]);
    assert!(text.contains("replicate 1 of 6: the baseline's service did not stay up before it was ready"), "{text}");
    assert!(text.contains("the command was not found (exit code 127)") && text.contains("hint: build it first"), "{text}");
    assert_eq!(yard.verdict()["verdict"], "invalid");
}

#[test]
fn a_baseline_that_is_never_healthy_makes_the_run_invalid_and_its_last_lines_are_shown() {
    let yard = shop("1ms", "1ms", MEASURED);
    yard.script("serve", "echo \"$$ $PORT\" >> started\necho \"$1 has no database\"\nexec MOCK --script $1.yml");
    std::fs::write(yard.path().join("baseline.yml"), "defaults: { status: 503 }").unwrap();
    let wait = "target.wait_for={ get: /health, timeout: 300ms, interval: 50ms }";
    let text = yard.ends_with(3, &["gate", "--set", wait]);
    assert!(text.contains("the baseline 127.0.0.1:") && text.contains("was not ready within 300ms"), "{text}");
    assert!(text.contains("\n  | baseline has no database\n") && text.contains("status 503"), "{text}");
    assert!(text.contains("next: Read what the baseline's service said: loadgate-report/logs/baseline-1.log\n"), "{text}");
    assert!(!text.contains("| candidate has no database"), "the candidate is well: {text}");
    assert_eq!(yard.started().len(), 2, "what is not healthy once is not tried again");
}

#[test]
fn load_that_tells_nothing_for_sure_is_extended_and_said_to_be() {
    let yard = shop("1ms", "1ms", &both_counted().replace("replicates: 3", "replicates: 3, policy: { inconclusive: extend }"));
    let text = yard.ends_with(0, &["check"]);
    assert!(text.contains(", up to 5 replicates where it is inconclusive"), "{text}");
    yard.ends_with(0, &["run", "-q"]);
    assert_eq!(yard.started().len(), 6, "nobody judges a run, so nobody extends it");
    let text = yard.ends_with(0, &["gate", "-q"]);
    assert_eq!((&yard.verdict()["verdict"], &yard.verdict()["replicates"]), (&"inconclusive".into(), &5.into()), "{text}");
    assert!(text.contains("extended to 5 replicates, as 3 were inconclusive"), "{text}");
    assert!(yard.text("loadgate-report/report.html").contains("extended to 5 replicates"));
    assert_eq!(yard.started().len(), 6 + 10);
}

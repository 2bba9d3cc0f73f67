//! Learning how much noise there is: `calibrate`, and gates of the branch itself.

use std::{fs, process::Output};

use serde_json::Value;

use crate::{
    bench::closed_port,
    program::{loadgate, transcript},
    services::Yard,
};

const SHOP: &str = "exec MOCK --latency lognormal:4ms,0.3";

/// One pair of processes, and short.
const PAIR: &str = "\
name: shop
target: { start: ./serve candidate }
stages: [ { rate: 400/s, duration: 200ms, warmup: true }, { rate: 400/s, duration: 2s } ]
scenarios: [ { name: items, get: /items }, { name: search, get: /search } ]
record: { window: 100ms }
regression: { block: 200ms, replicates: 1 }
";

/// Replicates that are over as soon as their users are done.
const REPLICATES: &str = "\
name: shop
target: { start: ./serve candidate, baseline_start: ./serve baseline }
stages: [ { vus: 4, count: 900, duration: 10m } ]
scenarios: [ { name: items, get: /items } ]
record: { window: 100ms }
regression: { block: 100ms, replicates: 3 }
";

fn yard(config: &str) -> Yard {
    let yard = Yard::new("", "");
    yard.script("serve", &format!("echo \"$$ $PORT\" >> started\necho $1 >> versions\n{SHOP}"));
    yard.configure(config);
    yard
}

/// All that was learned, oldest first.
fn lessons(yard: &Yard) -> Vec<Value> {
    let mut files: Vec<_> = Vec::new();
    for fingerprint in fs::read_dir(yard.path().join("baselines/shop")).into_iter().flatten().flatten() {
        files.extend(fs::read_dir(fingerprint.path().join("noise")).unwrap().map(|file| file.unwrap().path()));
    }
    files.sort();
    files.iter().map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap()).collect()
}

#[test]
fn load_of_a_version_beside_itself_teaches_what_two_processes_differ_by_and_the_gate_sees_it() {
    let yard = yard(PAIR);
    let text = yard.ends_with(0, &["calibrate", "-q", "--runs", "2"]);
    let lessons = lessons(&yard);
    assert_eq!(lessons.len(), 2, "{text}");
    assert!(lessons.iter().all(|lesson| lesson["same_version"] == true && lesson["replicates"] == 1));
    assert_eq!(yard.lines("versions"), ["candidate"; 4], "two processes of one version, afresh each time");
    assert!(text.contains("2 comparisons of one version with itself, each 2.2s of load, 4.4s in all"), "{text}");
    assert!(text.contains("from 2 pairs, the newest of") && text.contains("a gate will see"), "{text}");
    let row = |name: &str| text.lines().find(|line| line.contains(name) && line.contains("p50 +")).map(str::to_owned);
    assert!(row("items").is_some_and(|row| !row.contains("p50 +0%") && row.contains("p99 no test")), "{text}");

    // The gate of two versions is of the same kind: it knows what was learned.
    let text = yard.ends_with(0, &["check", "--start-baseline", "./serve baseline"]);
    assert!(text.contains("from what 2 earlier pairs of one version taught of noise"), "{text}");
    let text = yard.ends_with(0, &["gate", "-q", "--start-baseline", "./serve baseline", "--set", "regression.alpha=0.001"]);
    assert!(text.contains("learned from 2 earlier pairs of one version"), "{text}");
    assert_eq!(self::lessons(&yard).len(), 2, "a gate that is not the branch's teaches nothing");
}

#[test]
fn load_of_replicates_teaches_how_they_spread() {
    let yard = yard(REPLICATES);
    let text = yard.ends_with(0, &["calibrate", "-q", "--runs", "1", "--version", "baseline"]);
    let lessons = lessons(&yard);
    assert_eq!((lessons.len(), &lessons[0]["replicates"]), (1, &3.into()), "{text}");
    assert!(lessons[0]["spreads"][0]["sum_of_squares"].is_f64() && lessons[0]["spreads"][0]["df"] == 2.0, "{:#}", lessons[0]);
    assert_eq!(yard.lines("versions"), ["baseline"; 6]);
}

/// Starts both versions anew at the ports it is given and leaves them there; with `stop`, ends them.
const RESTART: &str = "\
for old in $(cat running 2>/dev/null); do
    kill -KILL $old
    while grep -q '^State:.[^ZX]' /proc/$old/status 2>/dev/null; do sleep 0.02; done
done
rm -f running
if [ $1 = stop ]; then exit; fi
for PORT in $1 $2; do
    MOCK --latency lognormal:4ms,0.3 >/dev/null 2>&1 &
    echo $! | tee -a running >> children
done";

#[test]
#[cfg(target_os = "linux")]
fn load_on_services_that_a_hook_restarts_teaches_what_fresh_processes_differ_by() {
    let yard = yard("");
    yard.script("restart", RESTART);
    let (ours, theirs) = (closed_port(), closed_port());
    let target = format!(
        "target: {{ base_url: 'http://127.0.0.1:{ours}', baseline_url: 'http://127.0.0.1:{theirs}', wait_for: {{ get: /, interval: 50ms }} }}\n\
         hooks: {{ restart: ./restart {ours} {theirs}, after: [ {{ run: ./restart stop, always: true }} ] }}\n"
    );
    let started = "target: { start: ./serve candidate, baseline_start: ./serve baseline }\n";
    assert!(REPLICATES.contains(started));
    yard.configure(&REPLICATES.replace(started, &target));
    let text = yard.ends_with(0, &["calibrate", "-q", "--runs", "1"]);
    let lessons = lessons(&yard);
    assert_eq!((lessons.len(), &lessons[0]["replicates"], &lessons[0]["same_version"]), (1, &3.into(), &true.into()), "{text}");
    assert!(lessons[0]["spreads"][0]["df"] == 2.0, "{:#}", lessons[0]);
    assert_eq!(yard.lines("children").len(), 6, "two fresh processes for each of three replicates");
    assert!(text.contains("note: loadgate does not start these services; both must run the same build"), "{text}");
    assert!(yard.started().is_empty(), "loadgate itself has started none");
}

#[test]
fn nothing_is_learned_where_no_fresh_processes_can_be_made() {
    let yard = yard(
        "target: { base_url: 'http://127.0.0.1:1', baseline_url: 'http://127.0.0.1:2' }\nstages: [ { rate: 10/s, duration: 60s } ]\nscenarios: [ GET / ]\n",
    );
    let text = yard.ends_with(2, &["calibrate"]);
    assert!(
        text.contains("nothing says how fresh ones are made") && text.contains("hint: say how the service is started"),
        "{text}"
    );
    yard.configure("target: http://127.0.0.1:1\nstages: [ { rate: 10/s, duration: 60s } ]\nscenarios: [ GET / ]\n");
    let text = yard.ends_with(2, &["calibrate"]);
    assert!(text.contains("'ab' asks two versions at the same time, and there is no second one"), "{text}");
    let text = yard.ends_with(2, &["calibrate", "--runs", "21"]);
    assert!(text.contains("21 is not in 1..=20"), "{text}");
}

#[test]
fn load_is_not_sent_where_what_was_learned_is_damaged() {
    let yard = yard(PAIR);
    yard.ends_with(0, &["calibrate", "-q", "--runs", "1"]);
    let folder = fs::read_dir(yard.path().join("baselines/shop")).unwrap().next().unwrap().unwrap().path().join("noise");
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    fs::write(&file, "{").unwrap();
    for args in [&["gate", "--start-baseline", "./serve baseline"][..], &["calibrate"], &["check", "--start-baseline", "true"]] {
        let text = yard.ends_with(2, args);
        assert!(text.contains("the record is damaged: it ends early"), "{text}");
        assert!(text.contains("hint: restore the file from version control, or move it out"), "{text}");
    }
    assert_eq!(yard.started().len(), 2, "nothing was started for it");
}

fn gate_in_ci(yard: &Yard, event: &str, reference: &str) -> Output {
    let mut command = loadgate(yard.path(), &["gate", "-q", "--no-publish"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", event).env("GITHUB_REF", reference);
    command.env("GITHUB_SHA", "1a2b3c4d5e6f").output().unwrap()
}

#[test]
fn load_of_a_gate_of_the_branch_itself_teaches_and_of_a_change_does_not() {
    let yard = yard(&format!("{REPLICATES}baseline: {{ branch: trunk }}\n"));
    for (event, reference, count) in
        [("pull_request", "refs/pull/7/merge", 0), ("push", "refs/heads/main", 0), ("push", "refs/heads/trunk", 1)]
    {
        let output = gate_in_ci(&yard, event, reference);
        let text = transcript(&output);
        assert!(output.status.code().is_some_and(|code| code < 2), "{text}");
        assert_eq!(lessons(&yard).len(), count, "{event} {reference}: {text}");
        assert_eq!(
            text.contains("note: what this comparison of trunk shows of noise is stored for later ones"),
            count == 1,
            "{text}"
        );
    }
    let lesson = &lessons(&yard)[0];
    assert_eq!((&lesson["same_version"], &lesson["commit"]), (&false.into(), &"1a2b3c4d5e6f".into()));
}

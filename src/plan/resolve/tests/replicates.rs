//! Services that are started, hooks around a run, and replicates.

use std::{path::PathBuf, time::Duration};

use super::{refusal, resolved, resolved_with};
use crate::{
    config::Overrides,
    plan::{Replicate, Replication, Resolved},
    policy::Mode,
};

const BOTH: &str = include_str!("../../../../tests/it/configs/both-versions.yml");

/// A configuration with this target and these sections.
fn with(target: &str, sections: &str) -> String {
    format!(
        "target: {target}\nstages: [ {{ rate: 10/s, duration: 8s, warmup: true }}, {{ rate: 10/s, duration: 120s }} ]\nscenarios: [ GET /items ]\n{sections}"
    )
}

const STARTED: &str = "{ start: ./serve }";
const PAIR: &str = "{ start: ./candidate, baseline_start: ./baseline }";

fn seconds(resolved: &Resolved) -> Vec<u64> {
    let part = resolved.plan.part(resolved.replication, Replicate { number: 2, of: resolved.replication.count });
    part.stages.iter().map(|stage| stage.duration.as_secs()).collect()
}

#[test]
fn both_versions_are_started_in_six_replicates_that_split_the_measured_time() {
    let resolved = resolved(BOTH);
    assert_eq!(resolved.replication, Replication { count: 6, splits: true, early_stop: true, extension: 0 });
    assert_eq!(resolved.policy.regression.compare, Mode::Ab);
    let [candidate, baseline] = &resolved.plan.targets[..] else { panic!("{:?}", resolved.plan.targets) };
    assert_eq!((candidate.authority(), resolved.plan.baseline), ("127.0.0.1:$PORT".to_owned(), Some(1)));
    assert_eq!(baseline.start.as_ref().unwrap().text, "./baseline/shop --port $PORT");
    assert_eq!(seconds(&resolved), [8, 20]);
    assert_eq!(resolved.plan.length_of(resolved.replication), Duration::from_secs(6 * 8 + 120));
}

#[test]
fn what_is_inconclusive_is_extended_by_half_as_far_as_there_is_time() {
    const EXTEND: &str = "regression: { policy: { inconclusive: extend } }";
    let extension = |more: &str| resolved(&with(PAIR, &format!("{EXTEND}\n{more}"))).replication;
    assert_eq!((extension("").count, extension("").extension, extension("").most()), (6, 3, 9));
    assert_eq!(extension("safety: { max_duration: 230s }").extension, 2, "168 s, and 28 s for each");
    let last: Vec<Replicate> = extension("").replicates().skip(5).take(2).collect();
    assert_eq!(last, [Replicate { number: 6, of: 6 }, Replicate { number: 7, of: 9 }]);
    insta::assert_snapshot!(refusal(&with(PAIR, &format!("{EXTEND}\nsafety: {{ max_duration: 180s }}"))), @r"
    loadgate.yml:4:39: there is no time to extend: 6 replicates last 2m48s, and `safety.max_duration` is 3m
      4 | regression: { policy: { inconclusive: extend } }
        |                                       ^
    hint: raise the limit to 3m16s or more, or write warn
    ");
    insta::assert_snapshot!(refusal(&with(STARTED, EXTEND)), @r"
    loadgate.yml:4:39: 'extend' adds replicates, and this comparison has none
      4 | regression: { policy: { inconclusive: extend } }
        |                                       ^
    hint: compare two versions in replicates with fresh processes (target.start and target.baseline_start), or write warn
    ");
}

#[test]
fn parts_have_seeds_of_their_own() {
    let resolved = resolved(BOTH);
    let part = |number| resolved.plan.part(resolved.replication, Replicate { number, of: 6 });
    assert_eq!([1, 2, 6].map(|number| part(number).seed), [42, 42 + (1 << 32), 42 + (5 << 32)]);
}

#[test]
fn replicates_of_one_version_are_whole_runs() {
    let text = with(STARTED, "regression: { replicates: 2, early_stop: false }");
    let both = resolved(&text);
    assert_eq!(both.replication, Replication { count: 2, splits: false, early_stop: false, extension: 0 });
    assert_eq!((seconds(&both), both.plan.length_of(both.replication)), (vec![8, 120], Duration::from_secs(256)));
    assert_eq!(resolved(&with(STARTED, "")).replication.count, 1);
    // One version of two, where stored baselines are asked for.
    let alone = resolved(&with(PAIR, "regression: { compare: baseline }"));
    assert_eq!((alone.replication.count, alone.plan.baseline, alone.plan.targets.len()), (1, None, 1));
}

#[test]
fn a_restart_elsewhere_makes_replicates_too() {
    let hooks = "hooks: { restart: { run: kubectl rollout restart deploy/shop, timeout: 2m }, before: [ ./seed.sh ], after: [ { run: ./clean.sh, always: true } ] }";
    let resolved = resolved(&with("http://127.0.0.1:8080", &format!("regression: {{ replicates: 4 }}\n{hooks}")));
    assert_eq!(resolved.replication.count, 4);
    let (restart, before, after) = (resolved.hooks.restart.unwrap(), &resolved.hooks.before[0], &resolved.hooks.after[0]);
    assert_eq!((restart.timeout, restart.always), (Duration::from_secs(120), false));
    assert_eq!((before.command.text.as_str(), before.timeout), ("./seed.sh", Duration::from_secs(60)));
    assert!(after.always);
}

#[test]
fn commands_of_flags_take_the_place_of_others_and_belong_to_the_prompt() {
    let flags = Overrides { start_candidate: Some("./new: {x} $PORT".to_owned()), ..Overrides::default() };
    for target in ["http://127.0.0.1:8080", STARTED] {
        let resolved = resolved_with(&with(target, ""), &flags).unwrap();
        let start = resolved.plan.target().start.clone().unwrap();
        assert_eq!((start.text.as_str(), start.folder), ("./new: {x} $PORT", PathBuf::new()));
    }
    let without = with("X", "").replacen("target: X\n", "", 1);
    assert_eq!(resolved_with(&without, &flags).unwrap().plan.target().authority(), "127.0.0.1:$PORT");
    assert!(resolved(&with(STARTED, "")).plan.target().start.as_ref().unwrap().folder.is_absolute());
    let empty = Overrides { start_candidate: Some(" ".to_owned()), ..Overrides::default() };
    let error = resolved_with(&with(STARTED, ""), &empty).unwrap_err().to_string();
    assert!(error.contains("--start-candidate: the command is empty"), "{error}");
}

#[test]
fn an_address_may_hold_the_port_and_one_that_an_empty_variable_leaves_is_none() {
    let target = |text: &str| resolved(&with(text, "")).plan.targets;
    let told = target("{ start: ./serve, base_url: 'http://localhost:$PORT/v1/', baseline_start: ./old }");
    assert_eq!((told[0].authority(), told[1].authority()), ("localhost:$PORT".to_owned(), "localhost:$PORT".to_owned()));
    assert_eq!((told[1].base_path.as_str(), told[1].port), ("/v1", 0));
    assert_eq!(target("{ start: ./serve, base_url: '${LG_TEST_NONE:-}' }")[0].authority(), "127.0.0.1:$PORT");
    let fixed = target("{ start: ./serve, base_url: 'http://localhost:8080/v1', baseline_start: ./old }");
    assert_eq!((fixed[0].port, fixed[1].authority(), fixed[1].base_path.as_str()), (8080, "127.0.0.1:$PORT".to_owned(), ""));
    assert_eq!(target("{ base_url: 'http://h', start: '${LG_TEST_NONE:-}' }")[0].start, None);
}

#[test]
fn a_cold_process_under_load_is_noted() {
    let cold = with(STARTED, "").replace(", warmup: true", "");
    assert!(resolved(&cold).notes.iter().any(|note| note.contains("warmup: true")), "{:?}", resolved(&cold).notes);
    assert!(resolved(&with(STARTED, "")).notes.is_empty());
}

#[test]
fn what_a_started_service_can_not_be() {
    insta::assert_snapshot!(refusal(&with("{ start: '', baseline_start: \"a\\0b\", base_url: 'http://h/$PORT' }", "targets: { db: { base_url: 'http://h', start: ./db } }")), @r#"
    loadgate.yml:1:18: the command is empty
      1 | target: { start: '', baseline_start: "a\0b", base_url: 'http://h/$PORT' }
        |                  ^
    hint: write what you would type at the prompt, or remove the line

    error: loadgate.yml:1:38: the command holds a NUL character
      1 | target: { start: '', baseline_start: "a\0b", base_url: 'http://h/$PORT' }
        |                                      ^
    hint: write it without

    error: loadgate.yml:1:56: in 'http://h/$PORT' $PORT does not stand for a port
      1 | target: { start: '', baseline_start: "a\0b", base_url: 'http://h/$PORT' }
        |                                                        ^
    hint: write it behind the host: http://127.0.0.1:$PORT

    error: loadgate.yml:4:40: 'start' belongs to `target`
      4 | targets: { db: { base_url: 'http://h', start: ./db } }
        |                                        ^
    hint: start it before loadgate, with `hooks.before`, or with the command of `target.start`
    "#);
    insta::assert_snapshot!(refusal(&with("'http://127.0.0.1:$PORT'", "")), @r"
    loadgate.yml:1:9: nothing is started that would listen on $PORT
      1 | target: 'http://127.0.0.1:$PORT'
        |         ^
    hint: write the port the service listens on, or the command that starts it: target.start
    ");
    insta::assert_snapshot!(refusal(&with("{ start: './serve ${PORTT}' }", "")), @r"
    loadgate.yml:1:27: the variable PORTT is not set
      1 | target: { start: './serve ${PORTT}' }
        |                           ^
    hint: set it in the environment, with -e PORTT=value, or give a default: ${PORTT:-default}; $PORTT without braces is the shell's
    ");
}

#[test]
fn what_replicates_can_not_be() {
    insta::assert_snapshot!(refusal(&with(PAIR, "regression: { replicates: 2 }")), @r"
    loadgate.yml:4:27: 2 replicates can't tell how much two processes of one build differ
      4 | regression: { replicates: 2 }
        |                           ^
    hint: write 1, or 3 or more; 6 is the default
    ");
    insta::assert_snapshot!(refusal(&with(PAIR, "regression: { replicates: 0 }")), @r"
    loadgate.yml:4:27: 0 replicates are out of range
      4 | regression: { replicates: 0 }
        |                           ^
    hint: write a number from 1 to 100; 6 is the default
    ");
    insta::assert_snapshot!(refusal(&with(PAIR, "regression: { replicates: 20 }")), @r"
    loadgate.yml:4:27: the 2m of stage 'stage-2' in 20 replicates are 6s each, and at least 10s are needed
      4 | regression: { replicates: 20 }
        |                           ^
    hint: make the stage 3m20s or longer, or write `regression.replicates: 12`
    ");
    insta::assert_snapshot!(refusal(&with(PAIR, "").replace("120s", "45s")), @r"
    loadgate.yml:2:9: the 45s of stage 'stage-2' in 6 replicates are 7.5s each, and at least 10s are needed
      2 | stages: [ { rate: 10/s, duration: 8s, warmup: true }, { rate: 10/s, duration: 45s } ]
        |         ^
    hint: make the stage 1m or longer, or write `regression.replicates: 4`
    ");
    insta::assert_snapshot!(refusal(&with("http://h", "regression: { replicates: 3 }")), @r"
    loadgate.yml:4:27: each replicate needs fresh processes, and loadgate has no means to make them
      4 | regression: { replicates: 3 }
        |                           ^
    hint: say how the service is started (target.start) or restarted (hooks.restart), or write 1
    ");
    insta::assert_snapshot!(refusal(&with("{ base_url: 'http://h', baseline_start: ./old }", "regression: { replicates: 3 }")), @r"
    loadgate.yml:4:27: each replicate needs fresh processes, and loadgate has no means to make them
      4 | regression: { replicates: 3 }
        |                           ^
    hint: say how both versions are started (target.start and target.baseline_start) or restarted (hooks.restart), or write 1
    ");
    insta::assert_snapshot!(refusal(&with("http://h", "regression: { compare: ab }")), @r"
    loadgate.yml:4:24: 'ab' asks two versions at the same time, and there is no second one
      4 | regression: { compare: ab }
        |                        ^
    hint: say where it is, target.baseline_url, or how it is started: target.baseline_start, or --start-baseline
    ");
    insta::assert_snapshot!(refusal(&with(PAIR, "safety: { max_duration: 150s }")), @r"
    loadgate.yml:2:9: 6 replicates last 2m48s together, beyond `safety.max_duration` (2m30s)
      2 | stages: [ { rate: 10/s, duration: 8s, warmup: true }, { rate: 10/s, duration: 120s } ]
        |         ^
    hint: take fewer replicates or a shorter warm-up, or raise the limit if this is meant
    ");
}

#[test]
fn what_hooks_can_not_be() {
    insta::assert_snapshot!(refusal(&with("http://127.0.0.1:80", "hooks: { before: [ { run: '', timeout: 0s, always: true } ], restart: { run: x, timeout: 5 } }")), @r"
    loadgate.yml:4:27: the command is empty
      4 | hooks: { before: [ { run: '', timeout: 0s, always: true } ], restart: { run: x, timeout: 5 } }
        |                           ^
    hint: write what you would type at the prompt, or remove the line

    error: loadgate.yml:4:40: '0s' is no time at all
      4 | hooks: { before: [ { run: '', timeout: 0s, always: true } ], restart: { run: x, timeout: 5 } }
        |                                        ^
    hint: write a duration above 0, for example 5s

    error: loadgate.yml:4:44: 'always' means something for 'hooks.after' alone
      4 | hooks: { before: [ { run: '', timeout: 0s, always: true } ], restart: { run: x, timeout: 5 } }
        |                                            ^
    hint: remove it

    error: loadgate.yml:4:90: '5' has no unit
      4 | hooks: { before: [ { run: '', timeout: 0s, always: true } ], restart: { run: x, timeout: 5 } }
        |                                                                                          ^
    hint: write a number with a unit: us, ms, s, m, h or d, for example 500ms, 30s or 1m30s
    ");
    insta::assert_snapshot!(refusal(&with("http://127.0.0.1:80", "hooks: { during: x }")), @r"
    loadgate.yml:4:10: unknown key 'during'
      4 | hooks: { during: x }
        |          ^
    hint: known keys here: restart, before, after
    ");
    insta::assert_snapshot!(refusal(&with("http://127.0.0.1:80", "hooks: { restart: [ x ] }")), @r"
    loadgate.yml:4:19: expected a command, or a map such as { run: ./seed.sh, timeout: 60s }, found a list
      4 | hooks: { restart: [ x ] }
        |                   ^
    ");
}

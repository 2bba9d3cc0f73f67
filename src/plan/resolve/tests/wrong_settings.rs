//! What is wrong with all other sections, each time with the whole text a user sees; and that any text at all is a plan or an error.

use proptest::prelude::*;

use super::{overrides, refusal, resolved, resolved_with, with};

#[test]
fn where_load_must_not_go() {
    insta::assert_snapshot!(refusal(&with("safety: { allow_hosts: [ '*.example.com' ] }")), @r#"
    loadgate.yml:2:9: the host '127.0.0.1' is not in `safety.allow_hosts`
      2 | target: http://127.0.0.1:8080
        |         ^
    hint: add "127.0.0.1" to `safety.allow_hosts` if load may go there
    "#);
    insta::assert_snapshot!(refusal(&with("safety: { deny_hosts: [ 127.0.0.1 ], allow_hosts: [ 127.0.0.1 ] }")), @r"
    loadgate.yml:2:9: load to '127.0.0.1' is forbidden by '127.0.0.1' under `safety.deny_hosts`
      2 | target: http://127.0.0.1:8080
        |         ^
    hint: point the target at another service, or change `safety.deny_hosts` if this is meant
    ");
    insta::assert_snapshot!(refusal(&with("safety: { allow_hosts: [ 'http://x', 127.0.0.1 ] }")), @r#"
    loadgate.yml:1:26: 'http://x' is not a host
      1 | safety: { allow_hosts: [ 'http://x', 127.0.0.1 ] }
        |                          ^
    hint: write a host without scheme, port or path: 127.0.0.1, staging.example.com or "*.staging.example.com"
    "#);
    insta::assert_snapshot!(refusal(&with("safety: { max_rate: 5/s, max_duration: 30s }")), @r"
    loadgate.yml:3:19: 10/s is beyond `safety.max_rate` (5/s)
      3 | stages: [ { rate: 10/s, duration: 60s } ]
        |                   ^
    hint: lower the rate, or raise the limit if this is meant

    error: loadgate.yml:3:35: the stages up to this one last 1m, beyond `safety.max_duration` (30s)
      3 | stages: [ { rate: 10/s, duration: 60s } ]
        |                                   ^
    hint: shorten a stage, or raise the limit if this is meant
    ");
    assert_eq!(resolved(&with("safety: { allow_hosts: [ 127.0.0.1 ] }")).notes.len(), 0);
    for (target, message) in [
        ("https://", "'https://' is not a web address: empty host"),
        ("127.0.0.1:80", "'127.0.0.1:80' is not a web address"),
        ("http://", "'http://' is not a web address: empty host"),
        ("http://u:p@h", "the target holds a user name or a password"),
        ("http://h/?a=b", "'http://h/?a=b' has a query or a fragment"),
        ("http://h:0", "port 0 can't be connected to"),
        ("''", "the target is empty"),
        ("{ headers: {} }", "'base_url' is missing here"),
        ("[ a ]", "expected a web address such as http://127.0.0.1:8080, or a map with `base_url`, found a list"),
    ] {
        let error = refusal(&with("").replace("http://127.0.0.1:8080", target));
        assert!(error.starts_with("loadgate.yml:2:") && error.contains(message), "{target}: {error}");
    }
}

#[test]
fn what_the_other_sections_can_not_be() {
    insta::assert_snapshot!(refusal(&with("version: 2\nname: a/b\nload: { model: closed, arrivals: often, max_in_flight: 0 }\nbaseline: { store: s3, keep: 0 }\nreport: { dir: '', formats: [pdf] }\nrecord: { window: 1ms }\nsecrets: { A: {} }")), @r"
    loadgate.yml:1:10: version 2 of the configuration language is not known
      1 | version: 2
        |          ^
    hint: this loadgate reads version 1

    error: loadgate.yml:2:7: 'a/b' can't be the name of a suite
      2 | name: a/b
        |       ^
    hint: baselines live in a folder of this name; use letters, digits, '-', '_' and '.', such as 'a-b'

    error: loadgate.yml:3:16: the stage 'stage-1' has a rate (10/s)
      3 | load: { model: closed, arrivals: often, max_in_flight: 0 }
        |                ^
    hint: write `vus:` in the stages of a closed model, or remove `model`

    error: loadgate.yml:3:34: 'often' is not a value of 'load.arrivals'
      3 | load: { model: closed, arrivals: often, max_in_flight: 0 }
        |                                  ^
    hint: known values: uniform, poisson

    error: loadgate.yml:3:56: '0' is out of range
      3 | load: { model: closed, arrivals: often, max_in_flight: 0 }
        |                                                        ^
    hint: write a number from 1 to 100000; 2000 is the default

    error: loadgate.yml:4:20: 'baseline.store: s3' is not supported yet
      4 | baseline: { store: s3, keep: 0 }
        |                    ^
    hint: write file or git

    error: loadgate.yml:4:30: keeping 0 baselines leaves nothing to compare with
      4 | baseline: { store: s3, keep: 0 }
        |                              ^
    hint: write 1 or more; 50 is the default

    error: loadgate.yml:5:16: the folder's name is empty
      5 | report: { dir: '', formats: [pdf] }
        |                ^
    hint: write a path, or remove the line for 'loadgate-report'

    error: loadgate.yml:5:30: 'pdf' is not a value of 'report.formats[0]'
      5 | report: { dir: '', formats: [pdf] }
        |                              ^
    hint: known values: json, html, md, junit, csv, gitlab, openmetrics

    error: loadgate.yml:6:19: '1ms' is out of range
      6 | record: { window: 1ms }
        |                   ^
    hint: write a duration from 100ms to 1m

    and 1 more
    ");
    insta::assert_snapshot!(refusal(&with("load: { max_in_flight: -5 }")), @r"
    loadgate.yml:1:24: expected a whole number, found the number -5
      1 | load: { max_in_flight: -5 }
        |                        ^
    ");
    insta::assert_snapshot!(refusal(&with("name: 200")), @r#"
    loadgate.yml:1:7: expected a text, found the number 200
      1 | name: 200
        |       ^
    hint: put it in quotes: "200"
    "#);
    assert_eq!(resolved(&with("name: no")).plan.suite, "no");
}

#[test]
fn how_requests_can_not_be_made() {
    insta::assert_snapshot!(refusal(&with("http:\n  connections: { max: 0, max_per_host: 200000, idle_timeout: 0s, cooldown: 5 }\n  timeouts: { pool: 0s, first_byte: soon }\n  discard_bodies: false")), @r"
    loadgate.yml:2:23: '0' is out of range
      2 |   connections: { max: 0, max_per_host: 200000, idle_timeout: 0s, cooldown: 5 }
        |                       ^
    hint: write a number from 1 to 100000; without the line there are as many as are needed

    error: loadgate.yml:2:40: '200000' is out of range
      2 |   connections: { max: 0, max_per_host: 200000, idle_timeout: 0s, cooldown: 5 }
        |                                        ^
    hint: write a number from 1 to 100000; without the line there are as many as are needed

    error: loadgate.yml:2:62: '0s' is no time at all
      2 |   connections: { max: 0, max_per_host: 200000, idle_timeout: 0s, cooldown: 5 }
        |                                                              ^
    hint: write a duration above 0, for example 5s

    error: loadgate.yml:2:76: '5' has no unit
      2 |   connections: { max: 0, max_per_host: 200000, idle_timeout: 0s, cooldown: 5 }
        |                                                                            ^
    hint: write a number with a unit: us, ms, s, m, h or d, for example 500ms, 30s or 1m30s

    error: loadgate.yml:3:21: '0s' is no time at all
      3 |   timeouts: { pool: 0s, first_byte: soon }
        |                     ^
    hint: write a duration above 0, for example 5s

    error: loadgate.yml:3:37: 'soon' is not a duration
      3 |   timeouts: { pool: 0s, first_byte: soon }
        |                                     ^
    hint: write a number with a unit: us, ms, s, m, h or d, for example 500ms, 30s or 1m30s

    error: loadgate.yml:4:19: bodies can't be kept
      4 |   discard_bodies: false
        |                   ^
    hint: remove the line; a body that `check` or `extract` looks into is kept until it was looked into
    ");
    insta::assert_snapshot!(refusal(&with("http: { connections: { max: 10, max_per_host: 20 } }")), @r"
    loadgate.yml:1:47: 'max_per_host' (20) is above 'max' (10)
      1 | http: { connections: { max: 10, max_per_host: 20 } }
        |                                               ^
    hint: write at most as many, or remove the line
    ");
    insta::assert_snapshot!(refusal(&with("http: { compression: gzip }")), @r"
    loadgate.yml:1:22: expected true or false, found the text 'gzip'
      1 | http: { compression: gzip }
        |                      ^
    ");
    insta::assert_snapshot!(refusal(&with("http: { connections: { max: -1 } }")), @r"
    loadgate.yml:1:29: expected a whole number, found the number -1
      1 | http: { connections: { max: -1 } }
        |                             ^
    ");
    insta::assert_snapshot!(refusal(&with("http: { timeouts: { firstbyte: 1s } }")), @r"
    loadgate.yml:1:21: unknown key 'firstbyte'
      1 | http: { timeouts: { firstbyte: 1s } }
        |                     ^
    hint: did you mean 'first_byte'?
    ");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_in_any_value_is_a_plan_or_an_error_with_a_place(text in "[ -~]{0,12}", at in 0_usize..6) {
        let path = ["stages[0].rate", "stages[0].duration", "target", "scenarios[0].get", "thresholds", "scenarios[0].name"][at];
        let value = format!("'{}'", text.replace('\'', "''"));
        if let Err(error) = resolved_with(&with(""), &overrides(&[], &[(path, &value)], None)) {
            prop_assert!(!error.problems.is_empty());
            prop_assert!(error.problems.iter().all(|problem| !problem.message.is_empty()));
        }
    }
}

#[test]
fn ids_for_traces_are_of_a_known_kind_and_sent_once() {
    assert!(resolved(&with("observe: { traces: w3c }")).plan.http.traces && !resolved(&with("")).plan.http.traces);
    assert_ne!(
        resolved(&with("observe: { traces: w3c }")).plan.workload.hash,
        resolved(&with("observe: { traces: off }")).plan.workload.hash,
        "what is sent differs"
    );
    insta::assert_snapshot!(refusal(&with("observe: { traces: b3 }")), @r"
    loadgate.yml:1:20: 'b3' is not a value of 'observe.traces'
      1 | observe: { traces: b3 }
        |                    ^
    hint: known values: off, w3c
    ");
    let header = with("observe: { traces: w3c }").replace("get: /items", "get: /items, headers: { Traceparent: '00-1' }");
    let refused = refusal(&header);
    assert!(refused.contains("there is a header 'traceparent' in the configuration already"), "{refused}");
}

#[test]
fn baselines_on_a_branch_lie_in_no_folder_and_are_stored_from_main_alone() {
    let said = refusal(&with("baseline: { store: git, dir: perf, promote: { from: pull_request, only_if: failed } }"));
    for words in [
        "'pull_request' is not a value of 'baseline.promote.from'",
        "'failed' is not a value of 'baseline.promote.only_if'",
        "baselines on a branch (store: git) lie in no folder",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

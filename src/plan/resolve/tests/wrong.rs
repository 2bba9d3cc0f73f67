//! What is wrong with the meaning of a configuration, each time with the whole text a user sees.

use proptest::prelude::*;

use super::{overrides, refusal, resolved, resolved_with, with, with_scenarios, with_stages};

#[test]
fn what_a_stage_can_not_be() {
    insta::assert_snapshot!(refusal(&with_stages("stages: []")), @r"
    loadgate.yml:2:9: there is no stage
      2 | stages: []
        |         ^
    hint: write at least one, for example stages: [ { rate: 100/s, duration: 60s } ]
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages:")), @r"
    loadgate.yml:2:1: 'stages' is empty
      2 | stages:
        | ^
    hint: say how much load there is, for example stages: [ { rate: 100/s, duration: 60s } ]
    ");
    insta::assert_snapshot!(refusal(&with_stages("")), @r"
    loadgate.yml: 'stages' is missing
    hint: say how much load there is, for example stages: [ { rate: 100/s, duration: 60s } ]
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages:\n  - { rate: 0/s, duration: 5 }\n  - { rate: -3/s, duration: 0s }\n  - { ramp: 5, name: x }\n  - { duration: 5s }\n  - { rate: 1/s, ramp: 1/s..2/s, duration: 5s }")), @r"
    loadgate.yml:3:13: a rate of 0 makes no load
      3 |   - { rate: 0/s, duration: 5 }
        |             ^
    hint: write a rate above 0, for example 10/s; a ramp may begin or end at 0/s

    error: loadgate.yml:3:28: '5' has no unit
      3 |   - { rate: 0/s, duration: 5 }
        |                            ^
    hint: write a number with a unit: us, ms, s, m, h or d, for example 500ms, 30s or 1m30s

    error: loadgate.yml:4:13: the rate '-3/s' is negative
      4 |   - { rate: -3/s, duration: 0s }
        |             ^
    hint: write a rate above 0

    error: loadgate.yml:4:29: '0s' is no time at all
      4 |   - { rate: -3/s, duration: 0s }
        |                             ^
    hint: write a duration above 0, for example 5s

    error: loadgate.yml:5:5: this stage has no 'duration'
      5 |   - { ramp: 5, name: x }
        |     ^
    hint: say how long it is played: duration: 60s

    error: loadgate.yml:5:13: '5' is not a ramp
      5 |   - { ramp: 5, name: x }
        |             ^
    hint: write the rates it begins and ends with, for example 10/s..200/s

    error: loadgate.yml:6:5: this stage has neither 'rate' nor 'ramp' nor 'vus'
      6 |   - { duration: 5s }
        |     ^
    hint: say how much load it makes: rate: 100/s

    error: loadgate.yml:7:18: a stage has either 'rate' or 'ramp'
      7 |   - { rate: 1/s, ramp: 1/s..2/s, duration: 5s }
        |                  ^
    hint: make two stages of it
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages: [ { rate: 5/s, duration: 5s, warmup: true } ]")), @r"
    loadgate.yml:2:1: no stage is measured
      2 | stages: [ { rate: 5/s, duration: 5s, warmup: true } ]
        | ^
    hint: add a stage without `warmup: true` and `measure: false`
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages: [ { rate: 5/s, duration: 5s, name: a }, { rate: 6/s, duration: 5s, name: a } ]")), @r"
    loadgate.yml:2:82: duplicate stage name 'a'
      2 | stages: [ { rate: 5/s, duration: 5s, name: a }, { rate: 6/s, duration: 5s, name: a } ]
        |                                                                                  ^
    hint: give each stage a name of its own
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages: [ { rate: 5/s, duration: 5s } ]\nload: { stages: [] }")), @r"
    loadgate.yml:3:9: stages stand both at the top and under `load`
      3 | load: { stages: [] }
        |         ^
    hint: keep one of the two; both mean the same
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages: [ { rate: 5/s, duration: [5s] } ]")), @r"
    loadgate.yml:2:34: expected a duration such as 30s, found a list
      2 | stages: [ { rate: 5/s, duration: [5s] } ]
        |                                  ^
    ");
}

#[test]
fn what_a_scenario_can_not_be() {
    insta::assert_snapshot!(refusal(&with_scenarios("scenarios:\n  - GET a\n  - FETCH /a\n  - { name: x, get: /a, weight: 0 }\n  - { name: x, get: http://h/a }\n  - { name: y, get: /a, post: /b }\n  - { name: '*', get: /a }\n  - { steps: [ { get: /a } ] }\n  - { name: z, steps: [ { name: s } ], timeout: 1s }")), @r"
    loadgate.yml:4:5: the path 'a' does not begin with '/'
      4 |   - GET a
        |     ^
    hint: write it from the root, for example /api/items

    error: loadgate.yml:5:5: 'FETCH /a' is not a request
      5 |   - FETCH /a
        |     ^
    hint: write a method and a path, for example scenarios: [ GET /api/items ]; methods are GET, POST, PUT, PATCH, DELETE, HEAD

    error: loadgate.yml:6:33: a weight of 0 means never
      6 |   - { name: x, get: /a, weight: 0 }
        |                                 ^
    hint: write 1 or more, or remove the scenario

    error: loadgate.yml:7:21: 'http://h/a' is a whole web address
      7 |   - { name: x, get: http://h/a }
        |                     ^
    hint: write the path alone; host and port belong in `target`

    error: loadgate.yml:8:25: a step makes one request, and this one has several
      8 |   - { name: y, get: /a, post: /b }
        |                         ^
    hint: make two steps of it

    error: loadgate.yml:9:13: '*' stands for the service as a whole and can't be a name
      9 |   - { name: '*', get: /a }
        |             ^
    hint: give a short name, such as list-items

    error: loadgate.yml:10:5: a scenario with steps needs a name
      10 |   - { steps: [ { get: /a } ] }
         |     ^
    hint: add `name:`

    error: loadgate.yml:11:25: there is no request here
      11 |   - { name: z, steps: [ { name: s } ], timeout: 1s }
         |                         ^
    hint: add a path with its method: get, post, put, patch, delete or head

    error: loadgate.yml:11:40: 'timeout' belongs to a step
      11 |   - { name: z, steps: [ { name: s } ], timeout: 1s }
         |                                        ^
    hint: move it into each step it is for
    ");
    insta::assert_snapshot!(refusal(&with_scenarios("scenarios:\n  - { name: x, get: /a }\n  - { name: x, get: /b }\n  - { name: y, get: /c, check: { status: 999 }, headers: { 'a b': c, Content-Length: '3' } }\n  - { name: w, get: /c, body: a, json: b }")), @r"
    loadgate.yml:5:13: duplicate scenario name 'x'
      5 |   - { name: x, get: /b }
        |             ^
    hint: give each scenario a name of its own; to ask more often, raise its `weight`

    error: loadgate.yml:6:42: 999 is not an HTTP status
      6 |   - { name: y, get: /c, check: { status: 999 }, headers: { 'a b': c, Content-Length: '3' } }
        |                                          ^
    hint: write a number from 100 to 599

    error: loadgate.yml:6:60: 'a b' is not the name of a header
      6 |   - { name: y, get: /c, check: { status: 999 }, headers: { 'a b': c, Content-Length: '3' } }
        |                                                            ^
    hint: use letters, digits and '-'

    error: loadgate.yml:6:70: the header 'Content-Length' can't be set
      6 |   - { name: y, get: /c, check: { status: 999 }, headers: { 'a b': c, Content-Length: '3' } }
        |                                                                      ^
    hint: remove it; loadgate sets it as the request needs it

    error: loadgate.yml:7:34: a request has either 'body' or 'json'
      7 |   - { name: w, get: /c, body: a, json: b }
        |                                  ^
    hint: keep one of them
    ");
    insta::assert_snapshot!(refusal(&with_scenarios("scenarios: [ { get: /a, check: { status: '200' } } ]")), @r"
    loadgate.yml:3:42: expected a status number such as 200, or a list of them, found the text '200'
      3 | scenarios: [ { get: /a, check: { status: '200' } } ]
        |                                          ^
    hint: write 200 without quotes
    ");
    insta::assert_snapshot!(refusal(&with_scenarios("scenarios: [ { get: '/a b' } ]")), @r"
    loadgate.yml:3:21: the path '/a b' holds a blank
      3 | scenarios: [ { get: '/a b' } ]
        |                     ^
    hint: write it percent-encoded, for example %20 for a blank
    ");
}

#[test]
fn what_a_promise_can_not_be() {
    insta::assert_snapshot!(refusal(&with("thresholds:\n  - p96 < 5ms\n  - item.p95 < 5ms\n  - errors.tim < 3%\n  - error_rate < 1% over 10ms\n  - preset.apo\n  - { expr: p95 < 1s, severity: bad }\n  - p95 < 10")), @r"
    loadgate.yml:2:5: unknown metric 'p96'
      2 |   - p96 < 5ms
        |     ^
    hint: quantiles are p50, p90, p95, p99, p999, and there is max

    error: loadgate.yml:3:5: 'item' is neither an endpoint nor a scenario
      3 |   - item.p95 < 5ms
        |     ^
    hint: did you mean 'items'?

    error: loadgate.yml:4:5: there is no error class 'tim'
      4 |   - errors.tim < 3%
        |     ^
    hint: error classes: 4xx, 5xx, timeout.connect, timeout.pool, timeout.first_byte, timeout.request, dns, connect_refused, connect_failed, tls, reset, no_response, protocol, redirect, check_failed, extract_failed, template, open_files, unfinished, timeout

    error: loadgate.yml:5:5: 'over 10ms' is shorter than a window of the record
      5 |   - error_rate < 1% over 10ms
        |     ^
    hint: write 1s or more

    error: loadgate.yml:6:5: there is no preset 'preset.apo'
      6 |   - preset.apo
        |     ^
    hint: did you mean 'preset.api'?

    error: loadgate.yml:7:33: 'bad' is not a value of 'thresholds[5].severity'
      7 |   - { expr: p95 < 1s, severity: bad }
        |                                 ^
    hint: known values: fail, warn

    error: loadgate.yml:8:5: '10' has no unit
      8 |   - p95 < 10
        |     ^
    hint: write a number with a unit: us, ms, s, m, h or d, for example 500ms, 30s or 1m30s
    ");
    insta::assert_snapshot!(refusal(&with("thresholds: [ p95 < 1s ]\nslo: [ p95 < 1s ]")), @r"
    loadgate.yml:2:1: 'slo' is another name of 'thresholds'
      2 | slo: [ p95 < 1s ]
        | ^
    hint: keep one of the two
    ");
    insta::assert_snapshot!(refusal(&with("regression:\n  block: 2500ms\n  alpha: 5\n  compare: ab\n  coverage: 120%\n  overrides: { heath: ignore, items: skip, health: { p50: { fail: 1% , warn: 2%} } }\n  policy: { inconclusive: extend, improvement: hurrah }\n  metrics: { p99: { warn: 40% } }")), @r"
    loadgate.yml:2:10: a block of 2.5s is not made of whole windows of 1s
      2 |   block: 2500ms
        |          ^
    hint: write a multiple of 1s, or change `record.window`

    error: loadgate.yml:3:10: an alpha of 5 is out of range
      3 |   alpha: 5
        |          ^
    hint: write the share of unchanged builds that may fail, above 0 and up to 0.5, for example 0.01

    error: loadgate.yml:4:12: 'ab' asks two versions at the same time, and there is no second one
      4 |   compare: ab
        |            ^
    hint: say where it is, target.baseline_url, or how it is started: target.baseline_start, or --start-baseline

    error: loadgate.yml:5:13: '120%' is out of range
      5 |   coverage: 120%
        |             ^
    hint: write a percentage above 0 and up to 100%

    error: loadgate.yml:6:16: there is no endpoint 'heath'
      6 |   overrides: { heath: ignore, items: skip, health: { p50: { fail: 1% , warn: 2%} } }
        |                ^
    hint: did you mean 'health'?

    error: loadgate.yml:6:38: 'skip' is not a value of 'regression.overrides.items'
      6 |   overrides: { heath: ignore, items: skip, health: { p50: { fail: 1% , warn: 2%} } }
        |                                      ^
    hint: known values: ignore

    error: loadgate.yml:6:78: 'warn' (2%) is above 'fail' (1%)
      6 |   overrides: { heath: ignore, items: skip, health: { p50: { fail: 1% , warn: 2%} } }
        |                                                                              ^
    hint: a warning comes before a failure; write a smaller percentage

    error: loadgate.yml:7:27: 'extend' adds replicates, and this comparison has none
      7 |   policy: { inconclusive: extend, improvement: hurrah }
        |                           ^
    hint: compare two versions in replicates with fresh processes (target.start and target.baseline_start), or write warn

    error: loadgate.yml:7:48: 'hurrah' is not a value of 'regression.policy.improvement'
      7 |   policy: { inconclusive: extend, improvement: hurrah }
        |                                                ^
    hint: known values: pass, warn, fail

    error: loadgate.yml:8:27: 'warn' (40%) is above 'fail' (25%)
      8 |   metrics: { p99: { warn: 40% } }
        |                           ^
    hint: a warning comes before a failure; write a smaller percentage
    ");
    insta::assert_snapshot!(refusal(&with("regression:\n  metrics: { throughput: { warn: 20%, fail: 10% }, error_rate: { warn: 2pp, fail: 1pp }, mean: { warn: 90% } }\n  overrides: { health: { p90: { fail: 3% }, mean: { warn: 91% } } }")), @r"
    loadgate.yml:2:34: 'warn' (20%) is above 'fail' (10%)
      2 |   metrics: { throughput: { warn: 20%, fail: 10% }, error_rate: { warn: 2pp, fail: 1pp }, mean: { warn: 90% } }
        |                                  ^
    hint: a warning comes before a failure; write a smaller percentage

    error: loadgate.yml:2:72: 'warn' (2%) is above 'fail' (1%)
      2 |   metrics: { throughput: { warn: 20%, fail: 10% }, error_rate: { warn: 2pp, fail: 1pp }, mean: { warn: 90% } }
        |                                                                        ^
    hint: a warning comes before a failure; write a smaller share

    error: loadgate.yml:2:104: 'warn' (90%) is above 'fail' (15%)
      2 |   metrics: { throughput: { warn: 20%, fail: 10% }, error_rate: { warn: 2pp, fail: 1pp }, mean: { warn: 90% } }
        |                                                                                                        ^
    hint: a warning comes before a failure; write a smaller percentage

    error: loadgate.yml:3:26: 'p90' is not compared, so there is no rule to change
      3 |   overrides: { health: { p90: { fail: 3% }, mean: { warn: 91% } } }
        |                          ^
    hint: compare it for all endpoints first: `regression.metrics.p90: {}`

    error: loadgate.yml:3:59: 'warn' (91%) is above 'fail' (15%)
      3 |   overrides: { health: { p90: { fail: 3% }, mean: { warn: 91% } } }
        |                                                           ^
    hint: a warning comes before a failure; write a smaller percentage
    ");
    insta::assert_snapshot!(refusal(&with("regression: { metrics: { throughput: { fail: 100% } }, overrides: { health: { mean: { fail: 9% } } } }")), @r"
    loadgate.yml:1:46: a fall by 100% leaves nothing to compare
      1 | regression: { metrics: { throughput: { fail: 100% } }, overrides: { health: { mean: { fail: 9% } } } }
        |                                              ^
    hint: write the share of the throughput that may be lost, below 100%, for example 10%

    error: loadgate.yml:1:79: 'mean' is not compared, so there is no rule to change
      1 | regression: { metrics: { throughput: { fail: 100% } }, overrides: { health: { mean: { fail: 9% } } } }
        |                                                                               ^
    hint: compare it for all endpoints first: `regression.metrics.mean: {}`
    ");
    insta::assert_snapshot!(refusal(&with("regression: { metrics: { throughput: { floor: 5ms } } }")), @r"
    loadgate.yml:1:40: unknown key 'floor'
      1 | regression: { metrics: { throughput: { floor: 5ms } } }
        |                                        ^
    hint: known keys here: warn, fail, sensitivity
    ");
    insta::assert_snapshot!(refusal(&with("record: { window: 2s }")), @r"
    loadgate.yml:1:19: a block of 5s is not made of whole windows of 2s
      1 | record: { window: 2s }
        |                   ^
    hint: write a window that divides 5s, or set `regression.block`
    ");
}

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
fn a_branch_is_named_as_people_name_it() {
    insta::assert_snapshot!(refusal(&with("baseline: { branch: refs/heads/trunk }")), @r"
    loadgate.yml:1:21: 'refs/heads/trunk' is a reference, not the name of a branch
      1 | baseline: { branch: refs/heads/trunk }
        |                     ^
    hint: write trunk
    ");
    insta::assert_snapshot!(refusal(&with("baseline: { branch: 'my branch' }")), @r"
    loadgate.yml:1:21: 'my branch' can't be the name of a branch
      1 | baseline: { branch: 'my branch' }
        |                     ^
    hint: write it as git does; main is the default
    ");
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

    error: loadgate.yml:3:56: '0' requests in flight are out of range
      3 | load: { model: closed, arrivals: often, max_in_flight: 0 }
        |                                                        ^
    hint: write a number from 1 to 100000; the default is 2000

    error: loadgate.yml:4:20: 'baseline.store: s3' is not supported yet
      4 | baseline: { store: s3, keep: 0 }
        |                    ^
    hint: write file

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
    hint: known values: json, html, md, junit, csv

    error: loadgate.yml:6:19: a window of 1ms is out of range
      6 | record: { window: 1ms }
        |                   ^
    hint: write a duration from 100ms to 60s; the default is 1s

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
    loadgate.yml:2:23: '0' connections are out of range
      2 |   connections: { max: 0, max_per_host: 200000, idle_timeout: 0s, cooldown: 5 }
        |                       ^
    hint: write a number from 1 to 100000, or remove the line for as many as are needed

    error: loadgate.yml:2:40: '200000' connections are out of range
      2 |   connections: { max: 0, max_per_host: 200000, idle_timeout: 0s, cooldown: 5 }
        |                                        ^
    hint: write a number from 1 to 100000, or remove the line for as many as are needed

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

//! What can't be promised in `thresholds` and `regression`, each time with the whole text a user sees.

use super::{refusal, with};

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
    hint: error classes: 4xx, 5xx, timeout.connect, timeout.pool, timeout.first_byte, timeout.request, timeout.message, timeout.pong, timeout.write, dns, connect_refused, connect_failed, tls, reset, close.1000, close.1001, close.1002, close.1003, close.1007, close.1008, close.1009, close.1010, close.1011, close.1012, close.1013, close.none, close.other, message_too_big, no_response, protocol, redirect, chec ..

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
    hint: say how both versions are started (target.start and target.baseline_start) or restarted (hooks.restart); or write warn and make the measured stage longer: one pair ends as soon as its verdict is sure, so the time is spent only where it is needed

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
fn a_ratchet_that_can_not_be() {
    insta::assert_snapshot!(refusal(&with("regression:\n  drift: { window: 5, ratchet: 1 }")), @r"
    loadgate.yml:2:20: a window of 5 runs is out of range
      2 |   drift: { window: 5, ratchet: 1 }
        |                    ^
    hint: write how many runs are looked back on, from 10 to 730, for example 60

    error: loadgate.yml:2:32: a ratchet of 1 is out of range
      2 |   drift: { window: 5, ratchet: 1 }
        |                                ^
    hint: write how many times the best sustained level is too much, from 1.02 to 10: 1.1 fails what crept up by 10%
    ");
    let error = refusal(&with("regression: { drift: { ratchet: 10% } }"));
    assert!(error.contains("loadgate.yml:1:"), "{error}");
}

#[test]
fn a_label_that_can_not_be() {
    let error = refusal(&with("regression: { accept: { label: ' ' } }"));
    assert!(error.contains("loadgate.yml:1:32: a label has 1 to 50 characters, on one line"), "{error}");
    assert!(error.contains("hint: write the name of a label of the repository, for example perf-accepted"), "{error}");
    let error = refusal(&with(&format!("regression: {{ accept: {{ label: {} }} }}", "x".repeat(51))));
    assert!(error.contains("a label has 1 to 50 characters"), "{error}");
    let error = refusal(&with("regression: { accept: perf-accepted }"));
    assert!(error.contains("loadgate.yml:1:"), "{error}");
    let error = refusal(&with("regression: { accept: { labels: perf-accepted } }"));
    assert!(error.contains("labels") && error.contains("label"), "{error}");
}

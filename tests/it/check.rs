//! `loadgate check`, and the configurations a newcomer begins with.

use crate::program::{loadgate, transcript};

const MINIMAL: &str = include_str!("configs/minimal.yml");

/// A folder named `shop` with this configuration in it.
fn folder_with(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let root = tempfile::tempdir().expect("a temporary folder");
    let folder = root.path().join("shop");
    std::fs::create_dir(&folder).expect("a new folder");
    std::fs::write(folder.join("loadgate.yml"), text).expect("a writable folder");
    (root, folder)
}

fn check(text: &str, args: &[&str]) -> String {
    let (_root, folder) = folder_with(text);
    let args: Vec<&str> = ["check"].into_iter().chain(args.iter().copied()).collect();
    transcript(&loadgate(&folder, &args).env_remove("SHOP_URL").output().expect("the program starts"))
}

#[test]
fn the_plan_is_shown_and_nothing_is_sent() {
    insta::assert_snapshot!(check(MINIMAL, &[]), @r"
    exit Some(0)
    --- stdout
    suite     shop
    target    http://127.0.0.1:8080
    header    x-load-test: true
    length    1m10s, 12200 arrivals, at most 200/s

    stages     load   duration  arrivals  measured
      stage-1  20/s   10s       200       no
      stage-2  200/s  1m        12000     yes

    endpoints   request        measured requests  comparable
      articles  GET /articles  9000               p50, p95, p99
      health    GET /health    3000               p50, p95

    scenarios   weight  share  steps
      articles  3       75%    1
      health    1       25%    1

    thresholds
      p95 < 250ms
      error_rate < 1%

    regression    warn    fail      sensitivity  floor
      p50         +5%     +10%      +30%         50us
      p95         +7.5%   +15%      +40%         50us
      p99         +12.5%  +25%      +60%         50us
      error_rate  -       +0.05 pp  -            -
      compared with stored baselines
      alpha 0.01, blocks of 5s, coverage 80%
      no baseline: warn, inconclusive: warn, other environment: warn, improvement: warn

    what a gate will see  smallest change, 4 times in 5
      service as a whole  p50 +26% (assumed), p95 +34% (assumed)
      articles            p50 +27% (assumed), p95 +35% (assumed), p99 +62% (assumed)
      health              p50 +27% (assumed), p95 +36% (assumed), p99 no test
      no baseline that a gate can compare with is stored yet; with 10 of them, and runs that differ by 5%, which is assumed
      p99 can't be compared for health: it needs 5000 successful requests in every run, and about 3000 are planned; measured stages of 1m44s (about 5195 requests) would be safely enough
      may come out inconclusive: articles p99 (sensitivity 60%); `check --power 10%` shows what they need

    limits
      in flight        2000
      connections      as many as are needed, idle up to 1m
      timeouts         connect 1s, pool 1s, first byte 3s, request 5s
      graceful stop    10s
      hosts            allowed: any that is named; denied: none
      highest rate     none
      longest run      none

    files
      report           loadgate-report (json, html, md, junit, csv, gitlab, openmetrics)
      baselines        baselines (`baseline prune` keeps the newest 50)
      windows          1s, seed 42

    --- stderr
    ");
}

#[test]
fn every_part_of_a_larger_plan_is_shown_with_its_secrets_masked() {
    let text = "\
target:
  base_url: http://localhost:8080/api
  headers: { Authorization: 'Bearer ${secret.TOKEN}', X-Region: eu }
  wait_for: { get: '/health?k=${secret.TOKEN}' }
secrets: { TOKEN: { env: SHOP_TOKEN } }
load:
  stages: [ { name: climb, ramp: 0/s..30/s, duration: 20s, measure: false }, { name: steady, rate: 30/s, duration: 30s } ]
  max_in_flight: 50
scenarios:
  - name: buy
    weight: 2
    steps:
      - { get: /cart, name: cart }
      - { post: /orders, name: order, json: { sku: A-1 }, check: { status: 201 } }
  - GET /articles
thresholds: [ { expr: order.p99 < 1s, severity: warn } ]
regression: { overrides: { cart: ignore, order: { critical: true, p95: { fail: 30% } } }, metrics: { p99: { warn: 12.5%, fail: 25% } } }
safety: { allow_hosts: [ localhost ], deny_hosts: [ '*.example.com' ], max_rate: 100/s, max_duration: 5m }
";
    insta::assert_snapshot!(check(text, &["-e", "SHOP_TOKEN=hunter2"]), @r"
    exit Some(0)
    --- stdout
    suite     shop
    target    http://localhost:8080/api
    header    authorization: ***
    header    x-region: eu
    header    x-load-test: true
    wait for  GET /health?k=*** to answer 200, up to 2m, every 1s
    length    50s, 1200 arrivals, at most 30/s

    stages    load       duration  arrivals  measured
      climb   0/s..30/s  20s       300       no
      steady  30/s       30s       900       yes

    endpoints        request        measured requests  comparable
      cart           GET /cart      600                ignored
      order          POST /orders   600                none, too few blocks
      GET /articles  GET /articles  300                none, too few blocks

    scenarios        weight  share   steps
      buy            2       66.67%  2
      GET /articles  1       33.33%  1

    thresholds
      order.p99 < 1s (only warns)

    regression    warn    fail      sensitivity  floor
      p50         +5%     +10%      +30%         50us
      p95         +7.5%   +15%      +40%         50us
      p99         +12.5%  +25%      +60%         50us
      error_rate  -       +0.05 pp  -            -
      compared with stored baselines
      alpha 0.01, blocks of 5s, coverage 80%
      no baseline: warn, inconclusive: warn, other environment: warn, improvement: warn
      cart: not compared
      order: critical; p95 warn +15%, fail +30%, floor 50us

    what a gate will see  smallest change, 4 times in 5
      service as a whole  p50 no test, p95 no test
      order               p50 no test, p95 no test, p99 no test
      GET /articles       p50 no test, p95 no test, p99 no test
      no baseline that a gate can compare with is stored yet; with 10 of them, and runs that differ by 5%, which is assumed
      no latency can be compared: that takes 8 blocks of 5s in every run, and 6 are planned; measured stages of 40s would be enough, or a shorter regression.block
      can't be judged: order.p99 < 1s (needs 1000 successful requests, about 600 are planned)

    limits
      in flight        50
      connections      as many as are needed, idle up to 1m
      timeouts         connect 1s, pool 1s, first byte 3s, request 5s
      graceful stop    10s
      hosts            allowed: localhost; denied: *.example.com
      highest rate     100/s
      longest run      5m

    files
      report           loadgate-report (json, html, md, junit, csv, gitlab, openmetrics)
      baselines        baselines (`baseline prune` keeps the newest 50)
      windows          1s, seed 42

    --- stderr
    note: 30s of measured time is 6 blocks of 5s; comparing latencies with a baseline takes at least 8: make one stage 40s or longer, or set regression.block to a shorter time
    note: `safety.max_rate` counts arrivals, not requests: at 30/s, the highest rate of them, they make about 50 requests a second, without setup, retries and redirects
    ");
}

#[test]
fn a_variable_that_is_not_set_is_named_with_its_place() {
    let tiny = include_str!("configs/tiny.yml");
    insta::assert_snapshot!(check(tiny, &[]), @r"
    exit Some(2)
    --- stdout

    --- stderr
    error: loadgate.yml:2:9: the variable SHOP_URL is not set
      2 | target: ${SHOP_URL}
        |         ^
    hint: set it in the environment, with -e SHOP_URL=value, or give a default: ${SHOP_URL:-default}
    ");
    assert!(check(tiny, &["-e", "SHOP_URL=http://127.0.0.1:1"]).starts_with("exit Some(0)"));
}

#[test]
fn versions_that_are_started_afresh_are_shown_with_their_replicates() {
    insta::assert_snapshot!(check(include_str!("configs/both-versions.yml"), &[]), @r"
    exit Some(0)
    --- stdout
    suite     shop
    target    http://127.0.0.1:$PORT
    start     ./candidate/shop --port $PORT
    header    x-load-test: true
    wait for  a connection
    baseline  http://127.0.0.1:$PORT, spoken to in the same way, at the same time
    start     ./baseline/shop --port $PORT
    length    2m8s, 64000 arrivals, at most 500/s; each version has half of it
    runs      6 replicates with fresh processes, each 8s not measured and 20s measured; 2m48s of load in all, plus the starts of the services, sooner where the verdict is sure

    stages     load   duration  arrivals  measured
      stage-1  500/s  8s        4000      no
      stage-2  500/s  2m        60000     yes

    endpoints   request        measured requests of each version  comparable
      articles  GET /articles  30000                              p50, p95, p99

    scenarios   weight  share  steps
      articles  1       100%   1

    thresholds
      none: only a comparison with a baseline can fail this run

    regression    warn   fail      sensitivity  floor
      p50         +2.5%  +5%       +15%         50us
      p95         +5%    +10%      +25%         50us
      p99         +10%   +20%      +50%         50us
      error_rate  -      +0.05 pp  -            -
      compared with the baseline beside it, request by request (ab)
      alpha 0.01, blocks of 5s, coverage 80%
      no baseline: warn, inconclusive: warn, other environment: warn, improvement: warn

    what a gate will see  smallest change, 4 times in 5
      articles            p50 +4.6% (assumed), p95 +6.5% (assumed), p99 +11% (assumed)
      assumed, as no comparison like this one is stored: two processes of one build differ by 2%, logarithms of latencies spread by 0.5; `loadgate calibrate` measures it

    limits
      in flight        2000
      connections      as many as are needed, idle up to 1m
      timeouts         connect 1s, pool 1s, first byte 3s, request 5s
      graceful stop    10s
      hosts            allowed: any that is named; denied: none
      highest rate     none
      longest run      none

    files
      report           loadgate-report (json, html, md, junit, csv, gitlab, openmetrics)
      baselines        baselines (`baseline prune` keeps the newest 50)
      windows          1s, seed 42

    --- stderr
    ");
}

#[test]
fn the_label_that_accepts_a_regression_is_shown() {
    let text = check(MINIMAL, &["--set", "regression.accept={}"]);
    let line =
        "\n  a regression is accepted by the label 'perf-accepted' on the pull request, with a reason in its description\n";
    assert!(text.contains(line), "{text}");
    let text = check(MINIMAL, &["--set", "regression.accept={ label: slower, requires_reason: false }"]);
    assert!(text.contains("\n  a regression is accepted by the label 'slower' on the pull request\n"), "{text}");
}

#[test]
fn flags_that_are_no_pairs_and_files_that_are_not_there_are_usage_errors() {
    insta::assert_snapshot!(check(MINIMAL, &["-e", "SHOP_URL"]), @r"
    exit Some(2)
    --- stdout

    --- stderr
    error: -e SHOP_URL: there is no '='
    hint: write -e NAME=VALUE
    ");
    insta::assert_snapshot!(check(MINIMAL, &["--set", "load.seed"]), @r"
    exit Some(2)
    --- stdout

    --- stderr
    error: --set load.seed: there is no '='
    hint: write --set PATH=VALUE
    ");
    insta::assert_snapshot!(check(MINIMAL, &["-c", "other.yml"]), @r"
    exit Some(2)
    --- stdout

    --- stderr
    error: other.yml: there is no such file
    hint: name the configuration file with -c FILE
    ");
    insta::assert_snapshot!(check(MINIMAL, &["--env", "night"]), @r"
    exit Some(2)
    --- stdout

    --- stderr
    error: --env night: there is no environment 'night'
    hint: there are no environments
    ");
}

#[test]
fn what_users_do_is_shown_with_the_plan() {
    let shown = check(
        r#"name: shop
target: http://127.0.0.1:8080
http: { redirects: 3, cookies: per_vu, retries: { max: 2 } }
data:
  users: { inline: [ { name: ann }, { name: bob } ], on_end: stop }
  skus: { inline: [A-1], order: random }
stages: [ { rate: 10/s, duration: 60s } ]
scenarios:
  - name: checkout
    feed: users
    setup: [ { post: /login, json: { user: "{{ users.name }}" }, extract: { token: $.token } } ]
    steps:
      - { get: /items, measure: false }
      - { think: 1s..3s }
      - { post: "/orders/{{ pick(skus) }}", headers: { Authorization: "Bearer {{ token }}" } }
"#,
        &[],
    );
    let part = |from: &str, to: &str| {
        let rest = shown.split_once(from).map_or_else(|| panic!("{shown}"), |(_, rest)| rest);
        rest.split_once(to).map_or(rest, |(part, _)| part).trim_end().to_owned()
    };
    insta::assert_snapshot!(part("endpoints ", "scenarios "), @r"
                         request                        measured requests  comparable
    POST /orders/{{ pick(skus) }}  POST /orders/{{ pick(skus) }}  600                p50
    ");
    insta::assert_snapshot!(part("data ", "thresholds"), @r"
      rows  order       on end   taken by
    skus   1     random      recycle  nobody; templates may pick
    users  2     sequential  stop     checkout
    ");
    insta::assert_snapshot!(part("longest run", "files"), @r"
        none
    retries          up to 2 on timeout.connect, timeout.pool, timeout.first_byte, timeout.request, timeout.message, timeout.pong, timeout.write, 5xx, after 200ms times 2 up to 5s, with full jitter
    redirects        up to 3 are followed
    cookies          each user keeps its own
    ");
}

#[test]
fn a_promise_on_a_login_that_happens_in_the_warm_up_is_noted() {
    let config = |first: &str| {
        format!(
            "name: shop
target: http://127.0.0.1:8080
stages: [ {{ vus: 5, duration: 10s, {first} }}, {{ vus: 5, duration: 60s }} ]
scenarios: [ {{ name: a, setup: [ {{ name: login, post: /login, measure: true }} ], steps: [ {{ get: /a }} ] }} ]
thresholds: [ login.p95 < 1s ]
"
        )
    };
    let note =
        "note: 'login' is part of `setup`: users who are set up in 'stage-1', which is not measured, leave nothing to judge";
    assert!(check(&config("warmup: true"), &[]).contains(note));
    assert!(!check(&config("warmup: false"), &[]).contains("note:"));
}

#[test]
fn more_users_than_rows_to_keep_are_noted() {
    let shown = |on_end: &str| {
        let config = format!(
            "name: shop
target: http://127.0.0.1:8080
data: {{ users: {{ inline: [ {{ name: ann }}, {{ name: bob }} ], on_end: {on_end} }} }}
stages: [ {{ vus: 5, duration: 60s }} ]
scenarios: [ {{ name: a, feed: {{ users: per_user }}, steps: [ {{ get: \"/{{{{ users.name }}}}\" }} ] }} ]
"
        );
        let shown = check(&config, &[]);
        shown.split("\n\n").find(|part| part.starts_with("data")).unwrap_or(&shown).to_owned()
    };
    insta::assert_snapshot!(shown("recycle"), @r"
    data     rows  order       on end   taken by
      users  2     sequential  recycle  a (one per user)
      note: 5 users keep a row of 'users', which has 2: some users share one
    ");
    insta::assert_snapshot!(shown("stop"), @r"
    data     rows  order       on end  taken by
      users  2     sequential  stop    a (one per user)
      note: 5 users keep a row of 'users', which has 2: 3 users have none and ask for nothing of it
    ");
}

#[test]
fn what_steers_the_load_is_shown_where_it_is_asked_for() {
    let text = "\
target: http://localhost:8080
load:
  model: adaptive
  adaptive: { target: p95 150ms, formula: step }
  rate_limit: { rate: 500/s, burst: 50 }
  stages: [ { rate: 200/s, duration: 60s } ]
scenarios: [ GET /items ]
thresholds: [ { expr: error_rate < 20% over 10s, abort: true, grace: 15s }, { expr: p95 < 2s, abort: true } ]
safety: { circuit_breaker: { error_rate: 40% }, self_protection: { on_saturated: shed, late_p99: 25ms } }
";
    let shown = check(text, &[]);
    let section = |name: &str| shown.split("\n\n").find(|part| part.trim_start().starts_with(name)).unwrap_or(&shown).to_owned();
    insta::assert_snapshot!(section("thresholds") + "\n" + &section("steering"), @r"
    thresholds
      error_rate < 20% over 10s (aborts the run after 15s)
      p95 < 2s (aborts the run)
    steering
      adaptive         p95 150ms over 100ms, rate x 0.5 to 1.2, every 5s (formula step)
      rate limit       500/s, bursts of 50
      circuit breaker  opens above 40% failed of 50 or more within 10s, tries again after 2s, gives up at opening 3
      self-protection  above 80% busy or 80% of the memory, looked at every 10s: 20% of the load is shed
      lateness         the run is invalid where 1% of the requests are sent more than 25ms late
    ");
}

#[test]
fn what_it_takes_to_see_a_change_is_told_before_any_time_is_spent() {
    let ab = include_str!("configs/both-versions.yml");
    insta::assert_snapshot!(check(ab, &["--power", "4%"]), @r"
    exit Some(0)
    --- stdout
    to see +4%  p50                          p95                           p99
      articles  8 replicates of 20s (3m44s)  12 replicates of 20s (5m36s)  20 replicates of 1m20s (29m20s)
      in brackets: how long the load of all takes with the warm-up stages; the starts of the services come on top
      assumed, as no comparison like this one is stored: two processes of one build differ by 2%, logarithms of latencies spread by 0.5; `loadgate calibrate` measures it

    --- stderr
    ");
    let text = check(ab, &["--power", "0%"]);
    assert!(text.contains("exit Some(2)") && text.contains("write a percentage above 0 and up to 1000%"), "{text}");
    let text = check(ab, &["--power", "4"]);
    assert!(text.contains("exit Some(2)") && text.contains("--power"), "{text}");
    let users = "target: http://127.0.0.1:1\nstages: [ { vus: 5, duration: 60s } ]\nscenarios: [ GET / ]\n";
    let text = check(users, &["--power", "5%"]);
    assert!(text.contains("how many requests users make is the target's to decide"), "{text}");
    assert!(!check(users, &[]).contains("what a gate will see"));
}

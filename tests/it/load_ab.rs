//! Two versions that are played at the same time: who is asked when, and what they have in common and what not.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use loadgate::{
    engine::{Ending, Observed, Stop, run, run_watched},
    measure::StageCounts,
    plan::Resolved,
    protocol::{Origins, http::HttpDriver},
    record::{BreakerState, Ended, ErrorClass, Errors, Side, Totals},
};

use crate::{
    scripted::{read_request, server},
    shop::{Seen, Shop, answer},
};

/// A configuration that compares two services on this machine.
fn resolved(candidate: u16, baseline: u16, sections: &str) -> Resolved {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loadgate.yml");
    let target = format!("{{ base_url: 'http://127.0.0.1:{candidate}', baseline_url: 'http://127.0.0.1:{baseline}' }}");
    std::fs::write(&path, format!("target: {target}\n{sections}\n")).unwrap();
    let loaded = loadgate::config::load(&path, &loadgate::config::Overrides::default());
    loaded.and_then(|loaded| loadgate::plan::resolve(&loaded)).unwrap_or_else(|error| panic!("error: {error}"))
}

/// Plays it; gives what was observed of candidate and baseline.
fn play(candidate: u16, baseline: u16, sections: &str) -> (Observed, Observed) {
    let plan = resolved(candidate, baseline, sections).plan;
    let origins = Origins::of(&plan).unwrap();
    let observed = run(&plan, |share| HttpDriver::new(&plan, &origins, share), &Stop::default(), |_| {}).unwrap();
    let (candidate, baseline) = observed.apart();
    (candidate, baseline.expect("both were played"))
}

fn total(observed: &Observed) -> Totals {
    Totals::of(observed.measured.endpoints.iter().flat_map(|endpoint| endpoint.windows()))
}

/// Two shops that note in one list who was asked.
fn shops() -> (Shop, Shop, Arc<Mutex<Vec<Side>>>) {
    let order = Arc::new(Mutex::new(Vec::new()));
    let shop = |side: Side| {
        let order = Arc::clone(&order);
        Shop::open(move |_, _| {
            order.lock().unwrap().push(side);
            answer(200, "", "ok")
        })
    };
    (shop(Side::Candidate), shop(Side::Baseline), order)
}

#[test]
fn load_is_dealt_out_one_by_one_and_not_in_turns() {
    let (candidate, baseline, order) = shops();
    let sections =
        "stages: [ { rate: 200/s, duration: 2s } ]\nscenarios: [ { name: a, weight: 2, get: /a }, { name: b, get: /b } ]";
    let (of_candidate, of_baseline) = play(candidate.port, baseline.port, sections);
    assert_eq!((candidate.seen().len(), baseline.seen().len()), (200, 200), "halves");
    for observed in [&of_candidate, &of_baseline] {
        assert_eq!(observed.measured.counts, [StageCounts { offered: 200, started: 200, ..StageCounts::default() }]);
        assert_eq!((observed.stages[0].offered, observed.stages[0].shape.as_str()), (200, "100/s"));
        assert_eq!((total(observed).requests, total(observed).errors), (200, Errors::new()));
        assert_eq!(observed.measured.endpoints[0].stages[0].len(), 2, "the same windows");
    }
    assert_eq!(of_candidate.generator, of_baseline.generator, "one generator has made the load");
    assert_eq!(of_candidate.generator.late.decode().count(), 400);
    let late = &of_candidate.generator.late_by_window[0];
    assert_eq!((late.len(), late.iter().map(|late| late.sent).sum::<u64>()), (2, 400), "of both versions in each window");
    let order = order.lock().unwrap();
    let runs = order.chunk_by(|a, b| a == b).map(<[Side]>::len).collect::<Vec<_>>();
    // A coin for each pair gives 100 changes within pairs and about as many between them; slices would give a few in all.
    assert!((200..360).contains(&runs.len()), "{} runs of one version: {runs:?}", runs.len());
}

#[test]
fn load_on_a_candidate_is_not_held_up_by_a_baseline_that_hangs() {
    let hanging = server(|mut stream| while read_request(&mut stream).is_some() {});
    let candidate = Shop::open(|_, _| answer(200, "", "ok"));
    let sections = "stages: [ { rate: 200/s, duration: 1s } ]\nscenarios: [ GET / ]\n\
                    load: { max_in_flight: 20, graceful_stop: 100ms }\nhttp: { connections: { max: 20 } }";
    let (of_candidate, of_baseline) = play(candidate.port, hanging, sections);
    let good = total(&of_candidate);
    assert_eq!((of_candidate.measured.counts[0].started, good.requests, good.dropped, good.error_count()), (100, 100, 0, 0));
    let bad = total(&of_baseline);
    assert_eq!((of_baseline.measured.counts[0].offered, of_baseline.measured.counts[0].started + bad.dropped), (100, 100));
    assert!((1..=10).contains(&bad.requests), "half of those that may be in flight: {}", bad.requests);
    assert_eq!(bad.error_count(), bad.requests);
}

/// A shop that gives each user a cookie and a token of this name.
fn giving(name: &'static str) -> Shop {
    Shop::open(move |seen, _| match seen.path.as_str() {
        "/login" => answer(200, &format!("set-cookie: version={name}\r\n"), &format!("{{\"token\":\"{name}\"}}")),
        _ => answer(200, "", "ok"),
    })
}

const LOGGED_IN: &str = r#"
http: { cookies: per_vu }
scenarios:
  - name: order
    setup: [ { post: /login, extract: { token: $.token } } ]
    steps:
      - { post: /order, headers: { X-Token: "{{ token }}", X-User: "{{ vu }}" } }
      - { name: me, get: /me, target: users, headers: { X-Token: "{{ token }}" } }
    teardown: [ { post: /logout } ]
"#;

fn users(orders: &[Seen]) -> BTreeSet<String> {
    orders.iter().map(|seen| seen.headers["x-user"].clone()).collect()
}

#[test]
fn load_shares_nothing_of_its_users_between_versions() {
    for stages in ["{ vus: 4, count: 60, duration: 10s }", "{ rate: 120/s, duration: 500ms }"] {
        let (candidate, baseline, shared) = (giving("candidate"), giving("baseline"), giving("users"));
        let targets = format!("targets: {{ users: 'http://127.0.0.1:{}' }}", shared.port);
        play(candidate.port, baseline.port, &format!("stages: [ {stages} ]\n{targets}{LOGGED_IN}"));
        for (shop, name) in [(&candidate, "candidate"), (&baseline, "baseline")] {
            let orders = shop.asked("/order");
            assert!(!orders.is_empty(), "{stages}: {name} was asked");
            let own = |seen: &Seen| seen.headers["x-token"] == name && seen.headers["cookie"] == format!("version={name}");
            assert!(orders.iter().all(own), "{stages}: what {name} gave comes back to it alone");
            assert_eq!(shop.asked("/login").len(), users(&orders).len(), "{stages}: each user logs in once");
            assert_eq!(shop.asked("/logout").len(), users(&orders).len(), "{stages}: each user leaves once");
        }
        let (ours, theirs) = (users(&candidate.asked("/order")), users(&baseline.asked("/order")));
        assert!(ours.is_disjoint(&theirs), "{stages}: {ours:?} {theirs:?}");
        let tokens: BTreeSet<String> = shared.asked("/me").iter().map(|seen| seen.headers["x-token"].clone()).collect();
        assert_eq!(tokens, BTreeSet::from(["baseline".to_owned(), "candidate".to_owned()]), "named targets are for both");
    }
}

#[test]
fn load_of_users_is_split_evenly() {
    let (candidate, baseline, _) = shops();
    let sections =
        "stages: [ { vus: 6, duration: 500ms } ]\nscenarios: [ { name: a, get: /a, headers: { X-User: '{{ vu }}' } } ]";
    let (of_candidate, of_baseline) = play(candidate.port, baseline.port, sections);
    let (ours, theirs) = (users(&candidate.seen()), users(&baseline.seen()));
    assert_eq!((ours.len(), theirs.len(), ours.is_disjoint(&theirs)), (3, 3, true));
    assert_eq!(of_candidate.measured.counts[0].started, candidate.seen().len() as u64);
    assert_eq!(of_baseline.stages[0].shape, "3 users");
}

#[test]
fn load_that_the_rate_limit_holds_back_is_counted_where_it_was_meant_to_go() {
    let (candidate, baseline, _) = shops();
    let sections =
        "stages: [ { rate: 200/s, duration: 1s } ]\nscenarios: [ GET / ]\nload: { rate_limit: { rate: 100/s, burst: 1 } }";
    let (of_candidate, of_baseline) = play(candidate.port, baseline.port, sections);
    let mut started = 0;
    for (observed, shop) in [(&of_candidate, &candidate), (&of_baseline, &baseline)] {
        let stage = &observed.stages[0];
        assert_eq!((stage.offered + stage.held_back, stage.withheld), (100, 0));
        assert_eq!((stage.started, total(observed).requests), (shop.seen().len() as u64, stage.started));
        started += stage.started;
    }
    assert!((95..=101).contains(&started), "the limit is one for both: {started}");
}

#[test]
fn load_on_a_version_that_fails_is_stopped_by_a_breaker_of_its_own() {
    let (candidate, _, _) = shops();
    let failing = Shop::open(|_, _| answer(500, "", "boom"));
    let sections = "stages: [ { rate: 400/s, duration: 20s } ]\nscenarios: [ GET / ]\n\
                    safety: { circuit_breaker: { error_rate: 50%, min_requests: 20, retry_after: 100ms, trips: 2 } }";
    let plan = resolved(candidate.port, failing.port, sections).plan;
    let (origins, was_seen) = (Origins::of(&plan).unwrap(), AtomicBool::new(false));
    let observed = run(
        &plan,
        |share| HttpDriver::new(&plan, &origins, share),
        &Stop::default(),
        |progress| {
            assert_eq!(progress.steering.breaker, BreakerState::Closed);
            was_seen.fetch_or(progress.steering.baseline_breaker != BreakerState::Closed, Ordering::Relaxed);
        },
    );
    let (of_candidate, of_baseline) = observed.unwrap().apart();
    let of_baseline = of_baseline.unwrap();
    assert_eq!((of_candidate.ended, of_candidate.breaker.len()), (Ended::Aborted, 0));
    let reason = of_candidate.ended_because.as_deref().unwrap();
    assert!(reason.starts_with("baseline: the circuit breaker opened 2 times"), "{reason}");
    assert_eq!(of_baseline.ended_because.as_deref(), Some(reason));
    assert!(of_baseline.breaker.len() >= 3 && of_baseline.stages[0].withheld > 0, "{:?}", of_baseline.breaker);
    assert_eq!((of_candidate.stages[0].withheld, total(&of_candidate).error_count()), (0, 0));
    assert_eq!(of_candidate.measured.counts[0].started, candidate.seen().len() as u64);
}

#[test]
fn load_does_not_follow_a_redirect_to_the_other_version() {
    let candidate = Shop::open(|_, _| answer(200, "", "ok"));
    let to = format!("location: http://127.0.0.1:{}/b\r\n", candidate.port);
    let baseline = Shop::open(move |_, _| answer(302, &to, ""));
    let sections = "stages: [ { rate: 100/s, duration: 500ms } ]\nscenarios: [ GET /a ]\nhttp: { redirects: 3 }";
    let (of_candidate, of_baseline) = play(candidate.port, baseline.port, sections);
    assert_eq!(total(&of_candidate).errors, Errors::new());
    assert_eq!(total(&of_baseline).errors, Errors::from([(ErrorClass::Redirect, 25)]));
    assert_eq!(candidate.lines(), vec!["GET /a"; 25], "it got its own requests alone");
}

#[test]
fn load_that_has_shown_enough_of_both_versions_ends_and_counts() {
    let (candidate, baseline, _) = shops();
    let sections = "stages: [ { rate: 200/s, duration: 600s } ]\nscenarios: [ GET / ]\nrecord: { window: 100ms }\nregression: { block: 100ms }";
    let plan = resolved(candidate.port, baseline.port, sections).plan;
    let (origins, mut seen) = (Origins::of(&plan).unwrap(), [0, 0]);
    let driver = |share| HttpDriver::new(&plan, &origins, share);
    let observed = run_watched(
        &plan,
        driver,
        &Stop::default(),
        |_| {},
        |side, place, windows| {
            seen[side.number()] += 1;
            assert_eq!(place.ends.as_millis(), seen[side.number()] * 100, "windows of a version come in order");
            assert_eq!(windows[0].requests, 10, "of that version alone");
            seen.iter().all(|seen| *seen >= 5).then(|| Ending::Enough("that will do".to_owned()))
        },
    );
    let (of_candidate, of_baseline) = observed.unwrap().apart();
    for observed in [&of_candidate, &of_baseline.unwrap()] {
        assert_eq!((observed.ended, observed.ended_because.as_deref()), (Ended::Complete, Some("that will do")));
        let (stage, total) = (&observed.stages[0], total(observed));
        assert_eq!(
            (stage.offered, stage.started, total.requests, total.errors),
            (stage.offered, stage.offered, stage.offered, Errors::new())
        );
        assert!(stage.offered >= 50 && stage.played_us < stage.duration_us, "{stage:?}");
    }
}

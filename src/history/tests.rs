//! Histories of runs whose figures are known.

use rand::{SeedableRng as _, rngs::StdRng};
use rand_distr::{Distribution as _, Normal};

use super::*;
use crate::record::{EndpointPoint, POINT_SCHEMA};

/// A run a day; latencies of each endpoint in microseconds.
pub(super) fn run(day: usize, endpoints: &[(&str, f64)]) -> Run {
    let endpoint = |(name, us): &(&str, f64)| EndpointPoint {
        name: (*name).to_owned(),
        is_beside: false,
        requests: 6_000,
        errors: 0,
        p50_us: Some(*us as u64),
        p95_us: Some((us * 2.0) as u64),
        p99_us: Some((us * 3.0) as u64),
    };
    let started_at = Timestamp::from_second(1_790_000_000 + 86_400 * day as i64).unwrap();
    let point = RunPoint {
        schema: POINT_SCHEMA.to_owned(),
        suite: "shop".to_owned(),
        fingerprint: "0123456789ab".to_owned(),
        started_at,
        commit: Some(format!("c{day:07}")),
        label: None,
        accepted: None,
        seconds: 60.0,
        requests: 6_000 * endpoints.len() as u64,
        errors: 0,
        endpoints: endpoints.iter().map(endpoint).collect(),
    };
    Run { entry: format!("run-{day}"), point, fate: "active", pinned: None }
}

/// Runs in which `/items` has these levels, one after another, and `/health` stays as it is; each with 3 % of noise.
fn replay(levels: &[(usize, f64)]) -> Vec<Run> {
    let mut rng = StdRng::seed_from_u64(7);
    let noise = Normal::new(0.0, 0.03).unwrap();
    let mut noisy = |us: f64| us * f64::exp(noise.sample(&mut rng));
    let levels = levels.iter().flat_map(|(count, us)| std::iter::repeat_n(*us, *count));
    levels.enumerate().map(|(day, us)| run(day, &[("/items", noisy(us)), ("/health", noisy(900.0))])).collect()
}

fn history(runs: Vec<Run>) -> History {
    History::of("shop".to_owned(), "0123456789ab".to_owned(), runs, &[])
}

fn found(history: &History) -> Vec<(&str, &str, usize, &'static str)> {
    history
        .changes
        .iter()
        .map(|change| (change.endpoint.as_str(), change.metric.name(), change.first, change.status.name()))
        .collect()
}

#[test]
fn a_change_at_run_20_of_30_is_shown_at_its_commit() {
    let history = history(replay(&[(20, 10_000.0), (10, 12_000.0)]));
    let items: Vec<_> = found(&history).into_iter().filter(|(endpoint, ..)| *endpoint == "/items").collect();
    assert_eq!(items, [("/items", "p50", 20, "open"), ("/items", "p95", 20, "open"), ("/items", "p99", 20, "open")]);
    assert!(history.changes.iter().all(|change| change.endpoint != "/health"), "{:?}", found(&history));
    let change = history.changes.iter().find(|change| change.endpoint == "/items").unwrap();
    assert_eq!(history.commits(change), ("c0000019".to_owned(), "c0000020".to_owned()));
    assert!((change.change() - 0.2).abs() < 0.03, "{}", change.change());
    let text = text(&history, Some("/items"), 30);
    assert!(
        text.contains("slower: /items p50 +")
            && text.contains("with commits c0000019..c0000020, first seen 2026-10-11: still open"),
        "{text}"
    );
}

#[test]
fn a_regression_that_was_taken_back_is_closed_and_the_recovery_is_told() {
    let history = history(replay(&[(20, 10_000.0), (10, 13_000.0), (15, 10_050.0)]));
    let change = history.changes.iter().find(|change| change.endpoint == "/items").unwrap();
    assert_eq!((change.first, change.status), (20, Status::Closed { with: 30 }));
    assert!(found(&history).contains(&("/items", "p50", 30, "faster")), "{:?}", found(&history));
    assert!(text(&history, None, 5).contains(": back since c0000030 (2026-10-21)"), "{}", text(&history, None, 5));
}

#[test]
fn nothing_changed_shows_no_change() {
    let history = history(replay(&[(200, 10_000.0)]));
    assert_eq!(found(&history), []);
    assert!(text(&history, None, 3).contains("no change of level is seen"));
}

#[test]
fn withdrawn_runs_are_shown_and_do_not_count() {
    let mut runs = replay(&[(12, 10_000.0), (6, 30_000.0), (12, 10_000.0)]);
    runs[12..18].iter_mut().for_each(|run| run.fate = "withdrawn");
    let history = history(runs);
    assert_eq!(found(&history), []);
    assert_eq!(text(&history, None, 30).matches("withdrawn").count(), 6);
}

#[test]
fn a_gap_a_new_endpoint_and_files_that_can_not_be_read_are_told() {
    let mut runs = replay(&[(10, 10_000.0)]);
    runs.extend((40..50).map(|day| run(day, &[("/items", 10_000.0), ("/health", 900.0), ("/new", 5.0)])));
    let damaged = [("b/x.json".into(), "b/x.json: the record is damaged: it ends early".to_owned())];
    let history = History::of("shop".to_owned(), "0123456789ab".to_owned(), runs, &damaged);
    assert_eq!(
        history.notes,
        [
            "b/x.json is left out: the record is damaged: it ends early",
            "there is no run for 31 days, from 2026-09-30 to 2026-10-31: a change there may have any commit between"
        ]
    );
    let whole = history.of_series(SERVICE, Metric::P50).unwrap();
    assert_eq!(whole.us.iter().flatten().count(), 10, "of runs with other endpoints the service as a whole is another");
}

#[test]
fn pings_have_no_part_in_the_service_as_a_whole_and_a_series_of_their_own() {
    let mut runs: Vec<Run> = (0..8)
        .map(|day| run(day, &[("/items", 10_000.0), ("/health", 900.0), ("feed.heartbeat", 100.0 * (1 + day) as f64)]))
        .collect();
    runs.iter_mut().for_each(|run| run.point.endpoints[2].is_beside = true);
    let history = history(runs);
    let whole = &history.of_series(SERVICE, Metric::P50).unwrap().us;
    assert!(whole.iter().flatten().all(|us| (us - 3_000.0).abs() < 1e-6), "the mean of 10 ms and 0.9 ms: {whole:?}");
    assert_eq!(history.of_series("feed.heartbeat", Metric::P50).unwrap().us[7], Some(800.0));
}

#[test]
fn what_runs_differ_by_is_found_also_where_their_level_changed() {
    for levels in [&[(30, 10_000.0)][..], &[(20, 10_000.0), (10, 13_000.0)]] {
        let between = history(replay(levels)).between_runs();
        let items = between.iter().find(|row| (row.endpoint.as_str(), row.metric) == ("/items", "p50")).unwrap();
        assert!((items.variance.sqrt() - 0.03).abs() < 0.01 && items.df > 10.0, "{items:?}");
    }
    assert_eq!(history(replay(&[(2, 10_000.0)])).between_runs(), [], "one difference tells nothing");
}

#[test]
fn the_noise_is_in_the_page_and_for_programs() {
    let mut history = history(replay(&[(7, 10_000.0)]));
    let reach = |runs| Reach { runs, mde: Some(0.25 / runs as f64) };
    let row = NoiseRow {
        endpoint: "<b>/items".to_owned(),
        metric: "p50".to_owned(),
        process_sd: None,
        run_sd: Some(0.03),
        mde_today: Some(0.12),
        mde_stored: STORED.map(reach).to_vec(),
        mde_replicates: Vec::new(),
    };
    history.noise = Some(NoiseTable {
        stored_runs: 7,
        run_s: Some(60.0),
        comparisons: 0,
        pairs: 0,
        replicate_s: Some(10.0),
        rows: vec![row],
    });
    let histories = [history];
    let page = page(&histories).unwrap();
    assert!(page.contains("processes differ") && page.contains("<td>12%</td>") && !page.contains("<b>/items"), "{page}");
    assert_eq!(json(&histories)["histories"][0]["noise"]["rows"][0]["mde_stored"][1]["runs"], 10);
    let text = noise_csv(&histories).unwrap();
    assert!(text.ends_with("shop,0123456789ab,<b>/items,p50,,0.030000,0.120000,0.050000,0.025000,0.012500,,,\n"), "{text}");
}

#[test]
fn few_runs_are_shown_without_looking_for_changes() {
    let history = history(replay(&[(5, 10_000.0)]));
    assert_eq!(history.notes, ["changes are looked for from 6 runs on"]);
    assert!(text(&history, None, 30).contains("c0000004"));
}

#[test]
fn what_comes_from_files_can_do_no_harm_on_a_terminal_or_in_a_page() {
    let mut runs = replay(&[(7, 10_000.0)]);
    runs[0].point.label = Some("\u{1b}[2J<script>alert(1)</script>".to_owned());
    runs[0].pinned = Some("<b>v1</b>".to_owned());
    let history = history(runs);
    assert!(!text(&history, None, 30).contains('\u{1b}'));
    let page = page(&[history]).unwrap();
    assert!(!page.contains("<script>alert") && !page.contains("<b>v1") && page.contains("&lt;script&gt;"), "{page}");
}

#[test]
fn programs_get_every_run_and_every_change() {
    let history = history(replay(&[(20, 10_000.0), (10, 12_000.0)]));
    let value = json(std::slice::from_ref(&history));
    assert_eq!((&value["schema"], value["histories"][0]["runs"].as_array().unwrap().len()), (&"loadgate/history/v1".into(), 30));
    let change = &value["histories"][0]["changes"][0];
    assert_eq!((&change["status"], &change["first_after"]["commit"]), (&"open".into(), &"c0000020".into()));
    let text = csv(&[history]).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 1 + 30 * 3);
    assert!(
        rows.iter().any(|row| row.contains("c0000020") && row.contains(",/items,") && row.ends_with(",p50 p95 p99")),
        "{text}"
    );
}

#[test]
fn a_thousand_runs_are_followed_without_a_test_per_pair_of_them() {
    let names: Vec<String> = (0..20).map(|n| format!("/e{n}")).collect();
    let runs = (0..1_000)
        .map(|day| run(day, &names.iter().map(|name| (name.as_str(), 1_000.0 + (day * 7_919 % 97) as f64)).collect::<Vec<_>>()));
    let history = history(runs.collect());
    assert_eq!((history.runs.len(), history.series.len()), (1_000, 62));
    assert!(page(std::slice::from_ref(&history)).unwrap().len() < 4_000_000);
}

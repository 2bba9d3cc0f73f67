//! Runs and verdicts made by hand: small, but with everything a report can show.

use std::collections::BTreeMap;

use crate::{
    compare::{Change, ComparedMetric, Comparison, Grade, Look, Outcome, Row, SERVICE, WarmUp},
    exit::Exit,
    policy::{Mode, Quantile, Severity, Threshold},
    record::{
        CiRun, Encoded, Ended, EndpointSeries, Environment, ErrorClass, ExchangeSample, FailureSample, Generator, LastWords,
        Latencies, Note, PlanFacts, Provenance, RunRecord, Side, SlowSample, StageFacts, StepFacts, Totals, TraceId, Window,
        file,
    },
    report::View,
    verdict::{Reference, ThresholdOutcome, ThresholdResult, ValidityCheck, Verdict, VerdictKind},
};

/// A name that tries to break out of every format at once.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>|@team #12 `x` ]]>\n\u{1b}[31m";

/// Windows of the measured stage.
const SECONDS: u64 = 6;

/// One endpoint of a made-up run: requests a second, median latency, failures a second.
pub(crate) struct Load(pub &'static str, pub u64, pub u64, pub u64);

/// The shop of most tests: a busy endpoint and one with few requests and some failures.
pub(crate) const SHOP: [Load; 2] = [Load("GET /search", 2_000, 12_000, 0), Load("POST /orders", 50, 41_000, 2)];

/// A run of a warm-up and one measured stage.
pub(crate) fn run(endpoints: &[Load]) -> RunRecord {
    let offered = endpoints.iter().map(|load| load.1).sum::<u64>() * SECONDS;
    let mut late = Latencies::default();
    (0..1000).for_each(|n| late.record(20 + n % 100));
    RunRecord {
        schema: file::SCHEMA.to_owned(),
        suite: "checkout-api".to_owned(),
        tool_version: "0.1.0".to_owned(),
        started_at: "2026-11-20T12:03:04Z".parse().unwrap(),
        ended: Ended::Complete,
        ended_because: None,
        last_words: Vec::new(),
        provenance: Provenance {
            commit: Some("a1b2c3d4e5f60718293a4b5c6d7e8f9001122334".to_owned()),
            reference: Some("refs/pull/12/merge".to_owned()),
            pull_request: Some(12),
            ci: Some(CiRun {
                provider: "github".to_owned(),
                run_id: "123".to_owned(),
                attempt: 2,
                url: Some("https://github.com/acme/shop/actions/runs/123".to_owned()),
            }),
            config_sha256: "0123abcd".to_owned(),
            label: None,
            accepted: None,
            image_digest: None,
            imported: None,
        },
        environment: Environment {
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            cpu_model: "AMD EPYC 7763".to_owned(),
            cores: 4,
            memory_bytes: 16_000_000_000,
            runner_class: "github-hosted".to_owned(),
        },
        plan: PlanFacts {
            scenario_hash: "5c3a".to_owned(),
            seed: 42,
            threads: 4,
            window_us: 1_000_000,
            block_us: 5_000_000,
            target: "127.0.0.1:8080".to_owned(),
            stages: vec![stage("warm-up", false, 0, 2, offered / 3), stage("steady", true, 2_000_000, SECONDS, offered)],
            steps: endpoints.iter().map(step).collect(),
        },
        ab: None,
        generator: Generator {
            late: Encoded::from(&late),
            late_over_1ms: 0,
            cpu_share: Some(0.31),
            max_rss_bytes: Some(48_000_000),
            ..Generator::default()
        },
        breaker: Vec::new(),
        endpoints: endpoints.iter().map(series).collect(),
        slowest: endpoints.iter().map(slow).collect(),
        unmeasured_failures: Vec::new(),
        failures: vec![FailureSample {
            endpoint: "POST /orders".to_owned(),
            class: ErrorClass::Status5xx,
            message: "status 503".to_owned(),
            exchange: None,
            trace_id: None,
        }],
        notes: Vec::new(),
        newer: serde_json::Map::new(),
    }
}

fn step(load: &Load) -> StepFacts {
    let (method, path) = load.0.split_once(' ').unwrap_or(("GET", "/"));
    let url = format!("http://127.0.0.1:8080{path}");
    let headers = vec![("authorization".to_owned(), "***".to_owned())];
    StepFacts {
        endpoint: load.0.to_owned(),
        method: method.to_owned(),
        url,
        headers,
        body: load.0.to_owned(),
        ..StepFacts::default()
    }
}

fn stage(name: &str, measured: bool, began_us: u64, seconds: u64, offered: u64) -> StageFacts {
    StageFacts {
        name: name.to_owned(),
        shape: "2050/s".to_owned(),
        duration_us: seconds * 1_000_000,
        measured,
        began_us,
        played_us: seconds * 1_000_000,
        offered,
        started: offered,
        ..StageFacts::default()
    }
}

fn series(load: &Load) -> EndpointSeries {
    let windows = (0..SECONDS).map(|second| window(load, second)).collect();
    EndpointSeries {
        is_setup: false,
        is_occasional: false,
        is_beside: false,
        is_untimed: false,
        name: load.0.to_owned(),
        scenario: "browse".to_owned(),
        request: load.0.to_owned(),
        stages: vec![Vec::new(), windows],
    }
}

fn slow(load: &Load) -> SlowSample {
    SlowSample {
        endpoint: load.0.to_owned(),
        due_us: 4_200_000,
        response_us: load.2 * 5,
        service_us: load.2,
        connections: 1,
        retries: 0,
        failed: Some(ErrorClass::Status5xx).filter(|_| load.3 > 0),
        trace_id: Some(TraceId::new(7, load.2)),
    }
}

fn window(&Load(_, rate, median_us, failing): &Load, second: u64) -> Window {
    let mut totals = Totals { requests: rate, ..Totals::default() };
    for n in failing..rate {
        // A tail like that of a service: the last hundredth takes up to four times as long.
        let tail = if n % 100 == 99 { 3 * median_us * (n % 7) / 6 } else { 0 };
        let us = median_us / 2 + median_us * (n * 7_919 % 1_000) / 1_000 + tail + second * 10;
        totals.response.record(us);
        totals.service.record(us - us / 20);
    }
    if failing > 0 {
        totals.errors = BTreeMap::from([(ErrorClass::Status5xx, failing)]);
        (0..failing).for_each(|_| totals.failed.record(900));
    }
    Window::from(&totals)
}

/// A compared latency without finding.
pub(crate) fn row(endpoint: &str, quantile: Quantile, baseline_us: f64, change: f64) -> Row {
    Row {
        endpoint: endpoint.to_owned(),
        metric: ComparedMetric::Latency(quantile),
        baseline: Some(baseline_us),
        candidate: Some(baseline_us * (1.0 + change)),
        change: Some(Change { estimate: change, interval: Some((change - 0.05, change + 0.06)), p_value: Some(0.4) }),
        tolerance: 0.1,
        mde: Some(0.08),
        outcome: Outcome::Unchanged,
        level: None,
        grade: Some(Grade::NoChangeFound),
        suspect: false,
        equivalent: false,
        siblings: None,
        required: false,
        covers: 0,
        reason: format!("no change of {quantile} found; a change of 8% or more would have been seen"),
    }
}

/// A latency that regressed.
pub(crate) fn regressed(endpoint: &str, quantile: Quantile, baseline_us: f64, change: f64) -> Row {
    let mut row = row(endpoint, quantile, baseline_us, change);
    row.change = row.change.map(|change| Change { p_value: Some(0.0002), ..change });
    Row {
        outcome: Outcome::Regressed,
        level: Some(Severity::Fail),
        grade: None,
        reason: format!("{quantile} is 31% slower (+26% to +37%), beyond the tolerance of 10%; p = 0.0002 after correction"),
        ..row
    }
}

/// A latency of which nothing can be said.
pub(crate) fn open(endpoint: &str, quantile: Quantile, baseline_us: f64, suspect: bool) -> Row {
    Row {
        outcome: Outcome::Inconclusive,
        grade: None,
        suspect,
        required: true,
        mde: Some(0.6),
        reason: format!("cannot tell for {quantile}: only changes of 60% or more could have been seen"),
        ..row(endpoint, quantile, baseline_us, 0.12)
    }
}

/// An error rate that did not change.
pub(crate) fn errors(endpoint: &str) -> Row {
    Row {
        metric: ComparedMetric::ErrorRate,
        baseline: Some(0.038),
        candidate: Some(0.04),
        change: Some(Change { estimate: 0.002, interval: Some((-0.004, 0.008)), p_value: None }),
        tolerance: 0.005,
        mde: None,
        reason: "error rate went from 3.8% to 4%; an increase of 0.8 pp or more is ruled out".to_owned(),
        ..row(endpoint, Quantile::P50, 1.0, 0.0)
    }
}

/// A comparison with seven baseline runs.
pub(crate) fn comparison(rows: Vec<Row>) -> Comparison {
    Comparison {
        mode: Mode::Baseline,
        look: Look::only(1, 0.01),
        run_us: 60_000_000,
        baseline_runs: 7,
        baseline_commits: vec!["9f8e7d6c5b4a39281706f5e4d3c2b1a009988776".to_owned()],
        candidate_runs: 1,
        block_us: 5_000_000,
        blocks: 12,
        family: 36,
        alpha: 0.01,
        coverage: 0.98,
        sensitivity: Some(0.07),
        rows,
        vanished: Vec::new(),
        appeared: Vec::new(),
        notes: Vec::new(),
        warm_up: WarmUp::default(),
        spreads: Vec::new(),
        reruns: Vec::new(),
        doubts: Vec::new(),
    }
}

/// A threshold with what became of it.
pub(crate) fn threshold(expr: &str, actual: Option<f64>, outcome: ThresholdOutcome) -> ThresholdResult {
    let threshold = Threshold::parse(expr).unwrap();
    let words = actual.map_or_else(|| "no request was made".to_owned(), |actual| threshold.display(actual));
    let verb = match outcome {
        ThresholdOutcome::Pass => "holds",
        ThresholdOutcome::Warn | ThresholdOutcome::Fail => "is broken",
        ThresholdOutcome::NoData => "can't be judged",
    };
    ThresholdResult { reason: format!("{expr} {verb}: {words}"), threshold, actual, outcome }
}

/// A check of the run.
pub(crate) fn check(check: &'static str, ok: bool, reason: &str) -> ValidityCheck {
    ValidityCheck { check, ok, value: Some(1.0), reason: reason.to_owned() }
}

/// A verdict that passes with nothing to say, to be changed.
pub(crate) fn verdict(kind: VerdictKind, exit: Exit, headline: &str, reference: Reference) -> Verdict {
    Verdict {
        kind,
        exit,
        headline: headline.to_owned(),
        reasons: Vec::new(),
        thresholds: Vec::new(),
        validity: vec![
            check("complete", true, "all stages were played to their end"),
            check("achieved_rate", true, "100% of 12300 offered arrivals were sent"),
        ],
        set_aside: Vec::new(),
        accepted: None,
        reference,
    }
}

/// Nothing found.
pub(crate) fn passing() -> View {
    let rows = vec![
        row(SERVICE, Quantile::P50, 12_400.0, 0.004),
        row("GET /search", Quantile::P50, 12_000.0, 0.004),
        row("GET /search", Quantile::P99, 20_000.0, -0.01),
        row("POST /orders", Quantile::P50, 41_000.0, 0.011),
        errors("POST /orders"),
    ];
    let headline = "no regression found (a change of 7% or more would have been seen)";
    let mut verdict = verdict(VerdictKind::Pass, Exit::Ok, headline, Reference::Compared(Box::new(comparison(rows))));
    verdict.thresholds = vec![threshold("p95 < 250ms", Some(41_000.0), ThresholdOutcome::Pass)];
    View::new(&verdict, &[run(&SHOP)], &[run(&SHOP)])
}

/// A regression and a broken threshold.
pub(crate) fn failing() -> View {
    let rows = vec![
        row(SERVICE, Quantile::P50, 12_400.0, 0.021),
        row("GET /search", Quantile::P50, 12_000.0, 0.004),
        regressed("GET /search", Quantile::P99, 20_000.0, 0.31),
        open("POST /orders", Quantile::P50, 41_000.0, true),
        errors("POST /orders"),
    ];
    let headline = "regression in 1 of 2 endpoints (GET /search p99 +31%); 1 threshold broken: error_rate < 0.05% is 0.098%";
    let mut verdict = verdict(VerdictKind::Fail, Exit::Failed, headline, Reference::Compared(Box::new(comparison(rows))));
    verdict.thresholds = vec![
        threshold("p95 < 250ms", Some(41_000.0), ThresholdOutcome::Pass),
        threshold("error_rate < 0.05%", Some(0.000_98), ThresholdOutcome::Fail),
    ];
    verdict.reasons = vec![
        "error_rate < 0.05% is broken: 0.098%".to_owned(),
        "GET /search: p99 is 31% slower (+26% to +37%), beyond the tolerance of 10%; p = 0.0002 after correction".to_owned(),
    ];
    View::new(&verdict, &[run(&SHOP)], &[run(&SHOP)])
}

/// A run that cannot tell.
pub(crate) fn inconclusive() -> View {
    let rows = vec![open(SERVICE, Quantile::P50, 12_400.0, false), open("GET /search", Quantile::P50, 12_000.0, true)];
    let mut comparison = comparison(rows);
    comparison.baseline_runs = 1;
    comparison.sensitivity = Some(0.6);
    comparison.notes = vec!["provisional: only 1 baseline run".to_owned()];
    let reason = "cannot tell for p50 of the service as a whole: only changes of 60% or more could have been seen";
    let (headline, reference) = (format!("inconclusive: {reason}"), Reference::Compared(Box::new(comparison)));
    let mut verdict = verdict(VerdictKind::Inconclusive, Exit::Ok, &headline, reference);
    verdict.reasons = vec![reason.to_owned(), "provisional: only 1 baseline run".to_owned()];
    View::new(&verdict, &[run(&SHOP)], &[run(&SHOP)])
}

/// A target that was not there.
pub(crate) fn invalid() -> View {
    let reason = "target unreachable: none of 300 requests found a connection (connect_refused)";
    let mut verdict = verdict(VerdictKind::Invalid, Exit::Invalid, "target unreachable, no measurement", Reference::NoBaseline);
    verdict.reasons = vec![reason.to_owned()];
    verdict.validity = vec![check("target_reachable", false, reason), check("samples", false, "no request was made")];
    verdict.thresholds = vec![threshold("p95 < 250ms", None, ThresholdOutcome::NoData)];
    let mut record = run(&[]);
    record.ended = Ended::Aborted;
    record.ended_because = Some("127.0.0.1:8080 did not answer within 60s".to_owned());
    View::new(&verdict, &[record], &[])
}

/// A service that loadgate had started, and that died.
pub(crate) fn died(lines: &[&str]) -> View {
    let reason = "the baseline's service did not stay up before it was ready: it ended by itself (exit code 1)";
    let mut verdict = verdict(VerdictKind::Invalid, Exit::Invalid, reason, Reference::NoBaseline);
    verdict.reasons = vec![reason.to_owned()];
    let mut record = run(&[]);
    (record.ended, record.ended_because) = (Ended::Aborted, Some(reason.to_owned()));
    let (log, lines) = ("loadgate-report/logs/baseline-1.log".to_owned(), lines.iter().map(|line| (*line).to_owned()).collect());
    record.last_words = vec![LastWords { side: Side::Baseline, log, lines }];
    View::new(&verdict, &[record], &[])
}

/// A first run.
pub(crate) fn without_baseline() -> View {
    let headline = "no baseline yet, nothing compared";
    let mut verdict = verdict(VerdictKind::Warn, Exit::Ok, headline, Reference::NoBaseline);
    verdict.reasons = vec![headline.to_owned()];
    verdict.thresholds = vec![threshold("p95 < 250ms", Some(41_000.0), ThresholdOutcome::Pass)];
    View::new(&verdict, &[run(&SHOP)], &[])
}

/// Hostile text wherever text from outside can be.
pub(crate) fn hostile() -> View {
    let mut record = run(&[Load(HOSTILE, 50, 12_000, 1)]);
    record.suite = HOSTILE.to_owned();
    record.plan.target = HOSTILE.to_owned();
    record.plan.stages[1].name = HOSTILE.to_owned();
    record.environment.cpu_model = HOSTILE.to_owned();
    record.provenance.reference = Some(HOSTILE.to_owned());
    record.provenance.commit = Some(HOSTILE.to_owned());
    record.provenance.ci = Some(CiRun {
        provider: "github".to_owned(),
        run_id: HOSTILE.to_owned(),
        attempt: 1,
        url: Some(format!("https://x)\" {HOSTILE}")),
    });
    record.failures[0].message = HOSTILE.repeat(100);
    record.failures[0].endpoint = HOSTILE.to_owned();
    let header = (HOSTILE.to_owned(), HOSTILE.to_owned());
    record.failures[0].exchange = Some(Box::new(ExchangeSample {
        request: HOSTILE.to_owned(),
        request_headers: vec![header.clone()],
        status: 503,
        response_headers: vec![header.clone()],
        body: HOSTILE.to_owned(),
        body_bytes: 6,
    }));
    let note = |value| Note { at_us: 4_000_000, name: HOSTILE.to_owned(), value, text: HOSTILE.to_owned() };
    record.notes = vec![note(None), note(Some(1.0))];
    let step = &mut record.plan.steps[0];
    step.headers.push(header);
    (step.contains, step.checks) = (Some(HOSTILE.to_owned()), vec![HOSTILE.to_owned()]);
    step.depends_on = vec![HOSTILE.to_owned()];
    record.last_words = vec![LastWords { side: Side::Candidate, log: HOSTILE.to_owned(), lines: vec![HOSTILE.to_owned()] }];
    let rows = vec![regressed(HOSTILE, Quantile::P99, 20_000.0, 0.31)];
    let mut comparison = comparison(rows);
    comparison.rows[0].reason = HOSTILE.to_owned();
    comparison.vanished = vec![HOSTILE.to_owned()];
    comparison.appeared = vec![HOSTILE.to_owned()];
    comparison.notes = vec![HOSTILE.to_owned()];
    let mut verdict = verdict(VerdictKind::Fail, Exit::Failed, HOSTILE, Reference::Compared(Box::new(comparison)));
    verdict.reasons = vec![HOSTILE.to_owned()];
    let mut broken = threshold("x.p95 < 1ms", Some(41_000.0), ThresholdOutcome::Fail);
    broken.threshold.scope = Some(HOSTILE.to_owned());
    broken.threshold.owner = Some(HOSTILE.to_owned());
    broken.threshold.expr = format!("{HOSTILE}.p95 < 1ms");
    verdict.thresholds = vec![broken];
    View::new(&verdict, &[record], &[])
}

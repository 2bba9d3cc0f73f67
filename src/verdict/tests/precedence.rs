//! Of several findings the worst one is the verdict, and its exit code follows.

use super::*;

/// A run, reference and policy that give one kind each, so that any two can be laid over each other.
struct Ingredient {
    kind: VerdictKind,
    invalid: bool,
    threshold: Option<(&'static str, Severity)>,
}

fn ingredients() -> Vec<Ingredient> {
    let with = |kind, invalid, threshold| Ingredient { kind, invalid, threshold };
    vec![
        with(VerdictKind::Invalid, true, None),
        with(VerdictKind::Fail, false, Some(("p95 < 1ms", Severity::Fail))),
        with(VerdictKind::Inconclusive, false, Some(("p999 < 1s", Severity::Fail))),
        with(VerdictKind::Warn, false, Some(("p95 < 1ms", Severity::Warn))),
        with(VerdictKind::Pass, false, Some(("p95 < 1s", Severity::Fail))),
    ]
}

#[test]
fn of_two_findings_the_worse_one_wins_whatever_their_order() {
    let good = run(1.0, 9);
    let all = ingredients();
    for (i, worse) in all.iter().enumerate() {
        for better in &all[i..] {
            for pair in [[worse, better], [better, worse]] {
                let thresholds = pair.iter().filter_map(|one| one.threshold);
                let thresholds = thresholds.map(|(text, severity)| Threshold { severity, ..Threshold::parse(text).unwrap() });
                let policy = Policy { thresholds: thresholds.collect(), ..Policy::default() };
                let candidate = if worse.invalid { late(good.clone(), 50_000) } else { good.clone() };
                let verdict = judge(&candidate, compared(&candidate, 6), &policy);
                assert_eq!(verdict.kind, worse.kind, "{} over {}: {:?}", worse.kind, better.kind, verdict.reasons);
            }
        }
    }
}

#[test]
fn exit_codes_follow_the_verdict_and_the_policy() {
    for response in [Response::Pass, Response::Warn, Response::Fail] {
        assert_eq!(exit(VerdictKind::Pass, false, response), Exit::Ok);
        assert_eq!(exit(VerdictKind::Warn, false, response), Exit::Ok);
        assert_eq!(exit(VerdictKind::Fail, false, response), Exit::Failed);
        assert_eq!(exit(VerdictKind::Invalid, false, response), Exit::Invalid);
        assert_eq!(exit(VerdictKind::Invalid, true, response), Exit::Interrupted);
    }
    assert_eq!(exit(VerdictKind::Inconclusive, false, Response::Warn), Exit::Ok);
    assert_eq!(exit(VerdictKind::Inconclusive, false, Response::Pass), Exit::Ok);
    assert_eq!(exit(VerdictKind::Inconclusive, false, Response::Fail), Exit::Inconclusive);
}

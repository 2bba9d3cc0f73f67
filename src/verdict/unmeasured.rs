//! Failures that no window counts: a login that was refused leaves no request to measure.

use crate::record::{Part, RunRecord, UnmeasuredFailures};

/// Kinds of failures that are told.
const KINDS_MAX: usize = 3;

/// Why a run has nothing of a scenario, or of any, where its users could not be set up.
#[must_use]
pub fn why_nothing_was_asked(run: &RunRecord, scenario: Option<&str>) -> Option<String> {
    let is_of = |failure: &&UnmeasuredFailures| failure.part != Part::Teardown && scenario.is_none_or(|s| s == failure.scenario);
    told(run, Part::Setup, is_of).or_else(|| told(run, Part::Steps, is_of))
}

/// What a reader of the run must know of them: each ended an iteration that was to be measured.
pub(super) fn remarks(run: &RunRecord) -> impl Iterator<Item = String> {
    [Part::Setup, Part::Steps].into_iter().filter_map(|part| told(run, part, |_| true))
}

/// `setup failed 612 times: POST /login 4xx: status 401`
fn told(run: &RunRecord, part: Part, is_of: impl Fn(&&UnmeasuredFailures) -> bool) -> Option<String> {
    let mut failures: Vec<&UnmeasuredFailures> =
        run.unmeasured_failures.iter().filter(|failure| failure.part == part).filter(is_of).collect();
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.count));
    let count: u64 = failures.iter().map(|failure| failure.count).sum();
    let what = match part {
        Part::Setup => "setup",
        Part::Steps => "steps that are not measured",
        Part::Teardown => "teardown",
    };
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let is_one = failures.len() == 1;
    let kinds: Vec<String> = failures.iter().take(KINDS_MAX).map(|failure| kind(run, failure, is_one)).collect();
    (count > 0).then(|| format!("{what} failed {times}: {}", kinds.join("; ")))
}

/// `POST /login 4xx: status 401`
fn kind(run: &RunRecord, failure: &UnmeasuredFailures, is_one: bool) -> String {
    let UnmeasuredFailures { endpoint, class, count, .. } = failure;
    let sample = run.failures.iter().find(|sample| sample.endpoint == *endpoint && sample.class == *class);
    let count = if is_one { String::new() } else { format!(" {count}") };
    let message = sample.map_or_else(String::new, |sample| format!(": {}", sample.message));
    format!("{endpoint} {class}{count}{message}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::fixture,
        record::{ErrorClass, FailureSample},
    };

    fn failed(scenario: &str, part: Part, class: ErrorClass, count: u64) -> UnmeasuredFailures {
        UnmeasuredFailures { scenario: scenario.to_owned(), part, endpoint: "POST /login".to_owned(), class, count }
    }

    #[test]
    fn failures_are_told_with_their_counts_and_words_the_most_frequent_first() {
        let mut run = fixture::run(&[10], &["/a"], &[]);
        assert_eq!(remarks(&run).count(), 0);
        let message = "status 401".to_owned();
        let (class, exchange) = (ErrorClass::Status4xx, None);
        run.failures = vec![FailureSample { endpoint: "POST /login".to_owned(), class, message, exchange, trace_id: None }];
        run.unmeasured_failures = vec![failed("buy", Part::Setup, ErrorClass::Status4xx, 612)];
        assert_eq!(remarks(&run).collect::<Vec<_>>(), ["setup failed 612 times: POST /login 4xx: status 401"]);
        run.unmeasured_failures.extend([
            failed("buy", Part::Setup, ErrorClass::TimeoutRequest, 900),
            failed("browse", Part::Steps, ErrorClass::Reset, 1),
            failed("buy", Part::Teardown, ErrorClass::Reset, 7),
        ]);
        assert_eq!(
            remarks(&run).collect::<Vec<_>>(),
            [
                "setup failed 1512 times: POST /login timeout.request 900; POST /login 4xx 612: status 401",
                "steps that are not measured failed once: POST /login reset",
            ]
        );
        assert_eq!(
            why_nothing_was_asked(&run, Some("browse")).unwrap(),
            "steps that are not measured failed once: POST /login reset"
        );
        assert_eq!(why_nothing_was_asked(&run, Some("search")), None);
    }
}

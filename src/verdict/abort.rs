//! Promises that end the run when they are broken: judged window by window while the run goes on.

use std::{collections::VecDeque, time::Duration};

use super::{
    ThresholdOutcome,
    span::Span,
    thresholds::{measure, result},
};
use crate::{
    policy::Threshold,
    record::{Totals, Window, WindowPlace},
    units,
};

/// Looks at each complete window of the measured stages. Those of a stage come in order; the last one of a stage may come after
/// those of the next.
#[derive(Debug)]
pub struct AbortWatch {
    rules: Vec<Rule>,
    /// The stage that `recent` belongs to.
    stage: usize,
    /// The last windows of the present stage; as many as the longest `over` speaks of.
    recent: VecDeque<Played>,
    recent_max: usize,
    /// All windows so far, by endpoint, for promises without `over`.
    sum: Vec<Totals>,
    sum_length: Duration,
}

#[derive(Debug)]
struct Rule {
    threshold: Threshold,
    /// Time of the run before which it aborts nothing.
    after: Duration,
    /// Numbers of the endpoints it speaks of.
    scope: Vec<usize>,
    /// Windows it is judged over; `None` for all so far.
    windows: Option<usize>,
}

/// A window that was played.
#[derive(Debug)]
struct Played {
    length: Duration,
    /// What was measured, by endpoint.
    endpoints: Vec<Window>,
}

impl AbortWatch {
    /// A watch over a run in windows of this length. `endpoints` are the names of each endpoint and of its scenario.
    #[must_use]
    pub fn new(thresholds: &[Threshold], window: Duration, endpoints: &[(&str, &str)]) -> Self {
        let rule = |threshold: &Threshold| {
            let windows = threshold.over.map(|over| over.as_nanos().div_ceil(window.as_nanos().max(1)).max(1));
            let windows = windows.map(|windows| usize::try_from(windows).unwrap_or(usize::MAX));
            let scope = scope(threshold.scope.as_deref(), endpoints);
            Some(Rule { threshold: threshold.clone(), after: threshold.abort_after?, scope, windows })
        };
        let rules: Vec<Rule> = thresholds.iter().filter_map(rule).collect();
        let recent_max = rules.iter().filter_map(|rule| rule.windows).max().unwrap_or(0);
        let sum = vec![Totals::default(); endpoints.len()];
        Self { rules, stage: 0, recent: VecDeque::new(), recent_max, sum, sum_length: Duration::ZERO }
    }

    /// Looks at a window: where it stands, and what was measured in it by endpoint. Returns why the run is to be ended, if a
    /// promise is broken.
    pub fn look(&mut self, place: WindowPlace, windows: &[Window]) -> Option<String> {
        if self.rules.is_empty() {
            return None;
        }
        self.keep(place, windows);
        let mut judged = self.rules.iter().filter(|rule| place.ends >= rule.after).filter_map(|rule| {
            let span = self.span(rule, place)?;
            let judged = result(&rule.threshold, measure(&rule.threshold.metric, &span));
            (judged.outcome == ThresholdOutcome::Fail).then_some(judged.reason)
        });
        let reason = judged.next()?;
        Some(format!("{reason} after {}, and the configuration says to abort then", units::duration(place.ends)))
    }

    fn keep(&mut self, place: WindowPlace, windows: &[Window]) {
        if self.rules.iter().any(|rule| rule.windows.is_none()) {
            self.sum.iter_mut().zip(windows).for_each(|(sum, window)| sum.add(&Totals::from(window)));
            self.sum_length += place.length;
        }
        if self.recent_max == 0 || place.stage < self.stage {
            return;
        }
        if place.stage > self.stage {
            self.recent.clear();
            self.stage = place.stage;
        }
        if self.recent.len() == self.recent_max {
            self.recent.pop_front();
        }
        self.recent.push_back(Played { length: place.length, endpoints: windows.to_vec() });
    }

    /// What a rule speaks of, when that much has been played; in a stage that is shorter than its span, the whole stage.
    fn span(&self, rule: &Rule, place: WindowPlace) -> Option<Span<'_>> {
        let Some(length) = rule.windows else {
            let sums = rule.scope.iter().map(|&endpoint| &self.sum[endpoint]).collect();
            return Some(Span { sums, seconds: self.sum_length.as_secs_f64(), ..Span::default() });
        };
        // What comes after windows of the next stage is judged at the end of the run.
        if place.stage < self.stage || (self.recent.len() < length && !place.is_last) {
            return None;
        }
        let last = self.recent.iter().skip(self.recent.len().saturating_sub(length));
        let windows = last.clone().flat_map(|played| rule.scope.iter().map(|&endpoint| &played.endpoints[endpoint])).collect();
        let played: Duration = last.map(|played| played.length).sum();
        Some(Span { windows, seconds: played.as_secs_f64(), ..Span::default() })
    }
}

/// The endpoint of that name, else those of the scenario; all without a scope.
fn scope(scope: Option<&str>, endpoints: &[(&str, &str)]) -> Vec<usize> {
    let all = || endpoints.iter().enumerate();
    let Some(scope) = scope else { return (0..endpoints.len()).collect() };
    match all().find(|(_, (name, _))| *name == scope) {
        Some((number, _)) => vec![number],
        None => all().filter(|(_, (_, scenario))| *scenario == scope).map(|(number, _)| number).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::fixture::{self, Request, SECOND_US},
        record::{ErrorClass, RunRecord},
    };

    const ENDPOINTS: [(&str, &str); 2] = [("/a", "browse"), ("/b", "buy")];

    /// A run of measured stages with 10 requests a second to each endpoint; those for which `fails` says so, fail.
    fn run(seconds: &[u64], fails: impl Fn(usize, u64, u64) -> bool) -> RunRecord {
        let mut requests = Vec::new();
        for second in 0..seconds.iter().sum() {
            for n in 0..10 {
                for endpoint in 0..2 {
                    let outcome =
                        if fails(endpoint, second, n) { Err(ErrorClass::Status5xx) } else { Ok(10_000 + second * 1_000) };
                    requests.push(Request { due_us: second * SECOND_US + n * SECOND_US / 10, endpoint, outcome });
                }
            }
        }
        fixture::run(seconds, &["/a", "/b"], &requests)
    }

    /// The second that the run is ended after, and why.
    fn ended(run: &RunRecord, expr: &str, grace: u64) -> Option<(usize, String)> {
        let threshold = Threshold { abort_after: Some(Duration::from_secs(grace)), ..Threshold::parse(expr).unwrap() };
        let mut watch = AbortWatch::new(&[threshold], Duration::from_secs(1), &ENDPOINTS);
        places(run)
            .into_iter()
            .zip(windows(run))
            .enumerate()
            .find_map(|(number, (place, windows))| Some((number + 1, watch.look(place, &windows)?)))
    }

    /// What was measured in each window, by endpoint.
    fn windows(run: &RunRecord) -> Vec<Vec<Window>> {
        let by_endpoint: Vec<Vec<&Window>> = run.endpoints.iter().map(|endpoint| endpoint.windows().collect()).collect();
        (0..by_endpoint[0].len()).map(|number| by_endpoint.iter().map(|windows| windows[number].clone()).collect()).collect()
    }

    /// Where the windows of a run stand whose stages were played as planned.
    fn places(run: &RunRecord) -> Vec<WindowPlace> {
        let (mut places, mut ends) = (Vec::new(), Duration::ZERO);
        for (stage, facts) in run.plan.stages.iter().enumerate() {
            let seconds = facts.duration_us / SECOND_US;
            for second in 0..seconds {
                ends += Duration::from_secs(1);
                places.push(WindowPlace { stage, ends, length: Duration::from_secs(1), is_last: second + 1 == seconds });
            }
        }
        places
    }

    #[test]
    fn a_promise_over_a_span_is_judged_as_soon_as_a_whole_span_breaks_it() {
        // From the 8th second on half of the requests to /a fail: a quarter of all.
        let run = run(&[30], |endpoint, second, n| endpoint == 0 && second >= 7 && n < 5);
        let (second, reason) = ended(&run, "error_rate < 20% over 5s", 0).unwrap();
        assert_eq!(second, 11, "25% in 4 of 5 seconds are 20%, which is not below it");
        assert_eq!(
            reason,
            "error_rate < 20% over 5s is broken: 20% at worst after 11s, and the configuration says to abort then"
        );
        assert_eq!(ended(&run, "error_rate < 30% over 5s", 0), None);
        assert_eq!(ended(&run, "/b.error_rate < 20% over 5s", 0), None);
        assert_eq!(ended(&run, "/a.error_rate < 20% over 5s", 0).unwrap().0, 9, "two of five seconds are 20%");
        assert_eq!(ended(&run, "buy.error_rate < 20% over 5s", 0), None, "a scenario is the sum of its endpoints");
    }

    #[test]
    fn nothing_is_ended_in_the_time_of_grace_and_no_sooner_than_a_span_is_full() {
        let run = run(&[30], |_, _, _| true);
        assert_eq!(ended(&run, "error_rate < 20% over 5s", 0).unwrap().0, 5);
        assert_eq!(ended(&run, "error_rate < 20% over 5s", 15).unwrap().0, 15);
        assert_eq!(ended(&run, "error_rate < 20% over 5s", 31), None);
        assert_eq!(ended(&run, "error_rate < 20%", 0).unwrap().0, 1);
    }

    #[test]
    fn a_span_does_not_reach_into_another_stage_and_is_no_longer_than_its_own() {
        let run = run(&[4, 3, 20], |_, second, _| (3..6).contains(&second));
        assert_eq!(ended(&run, "error_rate < 60% over 3s", 0).unwrap().0, 7, "the second stage: two of three seconds");
        assert_eq!(ended(&run, "error_rate < 60% over 10s", 0).unwrap().0, 7, "it is shorter than the span: all of it counts");
        assert_eq!(ended(&run, "error_rate < 70% over 10s", 0), None);
    }

    #[test]
    fn a_promise_without_a_span_is_judged_on_all_so_far() {
        let run = run(&[30], |_, second, _| second >= 10);
        let (second, _) = ended(&run, "error_rate < 45%", 0).unwrap();
        assert_eq!(second, 19, "9 of 19 seconds");
        assert_eq!(ended(&run, "p95 < 5ms", 0).unwrap().0, 10, "a p95 needs 200 successful requests");
        assert_eq!(ended(&run, "throughput > 10/s", 0), None);
    }

    #[test]
    fn time_is_that_of_the_run_as_it_was_played() {
        // The first stage was to last 10 s and ended after 2.5 s; the next one began at once.
        let run = run(&[10, 10], |_, second, _| second >= 10);
        let (mut places, mut windows) = (places(&run), windows(&run));
        places.drain(3..10);
        windows.drain(3..10);
        (places[2].length, places[2].is_last) = (Duration::from_millis(500), true);
        (2..places.len()).for_each(|n| places[n].ends = Duration::from_millis(2_500) + Duration::from_secs(n as u64 - 2));
        let ended = |expr: &str, grace| {
            let threshold = Threshold { abort_after: Some(Duration::from_secs(grace)), ..Threshold::parse(expr).unwrap() };
            let mut watch = AbortWatch::new(&[threshold], Duration::from_secs(1), &ENDPOINTS);
            places.iter().zip(&windows).find_map(|(place, windows)| watch.look(*place, windows))
        };
        let reason = ended("error_rate < 20% over 2s", 0).unwrap();
        assert!(reason.contains("after 4.5s, "), "two seconds of the second stage: {reason}");
        assert!(
            ended("error_rate < 20% over 2s", 8).unwrap().contains("after 8.5s, "),
            "grace is counted from the start of the run"
        );
        // 20 requests a second, in half a second too: 40 a second.
        let reason = ended("throughput < 30/s over 1s", 0).unwrap();
        assert!(reason.contains("40/s at worst after 2.5s"), "{reason}");
        assert_eq!(ended("throughput < 30/s over 9s", 0), None, "60 requests in all of the first stage's 2.5 s");
        assert!(ended("throughput < 23/s over 9s", 0).unwrap().contains("24/s at worst after 2.5s"));
    }

    #[test]
    fn a_window_that_comes_after_those_of_the_next_stage_counts_to_the_sum_only() {
        let run = run(&[3, 3], |_, second, _| second == 2);
        let look = |expr: &str| {
            let threshold = Threshold { abort_after: Some(Duration::ZERO), ..Threshold::parse(expr).unwrap() };
            let mut watch = AbortWatch::new(&[threshold], Duration::from_secs(1), &ENDPOINTS);
            let (places, windows) = (places(&run), windows(&run));
            let looks = [0, 1, 3, 4, 2, 5].map(|n| watch.look(places[n], &windows[n]).is_some());
            looks.iter().position(|broken| *broken)
        };
        assert_eq!(look("error_rate < 20%"), Some(4), "a fifth of the requests in five windows");
        assert_eq!(look("error_rate < 20% over 1s"), None, "the spans of the next stage are good");
    }
}

//! Promises that end the run when they are broken: judged window by window while the run goes on.

use std::{collections::VecDeque, time::Duration};

use super::{
    ThresholdOutcome,
    span::Span,
    thresholds::{measure, result},
};
use crate::{
    policy::Threshold,
    record::{PlanFacts, Totals, Window},
    units::{self, Micros},
};

/// Looks at each complete window of the measured stages, in order.
#[derive(Debug)]
pub struct AbortWatch {
    rules: Vec<Rule>,
    stages: Vec<StagePlace>,
    window_us: u64,
    /// The last windows of the present stage, each by endpoint; as many as the longest `over` speaks of.
    recent: VecDeque<Vec<Window>>,
    recent_max: usize,
    /// All windows so far, by endpoint, for promises without `over`.
    sum: Vec<Window>,
    sum_us: u64,
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

#[derive(Debug)]
struct StagePlace {
    first: usize,
    windows: usize,
    begins_us: u64,
    length_us: u64,
}

impl AbortWatch {
    /// A watch over a run of this plan. `endpoints` are the names of each endpoint and of its scenario.
    #[must_use]
    pub fn new(thresholds: &[Threshold], plan: &PlanFacts, endpoints: &[(&str, &str)]) -> Self {
        let window_us = plan.window_us.max(1);
        let rule = |threshold: &Threshold| {
            let windows = threshold.over.map(|over| count(Micros::from_duration(over).0.div_ceil(window_us)).max(1));
            let scope = scope(threshold.scope.as_deref(), endpoints);
            Some(Rule { threshold: threshold.clone(), after: threshold.abort_after?, scope, windows })
        };
        let rules: Vec<Rule> = thresholds.iter().filter_map(rule).collect();
        let (mut begins_us, mut first, mut stages) = (0, 0, Vec::new());
        for stage in &plan.stages {
            let length_us = stage.duration_us;
            let windows = if stage.measured { count(length_us.div_ceil(window_us)) } else { 0 };
            stages.push(StagePlace { first, windows, begins_us, length_us });
            (first, begins_us) = (first + windows, begins_us + length_us);
        }
        let recent_max = rules.iter().filter_map(|rule| rule.windows).max().unwrap_or(0);
        let sum = vec![Window::default(); endpoints.len()];
        Self { rules, stages, window_us, recent: VecDeque::new(), recent_max, sum, sum_us: 0 }
    }

    /// Looks at a window: its number from 0, and what was measured in it by endpoint. Returns why the run is to be ended, if a
    /// promise is broken.
    pub fn look(&mut self, number: usize, windows: &[Window]) -> Option<String> {
        if self.rules.is_empty() {
            return None;
        }
        let place = self.stages.iter().rfind(|place| place.windows > 0 && place.first <= number)?;
        let index = number - place.first;
        let until_us = ((index as u64 + 1) * self.window_us).min(place.length_us);
        let moment = Micros(place.begins_us + until_us).to_duration();
        let of_stage = place.windows;
        self.keep(index, until_us - index as u64 * self.window_us, windows);
        let mut judged = self.rules.iter().filter(|rule| moment >= rule.after).filter_map(|rule| {
            let span = self.span(rule, of_stage, until_us)?;
            let judged = result(&rule.threshold, measure(&rule.threshold.metric, &span));
            (judged.outcome == ThresholdOutcome::Fail).then_some(judged.reason)
        });
        let reason = judged.next()?;
        Some(format!("{reason} after {}, and the configuration says to abort then", units::duration(moment)))
    }

    fn keep(&mut self, index: usize, length_us: u64, windows: &[Window]) {
        if self.rules.iter().any(|rule| rule.windows.is_none()) {
            self.sum.iter_mut().zip(windows).for_each(|(sum, window)| *sum = Window::from(&Totals::of([&*sum, window])));
            self.sum_us += length_us;
        }
        if index == 0 {
            self.recent.clear();
        }
        if self.recent_max > 0 {
            if self.recent.len() == self.recent_max {
                self.recent.pop_front();
            }
            self.recent.push_back(windows.to_vec());
        }
    }

    /// What a rule speaks of, when that much has been played; in a stage that is shorter than its span, the whole stage.
    fn span(&self, rule: &Rule, of_stage: usize, until_us: u64) -> Option<Span<'_>> {
        let Some(length) = rule.windows else {
            let windows = rule.scope.iter().map(|&endpoint| &self.sum[endpoint]).collect();
            return Some(Span { windows, seconds: self.sum_us as f64 / 1e6 });
        };
        let length = length.min(of_stage);
        if self.recent.len() < length {
            return None;
        }
        let last = self.recent.iter().skip(self.recent.len() - length);
        let windows = last.flat_map(|windows| rule.scope.iter().map(|&endpoint| &windows[endpoint])).collect();
        // Only the last window of a stage may be a short one.
        let begins_us = until_us.div_ceil(self.window_us).saturating_sub(length as u64) * self.window_us;
        Some(Span { windows, seconds: (until_us - begins_us) as f64 / 1e6 })
    }
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
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
        record::ErrorClass,
    };

    const ENDPOINTS: [(&str, &str); 2] = [("/a", "browse"), ("/b", "buy")];

    /// A run of measured stages with 10 requests a second to each endpoint; those for which `fails` says so, fail.
    fn run(seconds: &[u64], fails: impl Fn(usize, u64, u64) -> bool) -> crate::record::RunRecord {
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
    fn ended(run: &crate::record::RunRecord, expr: &str, grace: u64) -> Option<(usize, String)> {
        let threshold = Threshold { abort_after: Some(Duration::from_secs(grace)), ..Threshold::parse(expr).unwrap() };
        let mut watch = AbortWatch::new(&[threshold], &run.plan, &ENDPOINTS);
        let by_endpoint: Vec<Vec<&Window>> = run.endpoints.iter().map(|endpoint| endpoint.windows().collect()).collect();
        (0..by_endpoint[0].len()).find_map(|number| {
            let windows: Vec<Window> = by_endpoint.iter().map(|windows| windows[number].clone()).collect();
            Some((number + 1, watch.look(number, &windows)?))
        })
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
}

//! Puts the closed windows of all threads together and keeps them encoded.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{ClosedWindow, ShardEnd, StageCounts, Timeline, Unmeasured, failures, slowest};
use crate::{
    plan::Workload,
    record::{EndpointSeries, FailureSample, Late, Latencies, SlowSample, Totals, UnmeasuredFailures, Window},
};

/// Windows of all threads, merged.
#[derive(Debug)]
pub struct Collector {
    timeline: Arc<Timeline>,
    threads: usize,
    /// Windows that not every thread has handed in yet.
    partial: BTreeMap<usize, (usize, Vec<Totals>)>,
    /// Complete windows by number, each with one entry per endpoint.
    complete: BTreeMap<usize, Vec<Window>>,
    /// How late requests of each window were sent, by its number.
    late: BTreeMap<usize, Late>,
}

/// All that was measured.
#[derive(Debug)]
pub struct Measured {
    /// One per endpoint of the plan.
    pub endpoints: Vec<EndpointSeries>,
    /// What became of the arrivals of each stage.
    pub counts: Vec<StageCounts>,
    /// How late requests of measured stages were sent that waited for their time.
    pub late: Latencies,
    /// Sends of measured stages later than 1 ms.
    pub late_over_1ms: u64,
    /// The lateness of each window, those of a stage in a list.
    pub late_by_window: Vec<Vec<Late>>,
    /// How much too late threads woke up for their pulses.
    pub lag: Latencies,
    /// By how much a target's clock is ahead at least, as its messages tell.
    pub clock_ahead: Duration,
    /// The slowest requests.
    pub slowest: Vec<SlowSample>,
    /// Failures in words.
    pub failures: Vec<FailureSample>,
    /// Failures that no window counts.
    pub unmeasured: Vec<UnmeasuredFailures>,
}

impl Collector {
    /// A collector of what `threads` shards hand in.
    #[must_use]
    pub fn new(timeline: Arc<Timeline>, threads: usize) -> Self {
        Self { timeline, threads, partial: BTreeMap::new(), complete: BTreeMap::new(), late: BTreeMap::new() }
    }

    /// Takes one thread's closed window; the last thread's completes it. Windows of a stage are completed in order, but the last
    /// one of a stage may come after those of the next. Returns the number of a window that is complete now, with one entry per
    /// endpoint.
    pub fn take(&mut self, closed: ClosedWindow) -> Option<(usize, &[Window])> {
        self.late.entry(closed.number).or_default().add(&closed.late);
        let (seen, mut totals) = self.partial.remove(&closed.number).unwrap_or_default();
        if totals.is_empty() {
            totals = closed.endpoints;
        } else {
            totals.iter_mut().zip(&closed.endpoints).for_each(|(sum, part)| sum.add(part));
        }
        if seen + 1 == self.threads {
            let windows = totals.iter().map(Window::from).collect();
            Some((closed.number, self.complete.entry(closed.number).or_insert(windows)))
        } else {
            self.partial.insert(closed.number, (seen + 1, totals));
            None
        }
    }

    /// All that was measured in a run that ended at `moment`. Windows that had not begun then stay out.
    #[must_use]
    pub fn finish(mut self, workload: &Workload, ends: &[&ShardEnd], moment: Duration) -> Measured {
        let endpoints = &workload.endpoints;
        let mut series: Vec<EndpointSeries> = endpoints
            .iter()
            .enumerate()
            .map(|(id, endpoint)| EndpointSeries {
                is_setup: workload.is_setup(id),
                is_occasional: workload.is_occasional(id),
                is_beside: workload.is_beside(id),
                is_untimed: workload.is_untimed(id),
                name: endpoint.name.clone(),
                scenario: endpoint.scenario.clone(),
                request: endpoint.request.clone(),
                stages: vec![Vec::new(); self.timeline.len()],
            })
            .collect();
        let mut late_by_window = vec![Vec::new(); self.timeline.len()];
        for number in 0..self.timeline.windows() {
            let stage = self.timeline.stage_of_window(number);
            if number >= self.timeline.stage(stage).first_window + self.timeline.begun(stage, moment) {
                continue;
            }
            let windows = self.complete.remove(&number).unwrap_or_default();
            for (endpoint, window) in series.iter_mut().zip(windows) {
                endpoint.stages[stage].push(window);
            }
            late_by_window[stage].push(self.late.remove(&number).unwrap_or_default());
        }
        for ((number, endpoint), lives) in ends.iter().flat_map(|end| &end.lives) {
            let stage = self.timeline.stage_of_window(*number);
            let place = number - self.timeline.stage(stage).first_window;
            if let Some(window) = series[*endpoint].stages[stage].get_mut(place) {
                window.requests += lives.begun;
                lives.lost.iter().for_each(|(class, count)| *window.errors.entry(*class).or_default() += count);
            }
        }
        let mut counts = vec![StageCounts::default(); self.timeline.len()];
        let (mut late, mut lag) = (Latencies::default(), Latencies::default());
        for end in ends {
            counts.iter_mut().zip(&end.counts).for_each(|(sum, part)| sum.add(part));
            late.add(&end.late);
            lag.add(&end.lag);
        }
        let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
        Measured {
            endpoints: series,
            counts,
            late,
            late_over_1ms: ends.iter().map(|end| end.late_over_1ms).sum(),
            late_by_window,
            lag,
            clock_ahead: ends.iter().map(|end| end.clock_ahead).max().unwrap_or_default(),
            slowest: slowest::named(ends, &names),
            failures: failures::named(ends, &names),
            unmeasured: Unmeasured::sum(ends.iter().map(|end| &end.unmeasured)).named(workload),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Crowd, Load, Stage};

    #[test]
    fn the_lateness_of_all_threads_is_added_up_window_by_window() {
        let stage = |seconds: u64, measured| Stage {
            name: String::new(),
            load: Load::Users(Crowd { from: 1, to: 1 }),
            duration: Duration::from_secs(seconds),
            iterations: None,
            measured,
            step_of: None,
        };
        let timeline = Arc::new(Timeline::new(&[stage(1, false), stage(3, true)], Duration::from_secs(1)));
        let mut collector = Collector::new(timeline, 2);
        let late = |sent, sum_us, max_us| Late { sent, sum_us, max_us, over_1ms: 0 };
        let none = Late::default();
        let closed = [(0, late(2, 60, 40)), (0, late(1, 50, 50)), (1, late(4, 80, 30)), (1, none), (2, none), (2, none)];
        for (number, late) in closed {
            collector.take(ClosedWindow { number, endpoints: Vec::new(), late });
        }
        let measured = collector.finish(&Workload::default(), &[], Duration::from_millis(2_500));
        let expected = [Vec::new(), vec![late(3, 110, 50), late(4, 80, 30)]];
        assert_eq!(measured.late_by_window, expected, "a warm-up has no windows, and the last one had not begun");
    }
}

//! What a run showed, put together from what its threads came home with.

use std::time::Duration;

use super::{lane::Run, run::Ending, worker::WorkerEnd};
use crate::{
    measure::{Collector, Measured, StageCounts, max_rss_bytes},
    plan::Plan,
    record::{BreakerEvent, Encoded, Ended, Generator, Late, Latencies, StageFacts},
    units::Micros,
};

/// Everything a run showed; of two versions, the candidate stands for itself and the baseline apart.
#[derive(Debug)]
pub struct Observed {
    /// How it came to its end.
    pub ended: Ended,
    /// Why it was given up, if it was.
    pub ended_because: Option<String>,
    /// When the first stage began.
    pub started_at: jiff::Timestamp,
    /// Threads that made the load.
    pub threads: usize,
    /// Stages with how far each was played.
    pub stages: Vec<StageFacts>,
    /// How the generator fared.
    pub generator: Generator,
    /// States of the circuit breaker, where it did not stay closed.
    pub breaker: Vec<BreakerEvent>,
    /// What was measured.
    pub measured: Measured,
    /// The baseline, where it was played at the same time.
    pub baseline: Option<ObservedBaseline>,
}

/// What a run showed of the baseline, as of the candidate.
#[derive(Debug)]
pub struct ObservedBaseline {
    /// Stages with how far each was played.
    pub stages: Vec<StageFacts>,
    /// States of the circuit breaker, where it did not stay closed.
    pub breaker: Vec<BreakerEvent>,
    /// What was measured.
    pub measured: Measured,
}

impl Observed {
    /// What was observed of each version as if it were all, the candidate first.
    #[must_use]
    pub fn apart(mut self) -> (Self, Option<Self>) {
        let baseline = self.baseline.take().map(|ObservedBaseline { stages, breaker, measured }| Self {
            stages,
            breaker,
            measured,
            ended: self.ended,
            ended_because: self.ended_because.clone(),
            started_at: self.started_at,
            threads: self.threads,
            generator: self.generator.clone(),
            baseline: None,
        });
        (self, baseline)
    }
}

/// Puts together what threads and collectors hold, of each version. `None` where there is not even a candidate.
pub(super) fn put_together(
    run: &Run,
    collectors: Vec<Collector>,
    ends: &[WorkerEnd],
    started_at: jiff::Timestamp,
    ending: Option<Ending>,
    (breakers, of_machine): (Vec<Vec<BreakerEvent>>, Generator),
) -> Option<Observed> {
    let Run { plan, timeline, .. } = run;
    let stopped_at = ends.iter().map(|end| end.stopped_at).min().unwrap_or_default();
    let to_the_end = stopped_at >= timeline.end();
    // Whatever was found when all was played already is for the verdict to say.
    let ending = ending.filter(|_| !to_the_end);
    let complete = to_the_end || matches!(ending, Some(Ending::Enough(_)));
    let part = |(side, (collector, breaker)): (usize, (Collector, Vec<BreakerEvent>))| {
        let shards: Vec<_> = ends.iter().map(|end| &end.shards[side]).collect();
        let mut measured = collector.finish(&plan.workload, &shards, stopped_at);
        let mut ids = 0..;
        measured.endpoints.retain(|_| ids.next().is_some_and(|id| plan.workload.is_measured(id)));
        ObservedBaseline { stages: stages(run, &measured, stopped_at), breaker, measured }
    };
    let mut parts = collectors.into_iter().zip(breakers).enumerate().map(part);
    let (ObservedBaseline { stages, breaker, measured }, baseline) = (parts.next()?, parts.next());
    let measured_of = baseline.as_ref().map(|part| &part.measured);
    let generator = generator(run, ends, [Some(&measured), measured_of], of_machine);
    let in_words = |(Ending::GivenUp(reason) | Ending::Enough(reason))| reason;
    let ended_because = ending.map(in_words).or_else(|| fed_up(run, plan).filter(|_| to_the_end));
    let ended = match (complete, &ended_because) {
        (true, _) => Ended::Complete,
        (false, Some(_)) => Ended::Aborted,
        (false, None) => Ended::Interrupted,
    };
    let threads = ends.len();
    Some(Observed { ended, ended_because, started_at, threads, stages, generator, breaker, measured, baseline })
}

/// The stages of one version, with how far each was played.
fn stages(run: &Run, measured: &Measured, stopped_at: Duration) -> Vec<StageFacts> {
    let facts = run.plan.stage_facts().into_iter().enumerate();
    let played = facts.map(|(number, facts)| {
        let place = run.timeline.stage(number);
        let StageCounts { offered, started, held_back, withheld, withheld_by_breaker } = measured.counts[number];
        StageFacts {
            began_us: Micros::from_duration(place.begins).0,
            played_us: Micros::from_duration(stopped_at.min(place.ends).saturating_sub(place.begins)).0,
            offered,
            started,
            held_back,
            withheld,
            withheld_by_breaker,
            ..facts
        }
    });
    played.collect()
}

/// How the generator fared, in whose strain the versions share.
fn generator(run: &Run, ends: &[WorkerEnd], parts: [Option<&Measured>; 2], of_machine: Generator) -> Generator {
    let wall = run.moment().as_secs_f64();
    let cpu: Option<Duration> = ends.iter().map(|end| end.cpu).sum();
    let (mut late, mut lag, mut late_over_1ms) = (Latencies::default(), Latencies::default(), 0);
    for measured in parts.into_iter().flatten() {
        late.add(&measured.late);
        lag.add(&measured.lag);
        late_over_1ms += measured.late_over_1ms;
    }
    let ahead = parts.into_iter().flatten().map(|measured| measured.clock_ahead).max().filter(|ahead| !ahead.is_zero());
    Generator {
        late: Encoded::from(&late),
        late_over_1ms,
        late_by_window: late_by_window(parts),
        cpu_share: cpu.map(|cpu| cpu.as_secs_f64() / (wall * ends.len() as f64)),
        max_rss_bytes: max_rss_bytes(),
        sched_lag_p99_us: lag.quantile(0.99),
        sched_lag_max_us: lag.max(),
        clock_ahead_us: ahead.map(|ahead| Micros::from_duration(ahead).0),
        ..of_machine
    }
}

/// How late the requests of all versions were sent: one generator has sent them, in the same windows.
fn late_by_window(parts: [Option<&Measured>; 2]) -> Vec<Vec<Late>> {
    let mut parts = parts.into_iter().flatten().map(|measured| &measured.late_by_window);
    let mut all = parts.next().cloned().unwrap_or_default();
    for part in parts {
        all.iter_mut().flatten().zip(part.iter().flatten()).for_each(|(sum, late)| sum.add(late));
    }
    all
}

/// Why a run was over before its time, where feeders that end have ended it.
fn fed_up(run: &Run, plan: &Plan) -> Option<String> {
    let feeder = run.feeds.ended(&plan.workload).filter(|_| run.timeline.end() < plan.duration())?;
    Some(format!("it ended early, as the feeder '{}' has no rows left", feeder.name))
}

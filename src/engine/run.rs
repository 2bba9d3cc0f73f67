//! The run as a whole: threads are started together, their windows collected, their ends put together.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
};

use super::{
    Stop,
    cast::Run,
    conductor::{Conductor, Progress},
    worker::{WorkerEnd, work},
};
use crate::{
    clock::{self, Duration},
    measure::{ClosedWindow, Collector, Live, LiveShard, Measured, PULSE, Shard, max_rss_bytes},
    plan::{Plan, Share},
    protocol::Driver,
    record::{BreakerEvent, Encoded, Ended, Generator, StageFacts, Window, WindowPlace},
    units::Micros,
};

/// Rate that a thread takes without becoming the bottleneck; plans with less use fewer threads and so fewer connections.
const RATE_PER_THREAD: f64 = 1_000.0;
/// Users that a thread serves without becoming the bottleneck, as far as that can be known beforehand.
const USERS_PER_THREAD: f64 = 16.0;
/// Time between the making of the threads and the first arrival.
const HEAD_START: Duration = Duration::from_millis(20);
/// Pulses after which the observer is told of progress.
const PROGRESS_PULSES: u32 = 2;

/// Everything a run showed.
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
}

/// Why a run could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The system refuses what the engine needs.
    #[error("the load generator could not work: {0}")]
    System(#[from] io::Error),
    /// A thread ended by a bug of ours.
    #[error("a generator thread ended unexpectedly; please report this")]
    Lost,
}

/// Plays a plan with one driver per thread, made by `driver`, and tells `observer` of its progress.
///
/// # Errors
/// The system refuses threads or timers. Failed requests are no error.
pub fn run<D>(
    plan: &Plan,
    driver: impl Fn(Share) -> D,
    stop: &Stop,
    observer: impl FnMut(Progress<'_>),
) -> Result<Observed, EngineError>
where
    D: Driver + Send + 'static,
    D::Request: 'static,
{
    run_watched(plan, driver, stop, observer, |_, _| None)
}

/// The same, and shows each complete window of the measured stages to `watch`: where it stands, and what was measured in it by
/// endpoint. Those of a stage come in order; the last one of a stage may come after those of the next. When `watch` returns a
/// reason, the run is given up for it.
///
/// # Errors
/// As [`run`].
pub fn run_watched<D>(
    plan: &Plan,
    driver: impl Fn(Share) -> D,
    stop: &Stop,
    observer: impl FnMut(Progress<'_>),
    watch: impl FnMut(WindowPlace, &[Window]) -> Option<String>,
) -> Result<Observed, EngineError>
where
    D: Driver + Send + 'static,
    D::Request: 'static,
{
    let threads = threads_for(plan);
    let live = Live((0..threads).map(|_| Arc::new(LiveShard::default())).collect());
    let (started_at, epoch) = (clock::wall(), clock::now() + HEAD_START);
    // A wish to stop of its own, so that giving up does not look like a wish from outside.
    let run = Arc::new(Run::new(plan.clone(), live.clone(), Stop::default(), epoch));
    // Handing a window over never blocks a thread; there can be no more in the queue than windows that have passed.
    let (sink, source) = mpsc::channel();
    let mut handles = Vec::with_capacity(threads);
    for thread in 0..threads {
        let share = Share { thread, threads };
        let shard =
            Shard::new(Arc::clone(&run.timeline), plan.workload.endpoints.len(), sink.clone(), Arc::clone(&live.0[thread]));
        let (of_thread, driver) = (Arc::clone(&run), driver(share));
        let spawned = thread::Builder::new().name(format!("load-{thread}")).spawn(move || work(of_thread, share, driver, shard));
        handles.push(spawned.inspect_err(|_| {
            run.stop.ask();
            run.stop.ask();
        })?);
    }
    drop(sink);
    let mut collector = Collector::new(Arc::clone(&run.timeline), threads);
    let mut conductor = Conductor::new(&run);
    let gave_up = conduct(&run, &source, &mut collector, &mut conductor, (stop, observer, watch));
    let ends = join(handles)?;
    let conducted = conductor.end(run.moment());
    Ok(put_together(&run, collector, &ends, started_at, gave_up, conducted))
}

/// Takes windows and steers until every thread has closed its last window. Returns why the run was given up, if it was.
fn conduct(
    run: &Run,
    source: &Receiver<ClosedWindow>,
    collector: &mut Collector,
    conductor: &mut Conductor<'_>,
    (stop, mut observer, mut watch): (&Stop, impl FnMut(Progress<'_>), impl FnMut(WindowPlace, &[Window]) -> Option<String>),
) -> Option<String> {
    let (mut due, mut pulses, mut gave_up) = (clock::now() + PULSE, 0_u32, None);
    loop {
        let mut found = None;
        match source.recv_timeout(due.saturating_duration_since(clock::now())) {
            // Windows that a run never came to, because it or their stage ended before its time, are empty: they say nothing.
            Ok(closed) => {
                let complete = collector.take(closed).filter(|_| !run.stop.is_asked());
                found = complete.and_then(|(number, windows)| watch(run.timeline.window_place(number)?, windows));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return gave_up,
        }
        let now = clock::now();
        if now >= due {
            due = now + PULSE;
            pulses += 1;
            run.stop.follow(stop);
            found = found.or(conductor.tick(run.moment()));
            if pulses.is_multiple_of(PROGRESS_PULSES) {
                observer(conductor.progress(run.moment()));
            }
        }
        if let Some(reason) = found.filter(|_| gave_up.is_none()) {
            gave_up = Some(reason);
            run.stop.ask();
        }
    }
}

/// A thread per core, but no more than the load has work for, nor than there may be connections.
fn threads_for(plan: &Plan) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let work = (plan.peak_rate() / RATE_PER_THREAD).ceil() + (f64::from(plan.peak_users()) / USERS_PER_THREAD).ceil();
    let connections = plan.http.connections.threads_max(plan.targets.len()).unwrap_or(cores);
    (work as usize).clamp(1, cores).min(connections).max(1)
}

fn join(handles: Vec<JoinHandle<io::Result<WorkerEnd>>>) -> Result<Vec<WorkerEnd>, EngineError> {
    let ends: Vec<_> = handles.into_iter().map(JoinHandle::join).collect();
    ends.into_iter().map(|end| end.map_err(|_| EngineError::Lost)?.map_err(EngineError::System)).collect()
}

fn put_together(
    run: &Run,
    collector: Collector,
    ends: &[WorkerEnd],
    started_at: jiff::Timestamp,
    gave_up: Option<String>,
    (breaker, of_machine): (Vec<BreakerEvent>, Generator),
) -> Observed {
    let Run { plan, timeline, .. } = run;
    let stopped_at = ends.iter().map(|end| end.stopped_at).min().unwrap_or_default();
    let complete = stopped_at >= timeline.end();
    let shards: Vec<_> = ends.iter().map(|end| &end.shard).collect();
    let mut measured = collector.finish(&plan.workload.endpoints, &shards, stopped_at);
    let mut ids = 0..;
    measured.endpoints.retain(|_| ids.next().is_some_and(|id| plan.workload.is_measured(id)));
    let stages = plan.stages.iter().enumerate().map(|(number, stage)| (number, stage, timeline.stage(number))).map(
        |(number, stage, place)| StageFacts {
            began_us: Micros::from_duration(place.begins).0,
            played_us: Micros::from_duration(stopped_at.min(place.ends).saturating_sub(place.begins)).0,
            offered: measured.offered[number],
            started: measured.started[number],
            held_back: measured.held_back[number],
            withheld: measured.withheld[number],
            withheld_by_breaker: measured.withheld_by_breaker[number],
            ..stage.facts()
        },
    );
    let wall = run.moment().as_secs_f64();
    let cpu: Option<Duration> = ends.iter().map(|end| end.cpu).sum();
    let generator = Generator {
        late: Encoded::from(&measured.late),
        late_over_1ms: measured.late_over_1ms,
        cpu_share: cpu.map(|cpu| cpu.as_secs_f64() / (wall * ends.len() as f64)),
        max_rss_bytes: max_rss_bytes(),
        sched_lag_p99_us: measured.lag.quantile(0.99),
        sched_lag_max_us: measured.lag.max(),
        ..of_machine
    };
    // Whatever was found when all was played already is for the verdict to say.
    let ended_because = gave_up.filter(|_| !complete).or_else(|| fed_up(run, plan).filter(|_| complete));
    let ended = match (complete, &ended_because) {
        (true, _) => Ended::Complete,
        (false, Some(_)) => Ended::Aborted,
        (false, None) => Ended::Interrupted,
    };
    Observed { ended, ended_because, started_at, threads: ends.len(), stages: stages.collect(), generator, breaker, measured }
}

/// Why a run was over before its time, where feeders that end have ended it.
fn fed_up(run: &Run, plan: &Plan) -> Option<String> {
    let feeder = run.feeds.ended(&plan.workload).filter(|_| run.timeline.end() < plan.duration())?;
    Some(format!("it ended early, as the feeder '{}' has no rows left", feeder.name))
}

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
    worker::{WorkerEnd, work},
};
use crate::{
    clock::{self, Duration, Instant},
    measure::{ClosedWindow, Collector, Live, LiveShard, Measured, Shard, Timeline, max_rss_bytes},
    plan::{Plan, Share},
    protocol::Driver,
    record::{Encoded, Ended, Generator, StageFacts},
    units::Micros,
};

/// Rate that a thread takes without becoming the bottleneck; plans with less use fewer threads and so fewer connections.
const RATE_PER_THREAD: f64 = 1_000.0;
/// Users that a thread serves without becoming the bottleneck, as far as that can be known beforehand.
const USERS_PER_THREAD: f64 = 16.0;
/// Time between the making of the threads and the first arrival.
const HEAD_START: Duration = Duration::from_millis(20);
/// How often the observer is told of progress.
const PROGRESS_STEP: Duration = Duration::from_millis(200);

/// Everything a run showed.
#[derive(Debug)]
pub struct Observed {
    /// How it came to its end.
    pub ended: Ended,
    /// When the first stage began.
    pub started_at: jiff::Timestamp,
    /// Threads that made the load.
    pub threads: usize,
    /// Stages with how far each was played.
    pub stages: Vec<StageFacts>,
    /// How the generator fared.
    pub generator: Generator,
    /// What was measured.
    pub measured: Measured,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Time since the first stage began.
    pub moment: Duration,
    /// Counters of all threads.
    pub live: &'a Live,
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
    mut observer: impl FnMut(Progress<'_>),
) -> Result<Observed, EngineError>
where
    D: Driver + Send + 'static,
    D::Request: 'static,
{
    let threads = threads_for(plan);
    let live = Live((0..threads).map(|_| Arc::new(LiveShard::default())).collect());
    let (started_at, epoch) = (clock::wall(), clock::now() + HEAD_START);
    let run = Arc::new(Run::new(plan.clone(), live.clone(), stop.clone(), epoch));
    // Room for every window of every thread: handing one over never blocks, and the queue is bounded.
    let (sink, source) = mpsc::sync_channel(run.timeline.windows() * threads + 1);
    let mut handles = Vec::with_capacity(threads);
    for thread in 0..threads {
        let share = Share { thread, threads };
        let shard =
            Shard::new(Arc::clone(&run.timeline), plan.workload.endpoints.len(), sink.clone(), Arc::clone(&live.0[thread]));
        let (run, driver) = (Arc::clone(&run), driver(share));
        let spawned = thread::Builder::new().name(format!("load-{thread}")).spawn(move || work(run, share, driver, shard));
        handles.push(spawned.inspect_err(|_| {
            stop.ask();
            stop.ask();
        })?);
    }
    drop(sink);
    let mut collector = Collector::new(Arc::clone(&run.timeline), threads);
    collect(&source, &mut collector, || {
        observer(Progress { moment: clock::now().saturating_duration_since(epoch), live: &live });
    });
    let ends = join(handles)?;
    Ok(put_together(plan, &run.timeline, collector, &ends, (started_at, epoch)))
}

/// A thread per core, but no more than the load has work for, nor than there may be connections.
fn threads_for(plan: &Plan) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let work = (plan.peak_rate() / RATE_PER_THREAD).ceil() + (f64::from(plan.peak_users()) / USERS_PER_THREAD).ceil();
    let connections = plan.http.connections.threads_max(plan.targets.len()).unwrap_or(cores);
    (work as usize).clamp(1, cores).min(connections).max(1)
}

/// Takes windows until every thread has closed its last one.
fn collect(source: &Receiver<ClosedWindow>, collector: &mut Collector, mut tell: impl FnMut()) {
    let mut told = clock::now();
    loop {
        match source.recv_timeout(PROGRESS_STEP) {
            Ok(window) => collector.take(window),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = clock::now();
        if now.saturating_duration_since(told) >= PROGRESS_STEP {
            told = now;
            tell();
        }
    }
}

fn join(handles: Vec<JoinHandle<io::Result<WorkerEnd>>>) -> Result<Vec<WorkerEnd>, EngineError> {
    let ends: Vec<_> = handles.into_iter().map(JoinHandle::join).collect();
    ends.into_iter().map(|end| end.map_err(|_| EngineError::Lost)?.map_err(EngineError::System)).collect()
}

fn put_together(
    plan: &Plan,
    timeline: &Timeline,
    collector: Collector,
    ends: &[WorkerEnd],
    (started_at, epoch): (jiff::Timestamp, Instant),
) -> Observed {
    let stopped_at = ends.iter().map(|end| end.stopped_at).min().unwrap_or_default();
    let complete = stopped_at >= timeline.end();
    let shards: Vec<_> = ends.iter().map(|end| &end.shard).collect();
    let measured = collector.finish(&plan.workload.endpoints, &shards, stopped_at);
    let stages = plan.stages.iter().enumerate().map(|(number, stage)| (number, stage, timeline.stage(number))).map(
        |(number, stage, place)| StageFacts {
            began_us: Micros::from_duration(place.begins).0,
            played_us: Micros::from_duration(stopped_at.min(place.ends).saturating_sub(place.begins)).0,
            offered: measured.offered[number],
            started: measured.started[number],
            held_back: measured.held_back[number],
            ..stage.facts()
        },
    );
    let wall = clock::now().saturating_duration_since(epoch).as_secs_f64();
    let cpu: Option<Duration> = ends.iter().map(|end| end.cpu).sum();
    let generator = Generator {
        late: Encoded::from(&measured.late),
        late_over_1ms: measured.late_over_1ms,
        cpu_share: cpu.map(|cpu| cpu.as_secs_f64() / (wall * ends.len() as f64)),
        max_rss_bytes: max_rss_bytes(),
    };
    let ended = if complete { Ended::Complete } else { Ended::Interrupted };
    Observed { ended, started_at, threads: ends.len(), stages: stages.collect(), generator, measured }
}

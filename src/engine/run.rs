//! The run as a whole: threads are started together, their windows collected, their ends put together.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
};

use super::{
    Stop,
    conductor::{Conductor, Progress},
    lane::Run,
    observed::{Observed, put_together},
    worker::{WorkerEnd, work},
};
use crate::{
    clock::{self, Duration},
    measure::{ClosedWindow, Collector, Live, LiveShard, PULSE, Shard},
    plan::{Plan, Share, SocketScenario},
    protocol::{Driver, system_error_in_words},
    record::{Side, Window, WindowPlace},
};

/// Rate that a thread takes without becoming the bottleneck; plans with less use fewer threads and so fewer connections.
const RATE_PER_THREAD: f64 = 1_000.0;
/// Users that a thread serves without becoming the bottleneck, as far as that can be known beforehand.
const USERS_PER_THREAD: f64 = 16.0;
/// WebSocket connections, which are idle most of the time.
const SOCKETS_PER_THREAD: f64 = 500.0;
/// Time between the making of the threads and the first arrival.
const HEAD_START: Duration = Duration::from_millis(20);
/// Pulses after which the observer is told of progress.
const PROGRESS_PULSES: u32 = 2;

/// Why a run could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The system refuses what the engine needs.
    #[error("the load generator could not work: {}", system_error_in_words(.0))]
    System(#[from] io::Error),
    /// A thread ended by a bug of ours.
    #[error("a generator thread ended unexpectedly; please report this")]
    Lost,
}

/// Plays a plan with one driver per thread, made by `driver`, and tells `observer` of its progress. The observer must not wait for
/// anything: it is called by who steers the load and looks whether the run is to end.
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
    run_watched(plan, driver, stop, observer, |_, _, _| None)
}

/// Why a run is ended before its time, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is given up: what was measured is no measurement.
    GivenUp(String),
    /// No more needs to be known: what was measured counts.
    Enough(String),
}

/// The same, and shows each complete window of the measured stages to `watch`: of which version it is, where it stands, and what was
/// measured in it by endpoint. Those of a version and stage come in order; the last one of a stage may come after those of the next, and
/// the versions need not be equally far. When `watch` returns an ending, nothing more is sent.
///
/// # Errors
/// As [`run`].
pub fn run_watched<D>(
    plan: &Plan,
    driver: impl Fn(Share) -> D,
    stop: &Stop,
    observer: impl FnMut(Progress<'_>),
    watch: impl FnMut(Side, WindowPlace, &[Window]) -> Option<Ending>,
) -> Result<Observed, EngineError>
where
    D: Driver + Send + 'static,
    D::Request: 'static,
{
    let threads = threads_for(plan);
    let shards = || Live((0..threads).map(|_| Arc::new(LiveShard::default())).collect());
    let live: Vec<Live> = plan.sides().iter().map(|_| shards()).collect();
    let (started_at, epoch) = (clock::wall(), clock::now() + HEAD_START);
    // A wish to stop of its own, so that giving up does not look like a wish from outside.
    let run = Arc::new(Run::new(plan.clone(), live.clone(), Stop::default(), epoch));
    // Handing a window over never blocks a thread; there can be no more in the queue than windows that have passed.
    let (sinks, sources): (Vec<_>, Vec<_>) = plan.sides().iter().map(|_| mpsc::channel()).unzip();
    let mut handles = Vec::with_capacity(threads);
    for thread in 0..threads {
        let share = Share { thread, threads };
        let shard = |(sink, live): (&Sender<ClosedWindow>, &Live)| {
            Shard::new(Arc::clone(&run.timeline), plan.workload.endpoints.len(), sink.clone(), Arc::clone(&live.0[thread]))
        };
        let shards = sinks.iter().zip(&live).map(shard).collect();
        let (of_thread, driver) = (Arc::clone(&run), driver(share));
        let spawned =
            thread::Builder::new().name(format!("load-{thread}")).spawn(move || work(&of_thread, share, driver, shards));
        handles.push(spawned.inspect_err(|_| {
            run.stop.ask();
            run.stop.ask();
        })?);
    }
    drop(sinks);
    let collector = |source| (source, Collector::new(Arc::clone(&run.timeline), threads));
    let mut collectors: Vec<_> = sources.into_iter().map(collector).collect();
    let mut conductor = Conductor::new(&run);
    let ended = conduct(&run, &mut collectors, &mut conductor, (stop, observer, watch));
    let ends = join(handles)?;
    let conducted = conductor.end(run.moment());
    let collectors = collectors.into_iter().map(|(_, collector)| collector).collect();
    put_together(&run, collectors, &ends, started_at, ended, conducted).ok_or(EngineError::Lost)
}

/// Takes windows and steers until every thread has closed its last window. Returns why the run was ended before its time, if it was.
fn conduct(
    run: &Run,
    collectors: &mut [(Receiver<ClosedWindow>, Collector)],
    conductor: &mut Conductor<'_>,
    (stop, mut observer, mut watch): (
        &Stop,
        impl FnMut(Progress<'_>),
        impl FnMut(Side, WindowPlace, &[Window]) -> Option<Ending>,
    ),
) -> Option<Ending> {
    // The candidate's windows are waited for; those of a baseline are taken with the pulses.
    let ((source, collector), beside) = collectors.split_first_mut()?;
    let (mut due, mut pulses, mut ended) = (clock::now() + PULSE, 0_u32, None);
    loop {
        let mut found = None;
        match source.recv_timeout(due.saturating_duration_since(clock::now())) {
            Ok(closed) => found = take(run, Side::Candidate, collector, closed, &mut watch),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let now = clock::now();
        if now >= due {
            due = now + PULSE;
            pulses += 1;
            run.stop.follow(stop);
            for (source, collector) in beside.iter_mut() {
                for closed in source.try_iter() {
                    found = found.or(take(run, Side::Baseline, collector, closed, &mut watch));
                }
            }
            found = found.or(conductor.tick(run.moment()).map(Ending::GivenUp));
            if pulses.is_multiple_of(PROGRESS_PULSES) {
                observer(conductor.progress(run.moment()));
            }
        }
        if let Some(ending) = found.filter(|_| ended.is_none()) {
            ended = Some(ending);
            run.stop.ask();
        }
    }
    for (source, collector) in beside {
        source.iter().for_each(|closed| {
            collector.take(closed);
        });
    }
    ended
}

/// Takes a window and shows it when it is complete. Windows that a run never came to, because it or their stage ended before its time,
/// are empty: they say nothing.
fn take(
    run: &Run,
    side: Side,
    collector: &mut Collector,
    closed: ClosedWindow,
    watch: &mut impl FnMut(Side, WindowPlace, &[Window]) -> Option<Ending>,
) -> Option<Ending> {
    let (number, windows) = collector.take(closed).filter(|_| !run.stop.is_asked())?;
    watch(side, run.timeline.window_place(number)?, windows)
}

/// A thread per core, but no more than the load has work for, nor than there may be connections, nor arrivals in flight: of each
/// thread and version there may be one at least.
fn threads_for(plan: &Plan) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let sockets = f64::from(plan.peak_sockets());
    let messages: f64 = plan.workload.sockets.iter().map(peak_message_rate).sum();
    let work = (plan.peak_rate() / RATE_PER_THREAD).ceil()
        + (f64::from(plan.peak_users()) / USERS_PER_THREAD).ceil()
        + (sockets / SOCKETS_PER_THREAD).ceil().max((messages / RATE_PER_THREAD).ceil());
    let connections = plan.http.connections.threads_max(plan.targets.len()).unwrap_or(cores);
    let in_flight = if plan.peak_rate() > 0.0 { plan.limits.max_in_flight / plan.sides().len() } else { cores };
    (work as usize).clamp(1, cores).min(connections).min(in_flight).max(1)
}

/// Rounds of steps that all connections of a scenario play in a second.
fn peak_message_rate(scenario: &SocketScenario) -> f64 {
    scenario.rate.map_or(0.0, |rate| rate.0 * f64::from(scenario.connections.peak()))
}

fn join(handles: Vec<JoinHandle<io::Result<WorkerEnd>>>) -> Result<Vec<WorkerEnd>, EngineError> {
    let ends: Vec<_> = handles.into_iter().map(JoinHandle::join).collect();
    ends.into_iter().map(|end| end.map_err(|_| EngineError::Lost)?.map_err(EngineError::System)).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_gets_no_timer_for_want_of_files_names_the_limit_and_the_remedy() {
        let error = EngineError::from(io::Error::from(rustix::io::Errno::MFILE)).to_string();
        assert!(
            error.starts_with("the load generator could not work: no file descriptor left: this process may open "),
            "{error}"
        );
        assert!(error.contains("ulimit -n"), "{error}");
    }
}

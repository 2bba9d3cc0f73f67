//! The machine the load is made on, and what the generator uses of it.

use std::{num::NonZeroUsize, thread::available_parallelism, time::Duration};

use crate::record::Environment;

/// The machine, except for its runner class, which only the caller's CI knows.
#[must_use]
pub fn environment(runner_class: String) -> Environment {
    Environment {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpu_model: cpu_model().unwrap_or_else(|| "unknown".to_owned()),
        cores: u32::try_from(available_parallelism().map_or(1, NonZeroUsize::get)).unwrap_or(u32::MAX),
        memory_bytes: memory_bytes().unwrap_or(0),
        runner_class,
    }
}

fn cpu_model() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name") || line.starts_with("Model"))?;
    Some(line.split_once(':')?.1.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Largest resident memory the process has had, where the system tells.
#[must_use]
pub fn max_rss_bytes() -> Option<u64> {
    kilobytes("/proc/self/status", "VmHWM:")
}

/// Resident memory of the process now.
pub(super) fn rss_bytes() -> Option<u64> {
    kilobytes("/proc/self/status", "VmRSS:")
}

/// Physical memory of the machine.
pub(super) fn memory_bytes() -> Option<u64> {
    kilobytes("/proc/meminfo", "MemTotal:")
}

/// The system's number of the calling thread; 0 where it tells no more by it.
#[cfg(target_os = "linux")]
pub(super) fn thread_id() -> u64 {
    u64::try_from(rustix::thread::gettid().as_raw_nonzero().get()).unwrap_or(0)
}

/// The system's number of the calling thread; 0 where it tells no more by it.
#[cfg(not(target_os = "linux"))]
pub(super) fn thread_id() -> u64 {
    0
}

/// A `Name:   123 kB` line of a file in /proc, in bytes.
fn kilobytes(path: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kb| kb * 1024)
}

/// Lets the process open as many files as the system allows it: every connection is one, and the usual soft limit of 1,024
/// is soon reached.
#[cfg(unix)]
pub fn raise_open_files_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // A refusal leaves the limit as it was; connections beyond it fail and are counted.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// There is no such limit here.
#[cfg(not(unix))]
pub fn raise_open_files_limit() {}

/// Processor time used by the calling thread.
#[derive(Clone, Copy, Debug)]
pub struct CpuClock(Option<Duration>);

impl CpuClock {
    /// Starts counting, where the system can.
    #[must_use]
    pub fn start() -> Self {
        Self(thread_cpu_time())
    }

    /// Processor time since the start, on the same thread.
    #[must_use]
    pub fn used(self) -> Option<Duration> {
        Some(thread_cpu_time()?.saturating_sub(self.0?))
    }
}

#[cfg(unix)]
pub(super) fn thread_cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(not(unix))]
pub(super) fn thread_cpu_time() -> Option<Duration> {
    None
}

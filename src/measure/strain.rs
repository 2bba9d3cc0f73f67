//! How hard the machine makes it for the generator: processor, memory, and what others take of them.

use std::{collections::HashMap, fs, path::Path, time::Duration};

use super::{Live, machine};

/// How the generator fared over a time. What the system does not tell is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strain {
    /// Share of the time in which the busiest generator thread was on a processor or waited for one.
    pub busy: Option<f64>,
    /// Share of it in which it waited.
    pub waiting: Option<f64>,
    /// Resident memory over the memory of the machine, or over that of the control group where that is less.
    pub memory: Option<f64>,
    /// How long the control group was kept from running because its quota was used up.
    pub throttled: Option<Duration>,
    /// Share of the processors' time that the hypervisor gave to others.
    pub stolen: Option<f64>,
}

impl Strain {
    /// Keeps what was worse in another time; times of standstill add up.
    pub fn worsen(&mut self, other: &Self) {
        let larger = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::max);
        self.waiting = if other.busy > self.busy { other.waiting } else { self.waiting };
        self.busy = larger(self.busy, other.busy);
        self.memory = larger(self.memory, other.memory);
        self.stolen = larger(self.stolen, other.stolen);
        self.throttled = self.throttled.into_iter().chain(other.throttled).reduce(|a, b| a + b);
    }
}

/// Looks at the machine from time to time.
#[derive(Debug)]
pub struct StrainProbe {
    before: Readings,
}

/// Counters of the system, all ever growing.
#[derive(Debug, Default)]
struct Readings {
    /// Time on a processor and time waiting for one, by generator thread.
    threads: Vec<Option<(Duration, Duration)>>,
    throttled: Option<Duration>,
    /// Ticks stolen, and all ticks.
    ticks: Option<(u64, u64)>,
}

impl StrainProbe {
    /// Begins to look at these threads.
    #[must_use]
    pub fn new(live: &Live) -> Self {
        Self { before: Readings::now(live) }
    }

    /// What happened since the last look, `elapsed` ago.
    pub fn look(&mut self, live: &Live, elapsed: Duration) -> Strain {
        let now = Readings::now(live);
        let strain = now.since(&self.before, elapsed);
        self.before = now;
        Strain { memory: memory_share(), ..strain }
    }
}

impl Readings {
    fn now(live: &Live) -> Self {
        Self {
            threads: live.0.iter().map(|thread| thread_time(thread.thread_id.get(), thread.cpu_ns.get())).collect(),
            throttled: throttled(),
            ticks: fs::read_to_string("/proc/stat").ok().and_then(|text| ticks(&text)),
        }
    }

    fn since(&self, before: &Self, elapsed: Duration) -> Strain {
        let seconds = elapsed.as_secs_f64();
        let shares = self.threads.iter().zip(&before.threads).filter_map(|(now, before)| {
            // A thread that was not there yet had used nothing.
            let ((ran, waited), (ran_before, waited_before)) = ((*now)?, before.unwrap_or_default());
            let (ran, waited) = (ran.saturating_sub(ran_before), waited.saturating_sub(waited_before));
            Some(((ran + waited).as_secs_f64() / seconds, waited.as_secs_f64() / seconds))
        });
        let busiest = shares.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|_| seconds > 0.0);
        let stolen = self.ticks.zip(before.ticks).and_then(|(now, before)| {
            let all = now.1.saturating_sub(before.1);
            (all > 0).then(|| now.0.saturating_sub(before.0) as f64 / all as f64)
        });
        Strain {
            busy: busiest.map(|shares| shares.0),
            waiting: busiest.map(|shares| shares.1),
            memory: None,
            throttled: self.throttled.zip(before.throttled).map(|(now, before)| now.saturating_sub(before)),
            stolen,
        }
    }
}

/// Time a thread was on a processor and time it waited for one. Without the system's own figures, what the thread says.
fn thread_time(id: u64, cpu_ns: u64) -> Option<(Duration, Duration)> {
    let schedstat = || fs::read_to_string(format!("/proc/self/task/{id}/schedstat")).ok();
    let of_system = if id > 0 { schedstat().and_then(|text| run_and_wait(&text)) } else { None };
    of_system.or((cpu_ns > 0).then_some((Duration::from_nanos(cpu_ns), Duration::ZERO)))
}

/// `/proc/PID/task/TID/schedstat`: nanoseconds on a processor, nanoseconds waiting for one, slices.
fn run_and_wait(text: &str) -> Option<(Duration, Duration)> {
    let mut words = text.split_whitespace().map(str::parse::<u64>);
    Some((Duration::from_nanos(words.next()?.ok()?), Duration::from_nanos(words.next()?.ok()?)))
}

/// First line of `/proc/stat`: ticks of user, nice, system, idle, iowait, irq, softirq, steal; what follows is part of user.
fn ticks(text: &str) -> Option<(u64, u64)> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|word| word.parse().ok()).collect();
    (ticks.len() == 8).then(|| (ticks[7], ticks.iter().sum()))
}

/// Time the control group stood still for want of quota.
fn throttled() -> Option<Duration> {
    let stat = group_files("cpu", "cpu.stat").into_iter().next()?;
    throttled_time(&stat)
}

/// `throttled_usec` in version 2, `throttled_time` in nanoseconds in version 1.
fn throttled_time(stat: &str) -> Option<Duration> {
    let figures: HashMap<&str, u64> = stat
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(name, n)| Some((name, n.trim().parse().ok()?)))
        .collect();
    let of_version_2 = figures.get("throttled_usec").map(|us| Duration::from_micros(*us));
    of_version_2.or_else(|| figures.get("throttled_time").map(|ns| Duration::from_nanos(*ns)))
}

/// Resident memory over what there is.
fn memory_share() -> Option<f64> {
    let limits = group_files("memory", "memory.max").into_iter().chain(group_files("memory", "memory.limit_in_bytes"));
    // "max" and other words are no limit.
    let limit = limits.filter_map(|text| text.trim().parse::<u64>().ok()).chain(machine::memory_bytes()).min()?;
    Some(machine::rss_bytes()? as f64 / limit.max(1) as f64)
}

/// A file of our control group and of all groups above it, innermost first, in either version.
fn group_files(controller: &str, file: &str) -> Vec<String> {
    let Ok(groups) = fs::read_to_string("/proc/self/cgroup") else { return Vec::new() };
    let mut found = Vec::new();
    for (root, group) in group_folders(&groups, controller) {
        let mut folder = Path::new(&root).join(group.trim_start_matches('/'));
        loop {
            found.extend(fs::read_to_string(folder.join(file)));
            if folder == Path::new(&root) || !folder.pop() {
                break;
            }
        }
    }
    found
}

/// Lines of `/proc/self/cgroup` are `0::/group` in version 2 and `4:cpu,cpuacct:/group` in version 1.
fn group_folders(groups: &str, controller: &str) -> Vec<(String, String)> {
    let folder = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next()?, parts.next()?);
        let root = if controllers.is_empty() {
            "/sys/fs/cgroup".to_owned()
        } else if controllers.split(',').any(|name| name == controller) {
            format!("/sys/fs/cgroup/{controller}")
        } else {
            return None;
        };
        Some((root, group.to_owned()))
    };
    groups.lines().filter_map(folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_thread_counts_with_the_time_it_waited() {
        let second = Duration::from_secs(1);
        let before = Readings { threads: vec![Some((second, second)), Some((second, second)), None], ..Readings::default() };
        let now = Readings {
            threads: vec![Some((second * 3, second)), Some((second * 2, second * 5)), Some((second, second))],
            ..Readings::default()
        };
        let strain = now.since(&before, second * 10);
        assert_eq!((strain.busy, strain.waiting), (Some(0.5), Some(0.4)));
    }

    #[test]
    fn files_of_the_system_are_read() {
        assert_eq!(run_and_wait("1500 200 3\n"), Some((Duration::from_nanos(1500), Duration::from_nanos(200))));
        assert_eq!(ticks("cpu  10 0 5 80 1 0 1 3 9 9\ncpu0 1"), Some((3, 100)));
        assert_eq!(throttled_time("nr_periods 9\nnr_throttled 2\nthrottled_usec 1500\n"), Some(Duration::from_micros(1500)));
        assert_eq!(throttled_time("nr_throttled 2\nthrottled_time 1500\n"), Some(Duration::from_nanos(1500)));
        assert_eq!((run_and_wait(""), ticks("intr 5"), throttled_time("usage_usec 5\n")), (None, None, None));
    }

    #[test]
    fn control_groups_of_both_versions_are_found() {
        let pair = |root: &str, group: &str| (root.to_owned(), group.to_owned());
        assert_eq!(group_folders("0::/a/b\n", "cpu"), [pair("/sys/fs/cgroup", "/a/b")]);
        let first = "5:cpu,cpuacct:/ci\n4:memory:/ci/job\n1:name=systemd:/\n";
        assert_eq!(group_folders(first, "cpu"), [pair("/sys/fs/cgroup/cpu", "/ci")]);
        assert_eq!(group_folders(first, "memory"), [pair("/sys/fs/cgroup/memory", "/ci/job")]);
    }
}

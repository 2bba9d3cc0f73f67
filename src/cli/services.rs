//! The services of one replicate: started, watched while they are under load, stopped.

use std::{
    fs,
    path::PathBuf,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{
    Failure,
    logs::{self, LINES, Logs},
    terminal,
};
use crate::{
    clock::Duration,
    engine::Stop,
    env,
    plan::{Plan, Replicate, ShellCommand, Target},
    record::{LastWords, Side},
    service::{self, End, Ports, Service, ServiceError, Stopped},
};

/// Time between two looks at services under load.
const LOOK: Duration = Duration::from_millis(50);
/// Most bytes of a file that is taken for a script.
const SCRIPT_BYTES_MAX: u64 = 256 << 10;
/// Most characters of a command that are repeated.
const COMMAND_CHARS_MAX: usize = 60;
/// Lines of a service's output that are kept with the record.
const LINES_KEPT: usize = 10;

/// Services that were started, and the plan that is aimed at them.
pub(super) struct Started {
    pub(super) plan: Plan,
    services: Vec<Service>,
    /// Which version each of them is.
    sides: Vec<Side>,
}

/// A version that could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the {side}'s service was not started: {error}")]
pub(super) struct NotStarted {
    side: Side,
    pub(super) error: ServiceError,
}

/// A service that ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Death {
    service: usize,
    end: End,
}

/// Starts the services of a plan that has any, in an order of chance: what the first one does to the machine before the second one
/// is there must not always fall on the same version.
///
/// # Errors
/// The system refuses to start one, or its port is taken.
pub(super) fn start(plan: &Plan, replicate: Replicate, ports: &mut Ports, logs: &Logs) -> Result<Started, NotStarted> {
    let mut versions = vec![(Side::Candidate, plan.target().clone())];
    versions.extend(plan.baseline.map(|place| (Side::Baseline, plan.targets[place].clone())));
    let (mut services, mut sides) = (Vec::new(), Vec::new());
    for place in order(plan.seed, versions.len()) {
        let (side, target) = &mut versions[place];
        match start_one(*side, target, replicate, ports, logs) {
            Ok(service) => {
                sides.extend(service.iter().map(|_| *side));
                services.extend(service);
            }
            Err(error) => {
                service::stop(&mut services, service::PATIENCE, || false);
                return Err(NotStarted { side: *side, error });
            }
        }
    }
    let mut aimed = versions.into_iter().map(|(_, target)| target);
    let candidate = aimed.next().unwrap_or_else(|| plan.target().clone());
    Ok(Started { plan: plan.aimed_at(candidate, aimed.next()), services, sides })
}

/// What whoever configures a command should know that says nothing of the port it has to listen on: it would be waited for in vain.
pub(super) fn port_notes(plan: &Plan) -> Vec<String> {
    let versions = plan.sides().iter().map(|side| (*side, &plan.targets[plan.target_of(*side)]));
    let deaf = versions.filter_map(|(side, target)| {
        let command = target.start.as_ref().filter(|command| target.port == 0 && !mentions_port(command))?;
        let shown: String = command.text.trim().lines().next().unwrap_or_default().chars().take(COMMAND_CHARS_MAX).collect();
        Some(format!(
            "the command that starts the {side} says nothing of $PORT, the port loadgate has chosen for it: if `{shown}` takes its \
             port as an option, write it with `--port $PORT`, or whatever the option is called; if it reads the variable PORT by \
             itself, `PORT=$PORT {shown}` says so"
        ))
    });
    deaf.collect()
}

/// Whether a command, or the script that it is, speaks of the port.
fn mentions_port(command: &ShellCommand) -> bool {
    if command.text.contains(env::PORT) {
        return true;
    }
    let scripts = command.text.split_whitespace().map(|word| command.folder.join(word.trim_matches(['"', '\''])));
    let small = |path: &PathBuf| path.metadata().is_ok_and(|file| file.is_file() && file.len() <= SCRIPT_BYTES_MAX);
    scripts.filter(small).any(|path| fs::read(path).is_ok_and(|text| String::from_utf8_lossy(&text).contains(env::PORT)))
}

/// The places of so many versions in the order they are started in; the same for equal seeds.
fn order(seed: u64, versions: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..versions).collect();
    if StdRng::seed_from_u64(seed).random::<bool>() {
        places.reverse();
    }
    places
}

/// Starts one version, if it is ours to start, at a port that its target is given.
fn start_one(
    side: Side,
    target: &mut Target,
    replicate: Replicate,
    ports: &mut Ports,
    logs: &Logs,
) -> Result<Option<Service>, ServiceError> {
    let Some(command) = target.start.clone() else { return Ok(None) };
    if target.port == 0 {
        target.port = ports.free()?;
    } else if service::is_taken(&target.host, target.port) {
        return Err(ServiceError::PortTaken { port: target.port });
    }
    let keep = logs.keep(&format!("{side}-{}", replicate.number_of_all()));
    Service::start(side.name(), &command, &[(env::PORT, target.port.to_string())], keep).map(Some)
}

impl Started {
    /// Does something while the services run. When one of them ends, `play` is asked to stop, at once.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn while_running<T>(&mut self, stop: &Stop, play: impl FnOnce(&Stop) -> T) -> Result<(T, Option<Death>), Failure> {
        if self.services.is_empty() {
            return Ok((play(stop), None));
        }
        let own = Stop::default();
        let (over, is_over) = mpsc::channel::<()>();
        let services = self.services.as_mut_slice();
        thread::scope(|scope| {
            let of_watcher = own.clone();
            let watcher = thread::Builder::new()
                .name("services".to_owned())
                .spawn_scoped(scope, move || watch(services, stop, &of_watcher, &is_over))
                .map_err(Failure::invalid)?;
            // Dropped also where `play` panics: the watcher must not be waited for then.
            let over = over;
            let played = play(&own);
            drop(over);
            Ok((played, watcher.join().ok().flatten()))
        })
    }

    /// What became of the replicate in which a service died, in a sentence, and what it said last, which is told.
    pub(super) fn obituary(&self, death: Death, while_loaded: bool) -> (String, Vec<LastWords>) {
        let (side, lines) = (self.sides[death.service], self.tell_one(death.service));
        if let Some(hint) = death.end.hint_of_service() {
            terminal::err(&format!("hint: {hint}"));
        }
        let moment = if while_loaded { "during the load" } else { "before it was ready" };
        let last = lines.last().map_or_else(|| "it said nothing".to_owned(), |line| format!("it said last: {line}"));
        let reason = format!("the {side}'s service did not stay up {moment}: {}; {last}", death.end);
        (reason, vec![self.last_words(death.service, &lines)])
    }

    /// Tells the last lines of the version that was not ready; where that is none of ours, of all. What is ours and not ready is
    /// kept.
    pub(super) fn tell(&self, unready: Option<Side>) -> Vec<LastWords> {
        let all = 0..self.services.len();
        match all.clone().find(|service| Some(self.sides[*service]) == unready) {
            Some(service) => vec![self.last_words(service, &self.tell_one(service))],
            None => {
                all.for_each(|service| _ = self.tell_one(service));
                Vec::new()
            }
        }
    }

    /// Tells the last lines of a service, and returns them.
    fn tell_one(&self, service: usize) -> Vec<String> {
        let (side, service) = (self.sides[service], &self.services[service]);
        let lines = service.last_lines(LINES);
        logs::tell(&format!("the {side}'s service"), &lines, service.log());
        lines
    }

    fn last_words(&self, service: usize, lines: &[String]) -> LastWords {
        let lines = lines[lines.len().saturating_sub(LINES_KEPT)..].to_vec();
        LastWords { side: self.sides[service], log: self.services[service].log().display().to_string(), lines }
    }

    /// Stops all of them; one that does not end when it is asked to is killed, at once after a second wish to stop.
    pub(super) fn stop(&mut self, stop: &Stop) {
        let stopped = service::stop(&mut self.services, service::PATIENCE, || stop.is_urgent());
        let names: Vec<&str> = self.services.iter().filter(|service| service.was_killed()).map(Service::name).collect();
        let names = names.join(" and ");
        match stopped {
            Stopped::Asked => {}
            Stopped::Killed => {
                terminal::err(&format!("note: the service of {names} did not end when it was asked to, and was killed"));
            }
            Stopped::Left => terminal::err(&format!("warning: processes of the service of {names} can't be ended")),
        }
    }
}

/// Looks at the services until all is over, and wishes in `own` what `stop` wishes. Returns which service died, if one did.
fn watch(services: &mut [Service], stop: &Stop, own: &Stop, is_over: &Receiver<()>) -> Option<Death> {
    loop {
        let is_over = !matches!(is_over.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout));
        own.follow(stop);
        // Looked at once more when all is over: who died in the last moment has spoilt the load as well.
        let died = services.iter_mut().enumerate().find_map(|(service, running)| Some(Death { service, end: running.end()? }));
        if died.is_some() {
            // Twice: nobody is there whose answers could be waited for.
            own.ask();
            own.ask();
        }
        if is_over || died.is_some() {
            return died;
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;
    use crate::{
        config::{self, Overrides},
        plan,
    };

    const CONFIG: &str = "\
target: { start: 'echo candidate $PORT >> told; exec sleep 600', baseline_start: 'echo baseline $PORT >> told; exec sleep 600' }
stages: [ { rate: 10/s, duration: 60s } ]
scenarios: [ GET / ]
";

    /// Both versions of this configuration, started.
    fn started(folder: &Path, config: &str, ports: &mut Ports) -> Result<Started, NotStarted> {
        fs::write(folder.join("loadgate.yml"), config).unwrap();
        let loaded = config::load(&folder.join("loadgate.yml"), &Overrides::default()).unwrap();
        let resolved = plan::resolve(&loaded).unwrap();
        let logs = Logs::of(folder, &resolved.secrets);
        logs.prepare().unwrap();
        start(&resolved.plan, Replicate::ONLY, ports, &logs)
    }

    #[test]
    fn both_versions_are_started_each_at_a_port_of_its_own_that_the_plan_is_aimed_at() {
        let (folder, mut ports, stop) = (tempfile::tempdir().unwrap(), Ports::default(), Stop::default());
        let mut seen = BTreeSet::new();
        for times in 1..=2 {
            let mut started = started(folder.path(), CONFIG, &mut ports).unwrap();
            let told = || fs::read_to_string(folder.path().join("told")).unwrap_or_default();
            while told().lines().count() < 2 * times {}
            for target in &started.plan.targets {
                let name = if target.name == "baseline" { "baseline" } else { "candidate" };
                assert!(told().contains(&format!("{name} {}\n", target.port)), "{}", told());
                assert!(seen.insert(target.port), "{} was given before", target.port);
            }
            started.stop(&stop);
            assert!(started.services.iter_mut().all(|service| service.end().is_some()));
        }
        assert!(["candidate-1.log", "baseline-1.log"].iter().all(|log| folder.path().join("logs").join(log).exists()));
    }

    #[test]
    fn a_command_that_says_nothing_of_its_port_is_told_what_to_write() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("reads"), "#!/bin/sh\nexec server --listen :$PORT\n").unwrap();
        fs::write(folder.path().join("deaf"), "#!/bin/sh\nexec server\n").unwrap();
        let notes = |target: &str| {
            let config = format!("target: {target}\nstages: [ {{ rate: 10/s, duration: 60s }} ]\nscenarios: [ GET / ]\n");
            fs::write(folder.path().join("loadgate.yml"), config).unwrap();
            let loaded = config::load(&folder.path().join("loadgate.yml"), &Overrides::default()).unwrap();
            port_notes(&plan::resolve(&loaded).unwrap().plan)
        };
        for fine in [
            "{ start: 'server --port $PORT' }",
            "{ start: 'PORT=$PORT server' }",
            "{ start: ./reads }",
            "{ start: 'sh reads' }",
            "{ start: server, base_url: 'http://127.0.0.1:8080' }",
            "http://127.0.0.1:8080",
        ] {
            assert_eq!(notes(fine), [""; 0], "{fine}");
        }
        let told = notes("{ start: './deaf --fast', baseline_start: 'server --port $PORT' }");
        assert_eq!(
            told,
            [
                "the command that starts the candidate says nothing of $PORT, the port loadgate has chosen for it: if `./deaf --fast` \
              takes its port as an option, write it with `--port $PORT`, or whatever the option is called; if it reads the \
              variable PORT by itself, `PORT=$PORT ./deaf --fast` says so"
            ]
        );
        assert_eq!(notes("{ start: ./deaf, baseline_start: ./deaf }").len(), 2);
    }

    #[test]
    fn the_version_that_is_started_first_is_a_matter_of_chance_and_of_the_seed() {
        let firsts: Vec<usize> = (0..100).map(|seed| order(seed, 2)[0]).collect();
        let candidates = firsts.iter().filter(|first| **first == 0).count();
        assert!((30..=70).contains(&candidates), "{candidates} of 100");
        assert_eq!(order(7, 2), order(7, 2));
        assert_eq!((0..10).map(|seed| order(seed, 1)).collect::<BTreeSet<_>>().len(), 1);
    }

    #[test]
    fn the_death_of_either_version_is_a_wish_to_stop_and_is_told() {
        let (folder, mut ports) = (tempfile::tempdir().unwrap(), Ports::default());
        let dying = CONFIG.replace("echo baseline $PORT >> told; exec sleep 600", "seq 40; echo no coffee; exit 5");
        let mut started = started(folder.path(), &dying, &mut ports).unwrap();
        let stop = Stop::default();
        let waits = |own: &Stop| while !own.is_urgent() {};
        let ((), death) = started.while_running(&stop, waits).unwrap();
        started.stop(&stop);
        let (reason, last_words) = started.obituary(death.unwrap(), true);
        let log = folder.path().join("logs/baseline-1.log").display().to_string();
        let said = (32..=40).map(|n| n.to_string()).chain(["no coffee".to_owned()]).collect();
        assert_eq!(last_words, [LastWords { side: Side::Baseline, log, lines: said }]);
        assert_eq!(
            reason,
            "the baseline's service did not stay up during the load: it ended by itself (exit code 5); it said last: no coffee"
        );
        assert!(!stop.is_asked(), "nobody wished it from outside");
    }

    #[test]
    fn a_version_whose_port_is_taken_keeps_the_other_from_living_on() {
        let (folder, mut ports) = (tempfile::tempdir().unwrap(), Ports::default());
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("target: {{ base_url: 'http://{}',", taken.local_addr().unwrap());
        let config = CONFIG.replace("target: {", &address).replace("echo baseline", "echo $$$$ >> children; echo baseline");
        let refused = started(folder.path(), &config, &mut ports);
        let refused = refused.map(|_| ()).unwrap_err();
        assert!(matches!(refused.error, ServiceError::PortTaken { .. }));
        assert!(refused.to_string().starts_with("the candidate's service was not started: port "), "{refused}");
        // Where the other one was started first it has noted itself, and is gone.
        let children = fs::read_to_string(folder.path().join("children")).unwrap_or_default();
        assert!(children.lines().all(|child| {
            rustix::process::test_kill_process(child.trim().parse().ok().and_then(rustix::process::Pid::from_raw).unwrap())
                .is_err()
        }));
    }
}

//! What was written -> what it means. Every problem is collected with its place; a plan comes out only when there is none.

mod body;
mod broadcast;
mod checks;
mod commands;
mod control;
mod feeders;
mod github;
mod hash;
mod hosts;
mod http;
mod limits;
mod names;
mod observe;
mod only;
mod own_reports;
mod problems;
mod regression;
mod replicates;
mod request;
mod request_rate;
mod retries;
mod scenarios;
mod settings;
mod shortness;
mod stage;
mod stages;
mod step;
mod steps;
mod target;
mod templates;
mod thresholds;
mod tls;
mod versions;
mod websocket;
mod websocket_steps;

use std::{path::PathBuf, time::Duration};

pub use github::{GithubSettings, is_key};
pub use own_reports::{Fills, OwnReport, REPORT_FILES};
use problems::Problems;
pub use settings::{BaselineSettings, BaselineStore, ReportFormat, ReportSettings};

use super::{Hooks, Plan, Replication};
use crate::{
    config::{ConfigError, Loaded, Path, Secrets},
    policy::{Mode, Policy},
    units::Micros,
};

/// Everything a configuration stands for.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// What is to be done.
    pub plan: Plan,
    /// How the run is cut into parts with fresh processes.
    pub replication: Replication,
    /// What is to be done around the run.
    pub hooks: Hooks,
    /// The rules the run is judged by.
    pub policy: Policy,
    /// Where earlier records live.
    pub baseline: BaselineSettings,
    /// What is written after the run.
    pub report: ReportSettings,
    /// What is posted to the pull request.
    pub github: GithubSettings,
    /// Files in which other programs note what happens while load is made.
    pub events: Vec<PathBuf>,
    /// What keeps load from going where it must not; the plan already keeps to it.
    pub safety: SafetySettings,
    /// The configuration file, as the user named it.
    pub config: PathBuf,
    /// SHA-256 of the configuration file as written.
    pub config_sha256: String,
    /// What must never be shown.
    pub secrets: Secrets,
    /// What a user should know and need not change.
    pub notes: Vec<String>,
    /// How the run was asked for, beside the configuration file.
    pub asked: Asked,
}

/// How a run was asked for, so that it can be said how to make it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Flags that change the configuration, each word by itself as it was typed; may hold secrets.
    pub flags: Vec<String>,
    /// Commands that must run meanwhile, as a shell reads them.
    pub beside: Vec<String>,
}

/// The limits of `safety:`, for showing them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SafetySettings {
    /// Hosts load may go to; `None` when any host may be named.
    pub allow_hosts: Option<Vec<String>>,
    /// Hosts load must never go to.
    pub deny_hosts: Vec<String>,
    /// Highest rate of any stage, in arrivals per second.
    pub max_rate: Option<f64>,
    /// Longest run.
    pub max_duration: Option<Duration>,
}

/// Makes the plan and the rules out of a configuration.
///
/// # Errors
/// All values that mean nothing or contradict each other, each with its place.
pub fn resolve(loaded: &Loaded) -> Result<Resolved, ConfigError> {
    let problems = Problems::new(loaded);
    check_version(loaded, &problems);
    let suite = names::suite(loaded, &problems);
    let safety = limits::safety(loaded, &problems);
    let mode = versions::mode(loaded, &problems);
    let targets = target::resolve(loaded, &safety, &problems);
    let own = targets.as_ref().and_then(|targets| targets.first());
    let baseline = versions::baseline(loaded, own, &safety, &problems);
    let window = limits::window(loaded, &problems);
    let limits = limits::limits(loaded, &problems);
    versions::check_limits(limits.max_in_flight, mode, &problems);
    let mut http = http::resolve(loaded, &problems);
    http.traces = observe::traces(loaded, &problems);
    let mut control = control::resolve(loaded, &problems);
    let mut stages = stages::resolve(loaded, &safety, mode, &mut control, &problems);
    control::check_use(loaded, &stages, &problems);
    let validity = control::validity(loaded, &problems);
    let seed = loaded.document.load.seed.unwrap_or(SEED);
    let feeders = feeders::resolve(loaded, seed, &problems);
    let workload = scenarios::resolve(loaded, &feeders, &problems);
    if let Some(workload) = &workload {
        websocket::check(&workload.sockets, loaded, mode, &problems);
        if stages.is_empty() && workload.scenarios.is_empty() {
            stages = websocket::stages(&workload.sockets, &safety, &problems);
        }
    }
    let thresholds = thresholds::resolve(loaded, workload.as_ref(), window, &problems);
    let regression = regression::resolve(loaded, mode, workload.as_ref(), window, &problems);
    let baseline = baseline.filter(|_| mode == Mode::Ab);
    let hooks = commands::hooks(loaded, &problems);
    let versions: Vec<&super::Target> = own.into_iter().chain(&baseline).collect();
    let replication = replicates::resolve(loaded, mode, (&versions, &hooks), (&stages, &safety), &problems);
    settings::secrets(loaded, &problems);
    let store = settings::baseline(loaded, &problems);
    let report = settings::report(loaded, &problems);
    let github = github::resolve(loaded, &suite, &problems);
    if let (true, Some(workload), Some(targets)) = (http.traces, &workload, &targets) {
        observe::check_headers(workload, targets, &problems);
    }
    let events = settings::events(loaded, &problems);
    let found = problems.into_all();
    let (Some(mut targets), Some(mut workload), true) = (targets, workload, found.is_empty()) else {
        return Err(loaded.error(found));
    };
    workload.hash = hash::sent_to(&workload, &targets, &http, &loaded.secrets);
    workload.hash = hash::steered(&workload, &control);
    let mut notes = versions::notes(loaded, &targets[0], baseline.as_ref(), mode);
    // What is sent is the same to both versions: the hash above is that of either.
    let place = targets.len();
    targets.extend(baseline);
    let baseline = (targets.len() > place).then_some(place);
    notes.extend(self::notes(&targets, &safety));
    notes.extend(shortness::note(&stages, regression.block, replication));
    notes.extend(cold_note(&targets, &hooks, &stages));
    notes.extend(request_rate::note(&stages, &workload, &control, &safety));
    let config_sha256 = loaded.sha256.clone();
    Ok(Resolved {
        plan: Plan { suite, targets, baseline, stages, workload, http, control, limits, window, seed },
        replication,
        hooks,
        policy: Policy { thresholds, regression, validity },
        baseline: store,
        report,
        github,
        events,
        safety,
        config: loaded.path.clone(),
        config_sha256,
        secrets: loaded.secrets.clone(),
        notes,
        asked: Asked::default(),
    })
}

/// Seed where none is given. Fixed, so that two runs of a configuration send the same sequence of requests.
const SEED: u64 = 42;

impl Resolved {
    /// Blocks (`regression.block`) that the measured stages of a run are compared in.
    #[must_use]
    pub fn measured_blocks(&self) -> usize {
        blocks(&self.plan.stages, self.policy.regression.block)
    }
}

fn blocks(stages: &[super::Stage], block: Duration) -> usize {
    let measured = stages.iter().filter(|stage| stage.measured);
    measured.map(|stage| stage.facts().blocks(Micros::from_duration(block).0)).sum()
}

/// What a user should know who has a process started for every run: the first requests of one tell little of the others.
fn cold_note(targets: &[super::Target], hooks: &Hooks, stages: &[super::Stage]) -> Option<String> {
    let is_fresh = hooks.restart.is_some() || targets.iter().any(|target| target.start.is_some());
    let is_cold = is_fresh && stages.first().is_some_and(|stage| stage.measured);
    is_cold.then(|| {
        "the first stage is measured, and the processes are fresh: begin with a stage that has `warmup: true`, such as \
         { rate: 50/s, duration: 8s, warmup: true }"
            .to_owned()
    })
}

fn check_version(loaded: &Loaded, problems: &Problems<'_>) {
    if let Some(version) = loaded.document.version.filter(|version| *version != 1) {
        let message = format!("version {version} of the configuration language is not known");
        problems.add(&Path::root().key("version"), message, "this loadgate reads version 1");
    }
}

fn notes(targets: &[super::Target], safety: &SafetySettings) -> Vec<String> {
    let mut notes: Vec<String> = targets.iter().filter_map(super::Target::caution).collect();
    let mut foreign: Vec<&str> = targets.iter().map(|target| target.host.as_str()).collect();
    foreign.retain(|host| !hosts::is_loopback(host));
    foreign.dedup();
    if safety.allow_hosts.is_none() && !foreign.is_empty() {
        notes.push(format!(
            "load goes to {}; list the hosts it may go to under `safety.allow_hosts` to be safe from a wrong address",
            foreign.join(", ")
        ));
    }
    notes
}

#[cfg(test)]
mod tests;

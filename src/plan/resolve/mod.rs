//! What was written -> what it means. Every problem is collected with its place; a plan comes out only when there is none.

mod body;
mod broadcast;
mod checks;
mod commands;
mod control;
mod draft;
mod expect;
mod feeders;
mod github;
mod hash;
mod hosts;
mod http;
mod late_replies;
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
mod websocket_parts;
mod websocket_steps;

use std::{path::PathBuf, time::Duration};

use draft::Draft;
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
    let draft = Draft::read(loaded, &safety, mode, &problems);
    let workload = draft.workload.as_ref();
    let thresholds = thresholds::resolve(loaded, workload, draft.window, &problems);
    let regression = regression::resolve(loaded, mode, workload, draft.window, &problems);
    let policy = Policy { thresholds, regression, validity: draft.validity.clone() };
    let baseline = baseline.filter(|_| mode == Mode::Ab);
    let hooks = commands::hooks(loaded, &problems);
    let versions: Vec<&super::Target> = own.into_iter().chain(&baseline).collect();
    let replication = replicates::resolve(loaded, mode, (&versions, &hooks), (&draft.stages, &safety), &problems);
    if let Some(workload) = workload {
        websocket_parts::check(&workload.sockets, (&draft.stages, replication, versions.len()), loaded, &problems);
    }
    settings::secrets(loaded, &problems);
    let store = settings::baseline(loaded, &problems);
    let report = settings::report(loaded, &problems);
    let github = github::resolve(loaded, &suite, &problems);
    if let (true, Some(workload), Some(targets)) = (draft.http.traces, workload, &targets) {
        observe::check_headers(workload, targets, &problems);
    }
    let events = settings::events(loaded, &problems);
    let found = problems.into_all();
    let targets = targets.filter(|_| found.is_empty());
    let Some(plan) = targets.and_then(|targets| draft.complete(suite, targets, baseline, &loaded.secrets)) else {
        return Err(loaded.error(found));
    };
    let mut resolved = Resolved {
        plan,
        replication,
        hooks,
        policy,
        baseline: store,
        report,
        github,
        events,
        safety,
        config: loaded.path.clone(),
        config_sha256: loaded.sha256.clone(),
        secrets: loaded.secrets.clone(),
        notes: Vec::new(),
        asked: Asked::default(),
    };
    resolved.notes = notes(loaded, &resolved, mode);
    Ok(resolved)
}

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
    let is_of_connections = stages.iter().all(|stage| matches!(stage.load, super::Load::Connections(_)));
    let warm_up = if is_of_connections {
        "write a `warmup` in `connections`, such as { warmup: 10s, ramp: 50, hold: 60s }"
    } else {
        "begin with a stage that has `warmup: true`, such as { rate: 50/s, duration: 8s, warmup: true }"
    };
    is_cold.then(|| format!("the first stage is measured, and the processes are fresh: {warm_up}"))
}

fn check_version(loaded: &Loaded, problems: &Problems<'_>) {
    if let Some(version) = loaded.document.version.filter(|version| *version != 1) {
        let message = format!("version {version} of the configuration language is not known");
        problems.add(&Path::root().key("version"), message, "this loadgate reads version 1");
    }
}

/// What a user should know of a plan and need not change.
fn notes(loaded: &Loaded, resolved: &Resolved, mode: Mode) -> Vec<String> {
    let Resolved { plan, replication, hooks, policy, safety, .. } = resolved;
    let Plan { targets, stages, .. } = plan;
    let baseline = plan.baseline.map(|place| &targets[place]);
    let mut notes = versions::notes(loaded, &targets[0], baseline, mode);
    notes.extend(notes_on_targets(targets, safety));
    let versions = if baseline.is_some() { 2 } else { 1 };
    notes.extend(late_replies::notes(&plan.workload, &policy.thresholds));
    notes.extend(websocket_parts::notes(&plan.workload.sockets, stages, *replication, versions));
    notes.extend(shortness::note(stages, policy.regression.block, *replication));
    notes.extend(cold_note(targets, hooks, stages));
    notes.extend(request_rate::note(stages, &plan.workload, &plan.control, safety));
    notes
}

fn notes_on_targets(targets: &[super::Target], safety: &SafetySettings) -> Vec<String> {
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

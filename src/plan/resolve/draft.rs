//! The plan while it is read: what is sent and how, as far as it is known. That all of it is right shows when the rest of the
//! configuration was read too.

use std::time::Duration;

use super::{Problems, SafetySettings, control, feeders, hash, http, limits, observe, scenarios, stages, versions, websocket};
use crate::{
    config::{Loaded, Secrets},
    plan::{Control, HttpSettings, Limits, Plan, Stage, Target, Workload},
    policy::{Mode, Validity},
};

/// Seed where none is given. Fixed, so that two runs of a configuration send the same sequence of requests.
const SEED: u64 = 42;

/// A plan without its targets.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) window: Duration,
    pub(super) http: HttpSettings,
    pub(super) stages: Vec<Stage>,
    /// What the generator must keep to for the run to count, some of which is written where load is steered.
    pub(super) validity: Validity,
    /// `None` where what is asked for can't be read.
    pub(super) workload: Option<Workload>,
    limits: Limits,
    control: Control,
    seed: u64,
}

impl Draft {
    /// Reads all of it. For a wrong value, which is noted, another stands in.
    pub(super) fn read(loaded: &Loaded, safety: &SafetySettings, mode: Mode, problems: &Problems<'_>) -> Self {
        let window = limits::window(loaded, problems);
        let limits = limits::limits(loaded, problems);
        versions::check_limits(limits.max_in_flight, mode, problems);
        let mut http = http::resolve(loaded, problems);
        http.traces = observe::traces(loaded, problems);
        let mut control = control::resolve(loaded, problems);
        let mut stages = stages::resolve(loaded, safety, mode, &mut control, problems);
        control::check_use(loaded, &stages, problems);
        let validity = control::validity(loaded, problems);
        let seed = loaded.document.load.seed.unwrap_or(SEED);
        let feeders = feeders::resolve(loaded, seed, problems);
        let mut workload = scenarios::resolve(loaded, &feeders, problems);
        if let Some(workload) = &mut workload {
            websocket::check(&workload.sockets, loaded, mode, problems);
            websocket::settle_warmup(&mut workload.sockets);
            if stages.is_empty() && workload.scenarios.is_empty() {
                stages = websocket::stages(&workload.sockets, safety, problems);
            }
        }
        Self { window, http, stages, validity, workload, limits, control, seed }
    }

    /// The plan that sends it to these targets, and to the baseline beside them where there is one.
    pub(super) fn complete(
        self,
        suite: String,
        mut targets: Vec<Target>,
        baseline: Option<Target>,
        secrets: &Secrets,
    ) -> Option<Plan> {
        let Self { window, http, stages, workload, limits, control, seed, .. } = self;
        let mut workload = workload?;
        workload.hash = hash::sent_to(&workload, &targets, &http, secrets);
        workload.hash = hash::steered(&workload, &control);
        // What is sent is the same to both versions: the hash above is that of either.
        let place = targets.len();
        targets.extend(baseline);
        let baseline = (targets.len() > place).then_some(place);
        Some(Plan { suite, targets, baseline, stages, workload, http, control, limits, window, seed })
    }
}

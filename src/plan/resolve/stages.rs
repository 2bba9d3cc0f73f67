//! `stages` -> what is played, in order.

use std::{collections::HashSet, time::Duration};

use super::{Problems, SafetySettings, stage, versions, websocket};
use crate::{
    config::{Loaded, Path, stages as written},
    plan::{Control, Load, Stage},
    policy::Mode,
    units::{self, PerSecond},
};

const EXAMPLE: &str = "for example stages: [ { rate: 100/s, duration: 60s } ]";

/// The stages of a comparison in this mode, and what they mean for how load is steered.
pub(super) fn resolve(
    loaded: &Loaded,
    safety: &SafetySettings,
    mode: Mode,
    control: &mut Control,
    problems: &Problems<'_>,
) -> Vec<Stage> {
    let root = Path::root();
    let (short, long) = (root.key("stages"), root.key("load").key("stages"));
    let (stages, at) = match (&loaded.document.stages, &loaded.document.load.stages) {
        (Some(_), Some(_)) => {
            let hint = "keep one of the two; both mean the same";
            problems.add_at_key(&long, "stages stand both at the top and under `load`", hint);
            return Vec::new();
        }
        (Some(stages), None) => (stages, short),
        (None, Some(stages)) => (stages, long),
        // Connections say themselves how many they are and how long they stay.
        (None, None) if websocket::is_all(loaded) => return Vec::new(),
        (None, None) => {
            problems.missing("stages", format!("say how much load there is, {EXAMPLE}"));
            return Vec::new();
        }
    };
    if stages.is_empty() {
        problems.add(&at, "there is no stage", format!("write at least one, {EXAMPLE}"));
        return Vec::new();
    }
    if websocket::is_all(loaded) {
        let hint = "remove the stages: `connections:` says how many there are and how long they stay";
        problems.add_at_key(&at, "there is no scenario that makes requests, so stages have nothing to play", hint);
    }
    let mut resolved: Vec<Resolved> = Vec::new();
    let mut is_complete = true;
    for (n, written) in stages.iter().enumerate() {
        match stage::resolve(written, n, &at.index(n), problems) {
            Some(stages) => resolved.extend(stages.into_iter().map(|stage| (n, stage))),
            None => is_complete = false,
        }
    }
    check_names(&resolved, stages, &at, problems);
    // What users do follows from the target: nothing but a limit at every moment keeps them to a rate.
    if let Some(max) = safety.max_rate.filter(|_| resolved.iter().any(|(_, stage)| stage.load.peak_users() > 0)) {
        control.limit_to(PerSecond(max));
    }
    if control.keeps_pace() {
        resolved.iter_mut().for_each(|(_, stage)| stage::settle_count(stage));
    }
    check_safety(&resolved, (stages, &at), safety, control.peak_factor(), problems);
    check_model(loaded, &resolved, problems);
    for (n, stage) in &resolved {
        let at = at.index(*n);
        let at = if stages[*n].vus.is_some() { at.key("vus") } else { at };
        versions::check_load(&stage.load, &at, mode, problems);
    }
    if is_complete && resolved.iter().all(|(_, stage)| !stage.measured) {
        problems.add_at_key(&at, "no stage is measured", "add a stage without `warmup: true` and `measure: false`");
    }
    resolved.into_iter().map(|(_, stage)| stage).collect()
}

/// A stage with the number of the written one it comes from; the steps of a `step:` stage come from one.
type Resolved = (usize, Stage);

/// `load.model` says in a word what the stages are; it must not contradict them.
fn check_model(loaded: &Loaded, stages: &[Resolved], problems: &Problems<'_>) {
    let at = Path::root().key("load").key("model");
    let known = [("open", false), ("closed", true), ("adaptive", false)];
    let Some(wants_users) = problems.choice(loaded.document.load.model.as_deref(), &at, &known, &[]) else { return };
    let is_other = |load: &Load| matches!(load, Load::Users(_)) != wants_users;
    if let Some((_, stage)) = stages.iter().find(|(_, stage)| is_other(&stage.load)) {
        let (message, hint) = if wants_users {
            ("has a rate", "write `vus:` in the stages of a closed model, or remove `model`")
        } else {
            ("has users", "write `rate:` or `ramp:` in the stages of an open model, or remove `model`")
        };
        problems.add(&at, format!("the stage '{}' {message} ({})", stage.name, stage.load), hint);
    }
}

fn check_names(stages: &[Resolved], written: &[written::Stage], at: &Path, problems: &Problems<'_>) {
    let mut seen = HashSet::new();
    for (n, stage) in stages {
        if !seen.insert(&stage.name) {
            let at = at.index(*n);
            let at = if written[*n].name.is_some() { at.key("name") } else { at };
            problems.add(&at, format!("duplicate stage name '{}'", stage.name), "give each stage a name of its own");
        }
    }
}

/// `max_rate` and `max_duration`, each said at the stage that goes beyond it.
fn check_safety(
    stages: &[Resolved],
    (written, at): (&[written::Stage], &Path),
    safety: &SafetySettings,
    peak_factor: f64,
    problems: &Problems<'_>,
) {
    let (mut total, mut said_of) = (Duration::ZERO, None);
    for (n, stage) in stages {
        let at = at.index(*n);
        let peak = stage.load.peak_rate() * peak_factor;
        if let Some(max) = safety.max_rate.filter(|max| peak > *max && said_of != Some(*n)) {
            said_of = Some(*n);
            let keys = [("rate", written[*n].rate.is_some()), ("ramp", written[*n].ramp.is_some()), ("step", true)];
            let key = keys.into_iter().find(|(_, is_there)| *is_there).map_or("rate", |(key, _)| key);
            let message = format!("{} is beyond `safety.max_rate` ({})", PerSecond(peak), PerSecond(max));
            let limit = Path::root().key("safety").key("max_rate");
            problems.add_between(&at.key(key), &limit, message, "lower the rate, or raise the limit if this is meant");
        }
        let before = total;
        total = total.saturating_add(stage.duration);
        if let Some(max) = safety.max_duration.filter(|max| before <= *max && total > *max) {
            let message = format!(
                "the stages up to this one last {}, beyond `safety.max_duration` ({})",
                units::duration(total),
                units::duration(max)
            );
            let at = if written[*n].duration.is_some() { at.key("duration") } else { at };
            let limit = Path::root().key("safety").key("max_duration");
            problems.add_between(&at, &limit, message, "shorten a stage, or raise the limit if this is meant");
        }
    }
}

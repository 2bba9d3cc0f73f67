//! `regression.compare`, `replicates` and `early_stop` -> how a run is cut into parts with fresh processes.

use std::time::Duration;

use super::{Problems, SafetySettings, regression::EXTEND};
use crate::{
    config::{Loaded, Path},
    plan::{Hooks, Plan, Replication, Stage, Target},
    policy::Mode,
    units,
};

/// Replicates of an A/B run that loadgate can make.
const REPLICATES: u64 = 6;
/// Most that can be asked for; what they say more than this is not worth the time.
const REPLICATES_MAX: u64 = 100;
/// Most times that a regression may have to show again: after these nobody would call it chance.
const RERUNS_MAX: u64 = 3;
/// Measured time of a stage in a replicate that is worth the start of the processes.
const PART_MIN: Duration = Duration::from_secs(10);

/// How the run is cut; `versions` are those that are compared, `stages` those of the whole run.
pub(super) fn resolve(
    loaded: &Loaded,
    mode: Mode,
    (versions, hooks): (&[&Target], &Hooks),
    (stages, safety): (&[Stage], &SafetySettings),
    problems: &Problems<'_>,
) -> Replication {
    let written = &loaded.document.regression;
    let at = Path::root().key("regression");
    let can_restart = hooks.restart.is_some() || versions.iter().all(|target| target.start.is_some());
    let is_ab = mode == Mode::Ab;
    let count = written.replicates.unwrap_or(if is_ab && can_restart { REPLICATES } else { 1 });
    let usual = units_of(is_ab);
    let path = at.key("replicates");
    if count == 0 || count > REPLICATES_MAX {
        problems.add(&path, format!("{count} replicates are out of range"), format!("write a number from 1 to 100; {usual}"));
    } else if count == 2 && is_ab {
        let message = "2 replicates can't tell how much two processes of one build differ";
        problems.add(&path, message, format!("write 1, or 3 or more; {usual}"));
    } else if count > 1 && !can_restart {
        let hint = if is_ab {
            "say how both versions are started (target.start and target.baseline_start) or restarted (hooks.restart), or write 1"
        } else {
            "say how the service is started (target.start) or restarted (hooks.restart), or write 1"
        };
        problems.add(&path, "each replicate needs fresh processes, and loadgate has no means to make them", hint);
    }
    let mut replication = Replication {
        count: usize::try_from(count.clamp(1, REPLICATES_MAX)).unwrap_or(1),
        splits: is_ab,
        early_stop: written.early_stop.unwrap_or(true),
        extension: 0,
        reruns: 0,
    };
    if replication.count > 1 {
        check_parts(replication, stages, loaded, problems);
        check_length(replication, stages, safety, loaded, problems);
    }
    if written.policy.inconclusive.as_deref() == Some(EXTEND) {
        replication.extension = extension(replication, stages, safety, problems);
    }
    if let Some(reruns) = written.confirm.reruns {
        replication.reruns = self::reruns(reruns, replication, stages, safety, problems);
    }
    replication
}

/// Replicates that may be added: half as many, as far as `safety.max_duration` leaves time for them.
fn extension(replication: Replication, stages: &[Stage], safety: &SafetySettings, problems: &Problems<'_>) -> usize {
    let path = Path::root().key("regression").key("policy").key("inconclusive");
    if !replication.splits || replication.count < 3 {
        let hint = if replication.splits {
            "say how both versions are started (target.start and target.baseline_start) or restarted (hooks.restart); or write warn and make \
             the measured stage longer: one pair ends as soon as its verdict is sure, so the time is spent only where it is needed"
        } else {
            "compare two versions in replicates with fresh processes (target.start and target.baseline_start), or write warn"
        };
        problems.add(&path, "'extend' adds replicates, and this comparison has none", hint);
        return 0;
    }
    let Some(max) = safety.max_duration else { return replication.count.div_ceil(2) };
    let (whole, count) = (length(replication, stages), u32::try_from(replication.count).unwrap_or(u32::MAX));
    let fits = |more: &usize| whole + whole / count * u32::try_from(*more).unwrap_or(u32::MAX) <= max;
    let found = (1..=replication.count.div_ceil(2)).rev().find(fits);
    if found.is_none() && whole <= max {
        let message = format!(
            "there is no time to extend: {} replicates last {}, and `safety.max_duration` is {}",
            replication.count,
            units::duration(whole),
            units::duration(max)
        );
        problems.add(
            &path,
            message,
            format!("raise the limit to {} or more, or write warn", units::duration(whole + whole / count)),
        );
    }
    found.unwrap_or(0)
}

/// How often all of it may be played again, and whether there is time for that.
fn reruns(written: u64, replication: Replication, stages: &[Stage], safety: &SafetySettings, problems: &Problems<'_>) -> usize {
    let path = Path::root().key("regression").key("confirm").key("reruns");
    if written > RERUNS_MAX {
        let hint = "write a number from 0 to 3: so many times a regression must show again; 0 is the default";
        problems.add(&path, format!("{written} reruns are out of range"), hint);
    }
    let reruns = usize::try_from(written.min(RERUNS_MAX)).unwrap_or(0);
    let (once, all) = (longest(replication, stages), longest(Replication { reruns, ..replication }, stages));
    // What is too long by itself is told of where it stands.
    if let Some(max) = safety.max_duration.filter(|max| once <= *max && all > *max) {
        let message = format!(
            "with all reruns it lasts up to {}, beyond `safety.max_duration` ({})",
            units::duration(all),
            units::duration(max)
        );
        problems.add(&path, message, "write fewer reruns or shorter stages, or raise the limit if this is meant");
    }
    reruns
}

fn units_of(is_ab: bool) -> &'static str {
    if is_ab { "6 is the default" } else { "1 is the default" }
}

/// Where the number of replicates was written, else where the stages are.
fn place(loaded: &Loaded) -> Path {
    let root = Path::root();
    if loaded.document.regression.replicates.is_some() {
        root.key("regression").key("replicates")
    } else if loaded.document.stages.is_some() {
        root.key("stages")
    } else {
        root.key("load").key("stages")
    }
}

/// No part of a measured stage may be shorter than [`PART_MIN`].
fn check_parts(replication: Replication, stages: &[Stage], loaded: &Loaded, problems: &Problems<'_>) {
    if !replication.splits {
        return;
    }
    let count = u32::try_from(replication.count).unwrap_or(u32::MAX);
    let measured = stages.iter().filter(|stage| stage.measured);
    let Some(stage) = measured.min_by_key(|stage| stage.duration).filter(|stage| stage.duration / count < PART_MIN) else {
        return;
    };
    let (whole, least) = (stage.duration, PART_MIN.saturating_mul(count));
    let message = format!(
        "the {} of stage '{}' in {count} replicates are {} each, and at least {} are needed",
        units::duration(whole),
        stage.name,
        units::duration(whole / count),
        units::duration(PART_MIN)
    );
    let fitting = whole.as_secs() / PART_MIN.as_secs();
    let fewer = if fitting >= 3 { format!(", or write `regression.replicates: {fitting}`") } else { String::new() };
    problems.add(&place(loaded), message, format!("make the stage {} or longer{fewer}", units::duration(least)));
}

/// `safety.max_duration` is for all replicates together.
fn check_length(replication: Replication, stages: &[Stage], safety: &SafetySettings, loaded: &Loaded, problems: &Problems<'_>) {
    let length = length(replication, stages);
    // Stages that are too long by themselves are told of where they stand.
    let alone: Duration = stages.iter().map(|stage| stage.duration).sum();
    if let Some(max) = safety.max_duration.filter(|max| length > *max && alone <= *max) {
        let message = format!(
            "{} replicates last {} together, beyond `safety.max_duration` ({})",
            replication.count,
            units::duration(length),
            units::duration(max)
        );
        let hint = "take fewer replicates or a shorter warm-up, or raise the limit if this is meant";
        problems.add(&place(loaded), message, hint);
    }
}

/// Length of the load of all replicates together; processes take their time to start beside it.
fn length(replication: Replication, stages: &[Stage]) -> Duration {
    let count = u32::try_from(replication.count).unwrap_or(u32::MAX);
    let times = |stage: &Stage| if stage.measured && replication.splits { 1 } else { count };
    stages.iter().map(|stage| stage.duration.saturating_mul(times(stage))).fold(Duration::ZERO, Duration::saturating_add)
}

/// The same with all that may be added: replicates, and rounds.
fn longest(replication: Replication, stages: &[Stage]) -> Duration {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let each = length(replication, stages) / count(replication.count.max(1));
    let times = count(replication.most()).saturating_mul(count(replication.reruns).saturating_add(1));
    each.saturating_mul(times)
}

impl Plan {
    /// Length of the load of all replicates together.
    #[must_use]
    pub fn length_of(&self, replication: Replication) -> Duration {
        length(replication, &self.stages)
    }

    /// The same at most: with the replicates that may be added, and all of them again as often as a regression must show.
    #[must_use]
    pub fn longest_of(&self, replication: Replication) -> Duration {
        longest(replication, &self.stages)
    }
}

//! `stages` -> what is played, in order.

use std::{collections::HashSet, time::Duration};

use super::{Problems, SafetySettings, names};
use crate::{
    config::{Loaded, Path, stages as written},
    plan::{Load, Shape, Stage},
    units::{self, PerSecond},
};

/// Highest rate of the language; no machine makes more.
const RATE_MAX: f64 = 10_000_000.0;

const EXAMPLE: &str = "for example stages: [ { rate: 100/s, duration: 60s } ]";

pub(super) fn resolve(loaded: &Loaded, safety: &SafetySettings, problems: &Problems<'_>) -> Vec<Stage> {
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
        (None, None) => {
            problems.missing("stages", format!("say how much load there is, {EXAMPLE}"));
            return Vec::new();
        }
    };
    if stages.is_empty() {
        problems.add(&at, "there is no stage", format!("write at least one, {EXAMPLE}"));
        return Vec::new();
    }
    let resolved: Vec<Option<Stage>> =
        stages.iter().enumerate().map(|(n, stage)| one(stage, n, &at.index(n), problems)).collect();
    check_names(&resolved, &at, problems);
    check_safety(&resolved, &at, safety, problems);
    if resolved.iter().all(|stage| stage.as_ref().is_some_and(|stage| !stage.measured)) {
        problems.add_at_key(&at, "no stage is measured", "add a stage without `warmup: true` and `measure: false`");
    }
    resolved.into_iter().flatten().collect()
}

fn one(stage: &written::Stage, n: usize, at: &Path, problems: &Problems<'_>) -> Option<Stage> {
    let shape = shape(stage, at, problems);
    let duration = match &stage.duration {
        Some(duration) => problems.time(duration, &at.key("duration")),
        None => {
            problems.add(at, "this stage has no 'duration'", "say how long it is played: duration: 60s");
            None
        }
    };
    let name = stage.name.clone().unwrap_or_else(|| format!("stage-{}", n + 1));
    if stage.name.is_some() && !names::check(&name, &at.key("name"), problems) {
        return None;
    }
    if stage.warmup == Some(true) && stage.measure == Some(true) {
        problems.add(&at.key("measure"), "a warm-up stage can't be measured", "remove `warmup: true` or `measure: true`");
    }
    let measured = stage.warmup != Some(true) && stage.measure != Some(false);
    let stage = Stage { name, load: Load::Arrivals(shape?), duration: duration?, iterations: None, measured, step_of: None };
    if stage.arrivals() == 0 {
        let message = format!("{} for {} is not a single request", stage.load, units::duration(stage.duration));
        problems.add(at, message, "raise the rate or the duration");
    }
    Some(stage)
}

fn shape(stage: &written::Stage, at: &Path, problems: &Problems<'_>) -> Option<Shape> {
    match (&stage.rate, &stage.ramp) {
        (Some(rate), None) => {
            let path = at.key("rate");
            let rate = problems.read(rate, &path)?;
            (is_rate(rate, &path, problems) && is_positive(rate, &path, problems)).then_some(Shape::Constant(rate))
        }
        (None, Some(ramp)) => {
            let path = at.key("ramp");
            let (from, to) = problems.read(ramp, &path)?;
            let top = PerSecond(from.0.max(to.0));
            (is_rate(top, &path, problems) && is_positive(top, &path, problems)).then_some(Shape::Ramp { from, to })
        }
        (Some(_), Some(_)) => {
            problems.add_at_key(&at.key("ramp"), "a stage has either 'rate' or 'ramp'", "make two stages of it");
            None
        }
        (None, None) => {
            problems.add(at, "this stage has neither 'rate' nor 'ramp'", "say how much load it makes: rate: 100/s");
            None
        }
    }
}

fn is_positive(rate: PerSecond, at: &Path, problems: &Problems<'_>) -> bool {
    if rate.0 > 0.0 {
        return true;
    }
    problems.add(at, "a rate of 0 makes no load", "write a rate above 0, for example 10/s; a ramp may begin or end at 0/s");
    false
}

fn is_rate(rate: PerSecond, at: &Path, problems: &Problems<'_>) -> bool {
    if rate.0 <= RATE_MAX {
        return true;
    }
    problems.add(at, "the rate is higher than any machine makes", "write a rate of at most 10_000_000/s");
    false
}

fn check_names(stages: &[Option<Stage>], at: &Path, problems: &Problems<'_>) {
    let mut seen = HashSet::new();
    for (n, stage) in stages.iter().enumerate().filter_map(|(n, stage)| Some((n, stage.as_ref()?))) {
        if !seen.insert(&stage.name) {
            problems.add(
                &at.index(n).key("name"),
                format!("duplicate stage name '{}'", stage.name),
                "give each stage a name of its own",
            );
        }
    }
}

/// `max_rate` and `max_duration`, each said at the stage that goes beyond it.
fn check_safety(stages: &[Option<Stage>], at: &Path, safety: &SafetySettings, problems: &Problems<'_>) {
    let mut total = Duration::ZERO;
    for (n, stage) in stages.iter().enumerate().filter_map(|(n, stage)| Some((n, stage.as_ref()?))) {
        let peak = stage.load.peak_rate();
        if let Some(max) = safety.max_rate.filter(|max| peak > *max) {
            let key = if matches!(stage.load, Load::Arrivals(Shape::Constant(_))) { "rate" } else { "ramp" };
            let message = format!("{} is beyond `safety.max_rate` ({})", PerSecond(peak), PerSecond(max));
            problems.add(&at.index(n).key(key), message, "lower the rate, or raise the limit if this is meant");
        }
        let before = total;
        total = total.saturating_add(stage.duration);
        if let Some(max) = safety.max_duration.filter(|max| before <= *max && total > *max) {
            let message = format!(
                "the stages up to this one last {}, beyond `safety.max_duration` ({})",
                units::duration(total),
                units::duration(max)
            );
            problems.add(&at.index(n).key("duration"), message, "shorten a stage, or raise the limit if this is meant");
        }
    }
}

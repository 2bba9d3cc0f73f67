//! One written stage -> what is played: one stage, or one for each step.

use std::time::Duration;

use super::{Problems, names, steps};
use crate::{
    config::{Path, stages as written},
    plan::{Crowd, Load, Schedule as _, Shape, Stage},
    units::{self, PerSecond},
};

/// Highest rate of the language; no machine makes more.
const RATE_MAX: f64 = 10_000_000.0;
/// Most users of the language; one machine has no more ports to send from.
pub(super) const USERS_MAX: u32 = 100_000;
/// How long a stage is played at most that ends by its count, where it does not say.
const COUNTED_DURATION: Duration = Duration::from_secs(600);

pub(super) fn resolve(stage: &written::Stage, n: usize, at: &Path, problems: &Problems<'_>) -> Option<Vec<Stage>> {
    let load = match &stage.step {
        Some(steps) => {
            refuse_beside_steps(stage, at, problems);
            Err(steps::resolve(steps, &at.key("step"), problems))
        }
        None => Ok(load(stage, at, problems)),
    };
    let duration = duration(stage, at, problems);
    let name = stage.name.clone().unwrap_or_else(|| format!("stage-{}", n + 1));
    if stage.name.is_some() && !names::check(&name, &at.key("name"), problems) {
        return None;
    }
    if stage.warmup == Some(true) && stage.measure == Some(true) {
        problems.add(&at.key("measure"), "a warm-up stage can't be measured", "remove `warmup: true` or `measure: true`");
    }
    let measured = stage.warmup != Some(true) && stage.measure != Some(false);
    let plain = |name, load, duration| Stage { name, load, duration, iterations: None, measured, step_of: None };
    match load {
        Ok(load) => {
            let mut only = plain(name, load?, duration?);
            count(stage, &mut only, at, problems);
            check_arrivals(&only, at, problems);
            Some(vec![only])
        }
        Err(steps) => {
            let of_step = |(load, every)| {
                let step = plain(format!("{name} {load}"), load, every);
                check_arrivals(&step, at, problems);
                Stage { step_of: Some(name.clone()), ..step }
            };
            Some(steps?.into_iter().map(of_step).collect())
        }
    }
}

fn refuse_beside_steps(stage: &written::Stage, at: &Path, problems: &Problems<'_>) {
    let keys = [
        ("rate", stage.rate.is_some()),
        ("ramp", stage.ramp.is_some()),
        ("vus", stage.vus.is_some()),
        ("duration", stage.duration.is_some()),
        ("count", stage.count.is_some()),
    ];
    for (key, _) in keys.into_iter().filter(|(_, is_there)| *is_there) {
        let hint = "`step` says how much load and for how long: { from: 100/s, to: 400/s, by: 100/s, every: 30s }";
        problems.add_at_key(&at.key(key), format!("'{key}' can't stand beside 'step'"), hint);
    }
}

fn duration(stage: &written::Stage, at: &Path, problems: &Problems<'_>) -> Option<Duration> {
    match &stage.duration {
        Some(duration) => problems.time(duration, &at.key("duration")),
        None if stage.count.is_some() || stage.step.is_some() => Some(COUNTED_DURATION),
        None => {
            problems.add(&at.key("duration"), "this stage has no 'duration'", "say how long it is played: duration: 60s");
            None
        }
    }
}

fn load(stage: &written::Stage, at: &Path, problems: &Problems<'_>) -> Option<Load> {
    let given: Vec<&str> = [("rate", stage.rate.is_some()), ("ramp", stage.ramp.is_some()), ("vus", stage.vus.is_some())]
        .into_iter()
        .filter_map(|(key, is_there)| is_there.then_some(key))
        .collect();
    if let [first, second, ..] = given[..] {
        problems.add_at_key(&at.key(second), format!("a stage has either '{first}' or '{second}'"), "make two stages of it");
        return None;
    }
    if let Some(rate) = &stage.rate {
        let path = at.key("rate");
        let rate = problems.read(rate, &path)?;
        return is_rate(rate, &path, problems).then_some(Load::Arrivals(Shape::Constant(rate)));
    }
    if let Some(ramp) = &stage.ramp {
        let path = at.key("ramp");
        let (from, to) = problems.read(ramp, &path)?;
        let top = PerSecond(from.0.max(to.0));
        return is_rate(top, &path, problems).then_some(Load::Arrivals(Shape::Ramp { from, to }));
    }
    if let Some(vus) = &stage.vus {
        let path = at.key("vus");
        let (from, to) = problems.read(vus, &path)?;
        return is_crowd(from.max(to), &path, problems).then_some(Load::Users(Crowd { from, to }));
    }
    problems.add(at, "this stage has neither 'rate' nor 'ramp' nor 'vus'", "say how much load it makes: rate: 100/s");
    None
}

/// `count`: arrivals after which an open stage is over, or iterations that users share.
fn count(stage: &written::Stage, resolved: &mut Stage, at: &Path, problems: &Problems<'_>) {
    let Some(count) = stage.count else { return };
    let path = at.key("count");
    if count == 0 {
        problems.add(&path, "a count of 0 is no load", "write 1 or more, or remove the stage");
        return;
    }
    match resolved.load {
        Load::Users(Crowd { from, to }) if from != to => {
            problems.add(&path, "a changing number of users can't share a count", "write one number: vus: 10");
        }
        Load::Users(_) | Load::Arrivals(_) | Load::Connections(_) => resolved.iterations = Some(count),
    }
}

/// When a stage of even arrivals at one rate is over by its count is a matter of arithmetic: nobody needs to count while it is
/// played. A shorter ramp would be another one.
pub(super) fn settle_count(stage: &mut Stage) {
    if let Load::Arrivals(shape @ Shape::Constant(_)) = stage.load
        && let Some(count) = stage.iterations.take()
    {
        stage.duration = shape.schedule(stage.duration).due(count as f64).unwrap_or(stage.duration);
    }
}

fn check_arrivals(stage: &Stage, at: &Path, problems: &Problems<'_>) {
    if matches!(stage.load, Load::Arrivals(_)) && stage.arrivals() == 0 {
        let message = format!("{} for {} is not a single request", stage.load, units::duration(stage.duration));
        problems.add(at, message, "raise the rate or the duration");
    }
}

/// Whether a rate can be played; what is wrong is noted.
pub(super) fn is_rate(rate: PerSecond, at: &Path, problems: &Problems<'_>) -> bool {
    if rate.0 <= 0.0 {
        let hint = "write a rate above 0, for example 10/s; a ramp may begin or end at 0/s";
        problems.add(at, "a rate of 0 makes no load", hint);
    } else if rate.0 > RATE_MAX {
        problems.add(at, "the rate is higher than any machine makes", "write a rate of at most 10_000_000/s");
    }
    rate.0 > 0.0 && rate.0 <= RATE_MAX
}

/// Whether a number of users can be played; what is wrong is noted.
pub(super) fn is_crowd(users: u32, at: &Path, problems: &Problems<'_>) -> bool {
    if users == 0 {
        problems.add(at, "0 users make no load", "write a number above 0; a ramp may begin or end at 0");
    } else if users > USERS_MAX {
        problems.add(at, format!("{users} users are more than one machine can be"), "write at most 100_000");
    }
    users > 0 && users <= USERS_MAX
}

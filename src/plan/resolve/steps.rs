//! `step:` -> one level of load after the other.

use std::time::Duration;

use super::{
    Problems,
    stage::{is_crowd, is_rate},
};
use crate::{
    config::{
        Path, stages as written,
        written::{Amount, Level, Written},
    },
    plan::{Crowd, Load, Shape},
    units::PerSecond,
};

/// Most steps of one stage; more would be a ramp.
const STEPS_MAX: usize = 200;

const EXAMPLE: &str = "for example step: { from: 100/s, to: 400/s, by: 100/s, every: 30s }";

/// The levels in their order, each with how long it is held.
pub(super) fn resolve(steps: &written::Steps, at: &Path, problems: &Problems<'_>) -> Option<Vec<(Load, Duration)>> {
    let every = match &steps.every {
        Some(every) => problems.time(every, &at.key("every")),
        None => {
            problems.add_at_key(at, "'every' is missing here", format!("say how long each step is held, {EXAMPLE}"));
            None
        }
    };
    let levels = match (&steps.at, &steps.from, &steps.to, &steps.by) {
        (Some(levels), None, None, None) => listed(levels, &at.key("at"), problems),
        (None, Some(from), Some(to), Some(by)) => counted([from, to, by], at, problems),
        _ => {
            let hint = format!("write `from`, `to` and `by`, {EXAMPLE}; or all levels: at: [10, 50, 100]");
            problems.add_at_key(at, "a step stage has either 'from', 'to' and 'by', or 'at'", hint);
            None
        }
    };
    let (levels, every) = (levels?, every?);
    Some(levels.into_iter().map(|load| (load, every)).collect())
}

fn listed(levels: &[Written<Level>], at: &Path, problems: &Problems<'_>) -> Option<Vec<Load>> {
    if levels.is_empty() {
        problems.add(at, "there is no step", "write at least one, for example [10, 50, 100]");
        return None;
    }
    let read = |(n, level): (usize, &Written<Level>)| load(problems.read(level, &at.index(n))?, &at.index(n), problems);
    let loads = levels.iter().enumerate().map(read).collect::<Vec<_>>().into_iter().collect::<Option<Vec<Load>>>()?;
    let is_mixed = loads.windows(2).any(|pair| matches!(pair[0], Load::Users(_)) != matches!(pair[1], Load::Users(_)));
    if is_mixed {
        problems.add(at, "rates and numbers of users are mixed", "write a unit to all of them (50/s) or to none");
    }
    (!is_mixed).then_some(loads)
}

fn counted([from, to, by]: [&Written<Level>; 3], at: &Path, problems: &Problems<'_>) -> Option<Vec<Load>> {
    let read = |written: &Written<Level>, key| problems.read(written, &at.key(key));
    let (from, to, by) = (read(from, "from"), read(to, "to"), read(by, "by"));
    let (from_value, to_value, by_value, is_rate) = match (from?, to?, by?) {
        (Amount::Rate(from), Amount::Rate(to), Amount::Rate(by)) => (from.0, to.0, by.0, true),
        (Amount::Users(from), Amount::Users(to), Amount::Users(by)) => (f64::from(from), f64::from(to), f64::from(by), false),
        _ => {
            problems.add_at_key(at, "rates and numbers of users are mixed", "write a unit to all of them (50/s) or to none");
            return None;
        }
    };
    if by_value <= 0.0 {
        problems.add(&at.key("by"), "steps of 0 never arrive", "write a step above 0; to go down, let `to` be below `from`");
        return None;
    }
    // The last step is `to`, also where it is no whole number of steps away.
    let count = ((to_value - from_value).abs() / by_value - 1e-9).ceil().max(0.0) + 1.0;
    if count.is_nan() || count > STEPS_MAX as f64 {
        problems.add(&at.key("by"), format!("{count} steps are too many"), format!("make larger steps; at most {STEPS_MAX}"));
        return None;
    }
    let sign = if to_value < from_value { -1.0 } else { 1.0 };
    let level = |n: usize| {
        let is_last = n > 0 && n + 1 == count as usize;
        let value = if is_last { to_value } else { from_value + sign * by_value * n as f64 };
        if is_rate { Amount::Rate(PerSecond(value)) } else { Amount::Users(value.round() as u32) }
    };
    (0..count as usize).map(|n| load(level(n), &at.key("from"), problems)).collect()
}

fn load(level: Amount, at: &Path, problems: &Problems<'_>) -> Option<Load> {
    match level {
        Amount::Rate(rate) => is_rate(rate, at, problems).then_some(Load::Arrivals(Shape::Constant(rate))),
        Amount::Users(users) => is_crowd(users, at, problems).then_some(Load::Users(Crowd { from: users, to: users })),
    }
}

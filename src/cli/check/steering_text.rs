//! What steers the load, for people.

use crate::{
    plan::{CircuitBreaker, Control, Formula, OnSaturated, SelfProtection},
    policy::Validity,
    units::{self, percent},
};

/// Nothing where nothing was asked for: the defaults only watch.
pub(super) fn render(control: &Control, validity: &Validity) -> String {
    let late_max = Some(validity.late_p99_max).filter(|max| *max != Validity::default().late_p99_max);
    let asked = control.adaptive.is_some() || control.rate_limit.is_some() || control.circuit_breaker.is_some();
    if !asked && late_max.is_none() && control.self_protection == SelfProtection::default() {
        return String::new();
    }
    let mut lines = vec!["steering".to_owned()];
    if let Some(adaptive) = &control.adaptive {
        let formula = match adaptive.formula {
            Formula::Base => "base",
            Formula::Step => "step",
        };
        lines.push(format!(
            "  adaptive         p95 {} over {}, rate x {} to {}, every {} (formula {formula})",
            units::duration(adaptive.target),
            units::duration(adaptive.window),
            units::significant(adaptive.floor, 3),
            units::significant(adaptive.ceiling, 3),
            units::duration(adaptive.every)
        ));
    }
    if let Some(limit) = &control.rate_limit {
        lines.push(format!("  rate limit       {}, bursts of {}", limit.rate, limit.burst));
    }
    lines.push(format!("  circuit breaker  {}", control.circuit_breaker.as_ref().map_or_else(|| "none".to_owned(), breaker)));
    lines.push(format!("  self-protection  {}", protection(&control.self_protection)));
    if let Some(max) = late_max {
        let max = units::duration(max);
        lines.push(format!("  lateness         the run is invalid where 1% of the requests are sent more than {max} late"));
    }
    lines.join("\n")
}

fn breaker(rules: &CircuitBreaker) -> String {
    format!(
        "opens above {} failed of {} or more within {}, tries again after {}, gives up at opening {}",
        percent(rules.error_rate),
        rules.min_requests,
        units::duration(rules.window),
        units::duration(rules.retry_after),
        rules.trips
    )
}

fn protection(rules: &SelfProtection) -> String {
    let then = match rules.on_saturated {
        OnSaturated::Invalid => "the run is invalid".to_owned(),
        OnSaturated::Shed => format!("{} of the load is shed", percent(rules.shed)),
    };
    format!(
        "above {} busy or {} of the memory, looked at every {}: {then}",
        percent(rules.cpu),
        percent(rules.memory),
        units::duration(rules.every)
    )
}

//! The service as a whole: the traffic-weighted mean of its endpoints' log quantiles. It shows a change of everything
//! (middleware, TLS, a slower runtime) that no single endpoint shows for sure.

use super::{
    ComparedMetric, SERVICE,
    relative::{self, Measured, RelativeTest},
    roster::Sides,
    sample::Sample,
    summary::{Estimate, Summary},
    trial::Trial,
};

/// Absorbs the rounding of n (1 - q).
const ROUNDING: f64 = 1e-9;

/// One endpoint and its share of the traffic, fixed over all runs.
struct Part<'a> {
    sides: &'a Sides,
    weight: f64,
}

/// A test for each quantile below p99 that at least two endpoints have enough requests for.
pub(super) fn tests(trial: &Trial<'_>) -> Vec<RelativeTest> {
    let metrics = trial.latencies().into_iter().filter(|metric| metric.is_of_body());
    metrics.filter_map(|metric| test(metric, trial)).collect()
}

/// What of the service as a whole is not compared, and why: a reader who looks for the row must not wonder.
pub(super) fn missing(tests: &[RelativeTest], trial: &Trial<'_>) -> Option<String> {
    let roster = &trial.roster;
    let endpoints = roster.endpoints.iter().filter(|sides| !sides.is_beside).count();
    if endpoints < 2 || roster.baseline_runs == 0 || roster.candidate_runs == 0 {
        return None;
    }
    let metrics = trial.latencies().into_iter().filter(|metric| metric.is_of_body() && trial.rule(SERVICE, *metric).is_some());
    let missing: Vec<ComparedMetric> = metrics.filter(|metric| tests.iter().all(|test| test.metric != *metric)).collect();
    let most = *missing.last()?;
    let names = missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let unit = trial.design.unit;
    let why = match relative::few_blocks(roster) {
        Some(_) => "there are too few blocks".to_owned(),
        None => {
            let needed = (trial.design.service_beyond / (1.0 - most.alike().fraction()) - ROUNDING).ceil();
            format!("it takes two endpoints with {needed} successful requests in every {unit}")
        }
    };
    Some(format!("{names} of the service as a whole can't be compared: {why}"))
}

fn test(metric: ComparedMetric, trial: &Trial<'_>) -> Option<RelativeTest> {
    let rule = trial.rule(SERVICE, metric)?;
    let (roster, parts) = (&trial.roster, parts(trial, metric));
    if parts.len() < 2 || relative::few_blocks(roster).is_some() {
        return None;
    }
    let side = |runs: fn(&Sides) -> &Vec<Summary>, count: usize| -> Option<Vec<Estimate>> {
        (0..count).map(|run| whole(parts.iter().map(|part| (part.weight, &runs(part.sides)[run])), metric)).collect()
    };
    let baseline = side(|sides| &sides.baseline, roster.baseline_runs)?;
    let candidate = side(|sides| &sides.candidate, roster.candidate_runs)?;
    let sample = Sample { baseline: baseline.iter().collect(), candidate: candidate.iter().collect() };
    let measured = Measured::of(&sample, SERVICE, metric, trial);
    Some(RelativeTest { endpoint: SERVICE.to_owned(), metric, rule, measured: Some(measured), lack: None, contrast: None })
}

/// Endpoints that have enough requests beyond the quantile in each run.
fn parts<'a>(trial: &'a Trial<'_>, metric: ComparedMetric) -> Vec<Part<'a>> {
    let beyond_min = trial.design.service_beyond - ROUNDING;
    let enough = |sides: &&Sides| {
        let runs = sides.sample(metric);
        runs.is_some_and(|runs| runs.all().all(|run| run.beyond >= beyond_min))
    };
    let chosen: Vec<&Sides> = trial.roster.endpoints.iter().filter(|sides| !sides.is_beside).filter(enough).collect();
    let traffic = |sides: &Sides| sides.all().map(|run| run.requests).sum::<u64>() as f64;
    let total: f64 = chosen.iter().map(|sides| traffic(sides)).sum();
    chosen.into_iter().map(|sides| Part { sides, weight: traffic(sides) / total }).collect()
}

/// Adds up the endpoints of one run: log quantiles and, block by block, residuals, so that what endpoints share is counted
/// as shared.
fn whole<'a>(parts: impl Iterator<Item = (f64, &'a Summary)>, metric: ComparedMetric) -> Option<Estimate> {
    let (mut ln, mut beyond, mut residuals, mut strata) = (0.0, f64::INFINITY, Vec::new(), [].as_slice());
    for (weight, run) in parts {
        let estimate = run.estimates.get(&metric)?;
        ln += weight * estimate.ln;
        beyond = estimate.beyond.min(beyond);
        residuals.resize(estimate.residuals.len(), 0.0);
        residuals.iter_mut().zip(&estimate.residuals).for_each(|(sum, residual)| *sum += weight * residual);
        strata = &run.strata;
    }
    Some(Estimate::new(ln, beyond, residuals, strata))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::policy::Quantile;

    const P50: ComparedMetric = ComparedMetric::Latency(Quantile::P50);

    #[test]
    fn the_whole_agrees_with_the_reference() {
        let all: serde_json::Value = serde_json::from_str(include_str!("../../tests/data/reference-values.json")).unwrap();
        let case = &all["whole"];
        let list = |value: &serde_json::Value| value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
        let runs: Vec<(f64, Summary)> = ["a", "b"]
            .iter()
            .map(|name| {
                let estimate = Estimate::new(case["y"][name].as_f64().unwrap(), 50.0, list(&case["z"][name]), &[2]);
                let estimates = BTreeMap::from([(P50, estimate)]);
                let run = Summary { requests: 100, succeeded: 100, strata: vec![2], estimates, ..Summary::default() };
                (case["weights"][name].as_f64().unwrap(), run)
            })
            .collect();
        let whole = whole(runs.iter().map(|(weight, run)| (*weight, run)), P50).unwrap();
        assert!((whole.ln - case["y_whole"].as_f64().unwrap()).abs() < 1e-12);
        for (actual, expected) in whole.residuals.iter().zip(list(&case["z_whole"])) {
            assert!((actual - expected).abs() < 1e-12);
        }
    }
}

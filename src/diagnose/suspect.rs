//! Where to look first when the service as a whole regressed, and none of its endpoints for sure.

use crate::{
    compare::{ComparedMetric, Outcome, Row, SERVICE},
    units,
    verdict::Verdict,
};

/// An endpoint that may be why.
pub(super) struct Suspect {
    /// Its name.
    pub endpoint: String,
    /// What speaks against it, each a sentence.
    pub found: Vec<String>,
}

/// The endpoint that changed the most, for the worse, in the metric that regressed the most of the service as a whole.
pub(super) fn of_service(verdict: &Verdict) -> Option<Suspect> {
    let rows = &verdict.comparison()?.rows;
    let size = |row: &Row| row.change.map_or(0.0, |change| change.estimate.abs());
    let regressed: Vec<&Row> = rows.iter().filter(|row| row.endpoint == SERVICE && row.outcome == Outcome::Regressed).collect();
    let worst = *regressed.iter().max_by(|a, b| size(a).total_cmp(&size(b)))?;
    let direction = worst.change?.estimate.signum();
    let of_endpoints = rows.iter().filter(|row| row.endpoint != SERVICE && row.metric == worst.metric);
    let changed = of_endpoints.filter_map(|row| Some((row, row.change?.estimate)));
    let (row, change) = changed
        .filter(|(_, change)| change * direction > 0.0)
        .max_by(|(_, a), (_, b)| (a * direction).total_cmp(&(b * direction)))?;
    let by = if row.metric == ComparedMetric::ErrorRate {
        format!("{:+.2} percentage points", 100.0 * change)
    } else {
        units::signed_percent(change)
    };
    let mut found: Vec<String> = regressed.iter().map(|row| row.reason.clone()).collect();
    found.push(format!("of all endpoints its {} changed the most: {by}", row.metric));
    Some(Suspect { endpoint: row.endpoint.clone(), found })
}

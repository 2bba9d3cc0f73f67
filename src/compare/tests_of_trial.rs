//! Everything that is tested of a trial, in the two families that share the chance of a false alarm.

use super::{
    Row,
    contrast::Contrast,
    errors::ErrorTest,
    family::{self, Adjusted, Levels, Uncorrected},
    rate,
    relative::{self, RelativeTest},
    service,
    trial::Trial,
};

/// The tests of a trial.
pub(super) struct Tests {
    pub service: Vec<RelativeTest>,
    pub service_errors: Option<ErrorTest>,
    pub latency: Vec<RelativeTest>,
    /// How much is done, where that is compared.
    pub rate: Option<RelativeTest>,
    pub errors: Vec<ErrorTest>,
}

/// What each test knows after the correction, at its place; `None` for one that is not eligible.
pub(super) struct AdjustedTests {
    pub service: Vec<Option<Adjusted>>,
    pub rate: Option<Adjusted>,
    pub latency: Vec<Option<Adjusted>>,
    pub errors: Vec<Option<Adjusted>>,
}

impl Tests {
    pub(super) fn of(trial: &Trial<'_>) -> Self {
        let endpoints = &trial.roster.endpoints;
        Self {
            service: service::tests(trial),
            service_errors: (endpoints.len() > 1).then(|| ErrorTest::of_all(trial)),
            latency: relative::tests(trial),
            rate: rate::test(trial),
            errors: endpoints.iter().map(|sides| ErrorTest::of(sides, trial)).collect(),
        }
    }

    /// Tests of all but errors, those of the service as a whole first.
    pub(super) fn relative(&self) -> impl Iterator<Item = &RelativeTest> {
        self.service.iter().chain(&self.rate).chain(&self.latency)
    }

    /// Tests that share the chance of a false alarm.
    pub(super) fn eligible(&self) -> usize {
        let own = self.own();
        let contrasts = own.iter().flatten().filter(|test| test.siblings.is_some()).count();
        self.service.len() + own.iter().flatten().count() + contrasts
    }

    /// The endpoints' tests: how much is done, latencies, errors.
    fn own(&self) -> Vec<Option<Uncorrected>> {
        let latency = self.rate.iter().chain(&self.latency).map(of_relative);
        latency.chain(self.errors.iter().map(of_errors)).collect()
    }

    /// Corrects the p-values of both families.
    pub(super) fn adjusted(&self, trial: &Trial<'_>) -> AdjustedTests {
        // A look may spend less than alpha; its p-values are scaled so that all are read against alpha.
        let alpha = trial.rules.alpha;
        let levels = Levels::split(trial.look.alpha, !self.service.is_empty());
        let service: Vec<_> = self.service.iter().map(of_relative).collect();
        // In the order of `own`.
        let mut rate = family::adjust(&self.own(), levels.endpoints, alpha);
        let mut latency = rate.split_off(usize::from(self.rate.is_some()));
        let errors = latency.split_off(self.latency.len());
        let service = family::adjust(&service, levels.service, alpha);
        AdjustedTests { service, rate: rate.pop().flatten(), latency, errors }
    }

    /// The service as a whole first, then each endpoint's metrics.
    pub(super) fn rows(&self, trial: &Trial<'_>) -> Vec<Row> {
        let adjusted = self.adjusted(trial);
        let service_known = !self.service.is_empty();
        let of_service = self.service.iter().zip(&adjusted.service);
        let mut rows: Vec<Row> = of_service.map(|(test, adjusted)| test.row(adjusted.as_ref(), true, trial)).collect();
        rows.extend(self.rate.iter().map(|test| test.row(adjusted.rate.as_ref(), false, trial)));
        rows.extend(self.service_errors.iter().map(|test| test.row(None, true, trial)));
        let is_beside = |name: &str| trial.roster.endpoints.iter().any(|sides| sides.is_beside && sides.name == name);
        let latency = self.latency.iter().zip(&adjusted.latency).map(|(test, adjusted)| {
            let required = !service_known && test.metric.is_of_body() && !is_beside(&test.endpoint);
            test.row(adjusted.as_ref(), required, trial)
        });
        let latency: Vec<Row> = latency.collect();
        for (test, adjusted) in self.errors.iter().zip(&adjusted.errors) {
            rows.extend(latency.iter().filter(|row| row.endpoint == test.endpoint).cloned());
            rows.push(test.row(adjusted.as_ref(), self.service_errors.is_none(), trial));
        }
        rows
    }
}

/// P-values of a latency or a rate, and of its contrast.
fn of_relative(test: &RelativeTest) -> Option<Uncorrected> {
    let (up, down) = test.p_values()?;
    Some(Uncorrected { up, down, siblings: test.contrast.as_ref().map(Contrast::p_up) })
}

/// P-values of an error rate.
fn of_errors(test: &ErrorTest) -> Option<Uncorrected> {
    let (up, down) = test.p_values()?;
    Some(Uncorrected { up, down, siblings: None })
}

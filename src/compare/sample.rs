//! One metric of one endpoint in all runs of both sides.

use super::summary::Estimate;

/// Estimates of the same metric, run by run. Where runs were made in pairs, those of one index belong together.
#[derive(Clone, Debug)]
pub(super) struct Sample<'a> {
    /// Baseline runs, at least one.
    pub baseline: Vec<&'a Estimate>,
    /// Candidate runs, at least one.
    pub candidate: Vec<&'a Estimate>,
}

impl Sample<'_> {
    pub(super) fn all(&self) -> impl Iterator<Item = &Estimate> {
        self.baseline.iter().chain(&self.candidate).copied()
    }

    /// Natural logarithms of the baseline's and the candidate's value: means over their runs.
    pub(super) fn levels(&self) -> (f64, f64) {
        let level = |runs: &[&Estimate]| mean(runs.iter().map(|run| run.ln));
        (level(&self.baseline), level(&self.candidate))
    }

    /// Runs that were made together: baseline and candidate.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&Estimate, &Estimate)> {
        self.baseline.iter().copied().zip(self.candidate.iter().copied())
    }
}

/// Arithmetic mean; NaN of nothing.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// Sum of the squared distances from the mean.
pub(super) fn sum_of_squares(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let level = mean(values.clone());
    values.map(|value| (value - level).powi(2)).sum()
}

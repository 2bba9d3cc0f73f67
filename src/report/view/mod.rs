//! Everything any report shows, computed once and put into words. No report and no template computes.

mod advice;
mod changes;
mod compared;
mod facts;
mod failures;
mod generator;
mod judged;
mod run;
mod several;
mod steps;
pub(super) mod text;
mod timeline;
mod traffic;
mod windows;

use serde::Serialize;

pub use advice::Step;
pub use changes::{ChangeRow, ChangeText};
pub use compared::Compared;
pub use facts::Fact;
pub use failures::{FailureView, UnmeasuredView};
pub use generator::{EventView, GeneratorView};
pub use judged::{Judged, ThresholdView, ValidityView};
pub use run::{LastWordsView, RunView, StageView};
pub use several::{Several, SeveralSide};
pub use steps::{StepRow, StepTable};
pub use traffic::{ClassCount, LatencyFigures, PhaseMean, Traffic, TrafficText};
pub use windows::WindowRow;

use super::{escape, marker::Marker, verdict_file::VerdictFile};
use crate::{record::RunRecord, verdict::Verdict};

/// All that reports show of a judged candidate.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    /// The candidate's runs.
    pub run: RunView,
    /// The verdict on them.
    pub judged: Judged,
    /// The verdict as a file.
    #[serde(skip)]
    pub file: VerdictFile,
    /// How a later run finds the comment again.
    #[serde(skip)]
    pub(super) marker: Marker,
}

impl View {
    /// Computes everything that reports show of a verdict and the runs it is about.
    #[must_use]
    pub fn new(verdict: &Verdict, candidate: &[RunRecord], baseline: &[RunRecord]) -> Self {
        let is_ab = candidate.iter().any(|run| run.ab.is_some());
        let mut run = RunView::new(candidate).beside(if is_ab { baseline } else { &[] });
        run.environment.extend(verdict.set_aside.iter().map(|of| Fact::new("set aside", escape::plain(&of.sentence()))));
        Self {
            run,
            judged: Judged::new(verdict, candidate, baseline),
            file: VerdictFile::new(verdict, candidate),
            marker: Marker::of(verdict, candidate),
        }
    }
}

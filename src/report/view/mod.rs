//! Everything any report shows, computed once and put into words. No report and no template computes.

mod advice;
mod change_charts;
mod changes;
mod compared;
mod detail;
mod diagnosis;
mod facts;
mod failures;
mod generator;
mod histogram;
mod judged;
mod knee;
mod missing;
mod overview;
mod places;
mod restored;
mod run;
mod several;
mod slow;
mod sockets;
mod steps;
pub(super) mod text;
mod traffic;
mod windows;

use serde::Serialize;

pub use advice::Advice;
pub use change_charts::ChangeChart;
pub use changes::{ChangeFigures, ChangeRow, ChangeText};
pub use compared::{Compared, ServiceChange};
pub use detail::{Detail, FailedClass, TimeFigure, TimeRow};
pub use diagnosis::{AffectedView, DependencyView, DiagnosisView, FailingView, HappenedView, LinkView, ReachView, TaskView};
pub use facts::Fact;
pub use failures::{AnswerView, FailureView, UnmeasuredView};
pub use generator::{EventView, GeneratorView};
pub use histogram::HistogramRow;
pub use judged::{Judged, ThresholdView, ValidityView};
pub use places::Places;
pub use run::{LastWordsView, RunView, StageView};
pub use several::{Several, SeveralSide};
pub use slow::SlowView;
pub use sockets::{DeliveryView, SocketText, SocketView};
pub use steps::{StepRow, StepTable};
pub use traffic::{ClassCount, LatencyFigures, PhaseMean, Traffic, TrafficText};
pub use windows::WindowRow;

use super::{escape, verdict_file::VerdictFile};
use crate::{policy::Accept, record::RunRecord, verdict::Verdict};

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
}

impl View {
    /// Computes everything that reports show of a verdict and the runs it is about.
    #[must_use]
    pub fn new(verdict: &Verdict, candidate: &[RunRecord], baseline: &[RunRecord]) -> Self {
        let is_ab = candidate.iter().any(|run| run.ab.is_some());
        let mut run = RunView::against(candidate, baseline).beside(if is_ab { baseline } else { &[] });
        run.environment.extend(verdict.set_aside.iter().map(|of| Fact::new("set aside", escape::plain(&of.sentence()))));
        let mut file = VerdictFile::new(verdict, candidate);
        file.candidate.partial.clone_from(&run.partial);
        if let Some(facts) = &mut file.baseline {
            facts.reference = common_reference(baseline);
            facts.newest = baseline.iter().map(|run| run.started_at).max();
        }
        let judged = Judged::new(verdict, candidate, baseline);
        detail::judge(&mut run.details, &judged);
        Self { run, judged, file }
    }

    /// The same, where builds of this branch store their runs by themselves.
    #[must_use]
    pub fn stored_by_builds_of(mut self, branch: &str) -> Self {
        if self.judged.compared.is_none() {
            advice::leave_storing_to_builds(&mut self.judged.next, branch);
        }
        self
    }

    /// The same of a regression that people can accept by a label. `refused`: why one that is there does not count.
    #[must_use]
    pub fn acceptable_by(mut self, rule: &Accept, refused: Option<&str>) -> Self {
        advice::name_label(&mut self.judged.next, rule, refused);
        self
    }
}

/// The branch or tag that all runs are of.
fn common_reference(runs: &[RunRecord]) -> Option<String> {
    let first = runs.first()?.provenance.reference.as_ref()?;
    runs.iter().all(|run| run.provenance.reference.as_ref() == Some(first)).then(|| first.clone())
}

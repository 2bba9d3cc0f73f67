//! Reports: one file per format, all from one [`View`] that holds everything already computed and put into words.

mod annotations;
mod chart;
pub mod comment;
mod error;
mod escape;
mod folder;
mod format;
mod own;
mod verdict_file;
mod view;
mod web_address;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use annotations::{Annotation, AnnotationLevel, annotations};
pub use chart::{
    Area, Band, Bar, Forest, ForestRow, Histogram, Key, Label, Lane, LaneLine, LaneMark, Lanes, Line, Percentiles, PhaseBar,
    PhaseBars, PhasePart, ShareRow, Tick, Timeline, Trouble,
};
pub use error::ReportError;
pub(crate) use escape::csv_field;
pub use folder::prepare;
pub use format::{FORMATS, Format, Render, ReportFile, capped_lines, console, console_run, console_several, summary_json};
pub use own::{OwnTemplate, write_own};
pub use verdict_file::{
    BaselineFacts, CandidateFacts, ComparisonRow, DesignFacts, RerunFacts, SCHEMA, SetAsideFacts, SiblingsFacts, ThresholdRow,
    ValidityRow, VerdictFile,
};
pub use view::{
    Advice, AffectedView, AnswerView, ChangeChart, ChangeFigures, ChangeRow, ChangeText, ClassCount, Compared, DeliveryView,
    DependencyView, Detail, DiagnosisView, EventView, Fact, FailedClass, FailingView, FailureView, GeneratorView, HappenedView,
    HistogramRow, Judged, LastWordsView, LatencyFigures, LinkView, PhaseMean, Places, ReachView, RunView, ServiceChange, Several,
    SeveralSide, SlowView, SocketText, SocketView, StageView, StepRow, StepTable, TaskView, ThresholdView, TimeFigure, TimeRow,
    Traffic, TrafficText, UnmeasuredView, ValidityView, View, WindowRow,
};
pub use web_address::WebAddress;

pub use crate::policy::CommentMode;

/// File name of the run record in the report folder.
pub const RECORD_FILE: &str = "record.json.gz";
/// Folder of the records in the report folder, where there is one per version and replicate.
pub const RECORDS_FOLDER: &str = "records";
/// Folder beside it of the records that the verdict is not about, because of the load generator.
pub const SET_ASIDE_FOLDER: &str = "set-aside";
/// File name of the verdict.
pub const VERDICT_FILE: &str = "verdict.json";
/// File name of the page for people.
pub const HTML_FILE: &str = "report.html";
/// File name of the job summary.
pub const STEP_SUMMARY_FILE: &str = "step_summary.md";

/// Writes the reports of a judged candidate in the given formats; returns the files in the order of [`FORMATS`].
///
/// # Errors
/// The folder can't be written.
pub fn write(view: &View, formats: &[Format], dir: &Path) -> Result<Vec<PathBuf>, ReportError> {
    write_each(formats, dir, |render| match render {
        Render::Run(render) => Some(render(&view.run)),
        Render::Found(render) => render(&view.run),
        Render::Judged(render) => render(view),
        Render::Verdict(render) => Some(render(view)),
        Render::Either(render) => Some(render(&view.run, Some(&view.judged))),
    })
}

/// Writes what can be said of runs alone in the given formats.
///
/// # Errors
/// The folder can't be written.
pub fn write_run(view: &RunView, formats: &[Format], dir: &Path) -> Result<Vec<PathBuf>, ReportError> {
    write_each(formats, dir, |render| match render {
        Render::Run(render) => Some(render(view)),
        Render::Found(render) => render(view),
        Render::Verdict(_) | Render::Judged(_) => None,
        Render::Either(render) => Some(render(view, None)),
    })
}

fn write_each(
    formats: &[Format],
    dir: &Path,
    render: impl Fn(&Render) -> Option<Result<String, ReportError>>,
) -> Result<Vec<PathBuf>, ReportError> {
    let wanted = FORMATS.iter().filter(|file| formats.contains(&file.format));
    wanted.filter_map(|file| Some(render(&file.render)?.and_then(|text| folder::write(dir, file.name, &text)))).collect()
}

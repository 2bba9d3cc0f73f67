//! The formats: one file each, and the table of them.

mod comment;
mod console;
mod failures_json;
mod gitlab_json;
mod histogram_csv;
mod html;
mod junit;
mod open_metrics;
mod reproduce_sh;
mod samples_csv;
mod several;
mod step_summary;
mod summary_csv;
mod summary_json;
mod table;
pub(super) mod template;
mod verdict_json;
mod windows_csv;

pub use comment::capped_lines;
pub use console::{console, console_run};
pub use several::console_several;
pub use summary_json::summary_json;

use super::{HTML_FILE, Judged, ReportError, RunView, STEP_SUMMARY_FILE, VERDICT_FILE, View};

/// A kind of report, as users choose them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// For programs.
    Json,
    /// For people, one page.
    Html,
    /// For pull requests and job summaries.
    Md,
    /// For CI services that show test results.
    Junit,
    /// For spreadsheets.
    Csv,
    /// For the merge requests of GitLab.
    Gitlab,
    /// For monitoring, and for GitLab too.
    Openmetrics,
}

impl Format {
    /// All of them, with their names on the command line and in the configuration.
    pub const ALL: [(&'static str, Self); 7] = [
        ("json", Self::Json),
        ("html", Self::Html),
        ("md", Self::Md),
        ("junit", Self::Junit),
        ("csv", Self::Csv),
        ("gitlab", Self::Gitlab),
        ("openmetrics", Self::Openmetrics),
    ];
}

/// One file of the report folder.
#[derive(Clone, Copy, Debug)]
pub struct ReportFile {
    /// Its name.
    pub name: &'static str,
    /// The format it is written for.
    pub format: Format,
    /// What fills it.
    pub render: Render,
}

/// What fills a file.
#[derive(Clone, Copy, Debug)]
pub enum Render {
    /// Says the same with and without a verdict.
    Run(fn(&RunView) -> Result<String, ReportError>),
    /// There is nothing to say without a verdict.
    Verdict(fn(&View) -> Result<String, ReportError>),
    /// Written only where there is something to say, with or without a verdict.
    Found(fn(&RunView) -> Option<Result<String, ReportError>>),
    /// Written only where there is a verdict, and something to say of it.
    Judged(fn(&View) -> Option<Result<String, ReportError>>),
    /// Says more with a verdict.
    Either(fn(&RunView, Option<&Judged>) -> Result<String, ReportError>),
}

const fn file(name: &'static str, format: Format, render: Render) -> ReportFile {
    ReportFile { name, format, render }
}

/// Every file of the report folder beside the record.
pub const FORMATS: [ReportFile; 14] = [
    file(VERDICT_FILE, Format::Json, Render::Verdict(verdict_json::render)),
    file("summary.json", Format::Json, Render::Run(summary_json::render)),
    file("failures.json", Format::Json, Render::Found(failures_json::render)),
    file("summary.csv", Format::Csv, Render::Verdict(summary_csv::render)),
    file("windows.csv", Format::Csv, Render::Run(windows_csv::render)),
    file("histogram.csv", Format::Csv, Render::Run(histogram_csv::render)),
    file("samples.csv", Format::Csv, Render::Found(samples_csv::render)),
    file("junit.xml", Format::Junit, Render::Verdict(junit::render)),
    file("load-performance.json", Format::Gitlab, Render::Run(gitlab_json::render)),
    file("metrics.txt", Format::Openmetrics, Render::Run(open_metrics::render)),
    file("comment.md", Format::Md, Render::Verdict(comment::render)),
    file(STEP_SUMMARY_FILE, Format::Md, Render::Verdict(step_summary::render)),
    file(HTML_FILE, Format::Html, Render::Either(html::render)),
    file("reproduce.sh", Format::Html, Render::Judged(reproduce_sh::render)),
];

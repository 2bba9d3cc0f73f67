//! The comment on a pull request: the verdict first, then the rows it rests on, how sure that is, and what to do next.
//!
//! A comment is rendered at a [`Rung`] of a ladder: the service that shows it takes so many bytes only, and what is left out goes
//! in the order of its use to a reader.

mod check_run;
mod fixed;
mod legs;
mod measuring;
mod state;
mod told;

use serde::Serialize;

use self::{
    legs::Merged,
    told::{Told, short},
};
use super::{Judged, ReportError, RunView, View, WebAddress, escape::FREE_TEXT_MAX, format::template};
pub use check_run::{CheckText, Conclusion};
pub use legs::Leg;
pub use measuring::{measuring, no_verdict, not_measuring, without_verdict};
pub use state::{Failing, FailingWhat, State, has_marker, marker};

/// Bytes that a comment takes at most. GitHub takes 65,536 characters; what others add around it needs room too.
pub const COMMENT_BYTES_MAX: usize = 60_000;
/// Rows that are seen without unfolding.
const ROWS_MAX: usize = 20;

/// How much a comment tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Everything, most of it folded.
    Full,
    /// Without the folded part.
    Short,
    /// The rows that do not pass, and how many there are.
    Rows,
    /// The verdict and the way to the report.
    Verdict,
}

impl Rung {
    /// All of them, the fullest first.
    pub const ALL: [Self; 4] = [Self::Full, Self::Short, Self::Rows, Self::Verdict];

    /// The next lower one; none below the verdict.
    #[must_use]
    pub fn below(self) -> Option<Self> {
        Self::ALL.into_iter().find(|rung| *rung > self)
    }
}

/// What only the caller knows: where the reports will be, and what the comment said before.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Names the comment among those of one pull request; the suite's name where it is not given.
    pub key: Option<String>,
    /// Page of the HTML report.
    pub report: Option<WebAddress>,
    /// Page of the files that the run left, the report among them; linked where the report's own page is not known.
    pub artifacts: Option<WebAddress>,
    /// Page of the verdict as a file.
    pub verdict: Option<WebAddress>,
    /// The run of the CI service, where it is not the one that the verdict tells.
    pub run: Option<CiPage>,
    /// What the comment said before, where it is known to be ours.
    pub previous: Option<State>,
}

/// A run of the CI service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiPage {
    /// The service's number of the run.
    pub run: u64,
    /// From 1.
    pub attempt: u32,
    /// Its page.
    pub page: Option<WebAddress>,
}

/// A comment, ready to be rendered.
#[derive(Debug)]
pub struct Comment<'a> {
    about: About<'a>,
    around: &'a Around,
    state: State,
    key: String,
}

#[derive(Debug)]
enum About<'a> {
    One(&'a View),
    Several(Vec<Leg<'a>>),
}

/// What the templates of a whole comment need.
#[derive(Serialize)]
struct Page<'a> {
    told: Told,
    judged: &'a Judged,
    run: &'a RunView,
    details: bool,
    brief: bool,
    footer: Footer<'a>,
}

/// The last line that people see.
#[derive(Clone, Debug, Serialize)]
struct Footer<'a> {
    commit: Option<String>,
    baseline_commit: Option<String>,
    started: Option<&'a str>,
    report: Option<&'a str>,
    artifacts: Option<&'a str>,
    verdict: Option<&'a str>,
    run: Option<String>,
    run_page: Option<&'a str>,
    reproduce: Option<String>,
}

impl<'a> Comment<'a> {
    /// The comment on one verdict.
    #[must_use]
    pub fn of(view: &'a View, around: &'a Around) -> Self {
        let key = around.key.clone().unwrap_or_else(|| view.file.suite.clone());
        Self { about: About::One(view), around, state: around.stated(State::of(&view.file)), key }
    }

    /// One comment on several verdicts, such as those of the jobs of a matrix; the worst one is that of all.
    #[must_use]
    pub fn merged(legs: &[Leg<'a>], around: &'a Around) -> Self {
        let legs = legs::ordered(legs);
        let key = around.key.clone().unwrap_or_else(|| legs.first().map_or_else(String::new, |leg| leg.view.file.suite.clone()));
        let state = around.stated(legs::state(&legs));
        Self { about: About::Several(legs), around, state, key }
    }

    /// What a later run reads out of it.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The whole comment at a rung, its state and marker last.
    ///
    /// # Errors
    /// A template that is broken: a fault of the program.
    pub fn at(&self, rung: Rung) -> Result<String, ReportError> {
        self.with_rows(rung, ROWS_MAX)
    }

    /// The fullest comment of at most so many bytes, and its rung. The verdict alone is never cut.
    ///
    /// # Errors
    /// As [`Comment::at`].
    pub fn fitting(&self, bytes_max: usize) -> Result<(Rung, String), ReportError> {
        for rung in [Rung::Full, Rung::Short] {
            let text = self.at(rung)?;
            if text.len() <= bytes_max {
                return Ok((rung, text));
            }
        }
        let mut rows = ROWS_MAX;
        while rows > 0 {
            let text = self.with_rows(Rung::Rows, rows)?;
            if text.len() <= bytes_max {
                return Ok((Rung::Rows, text));
            }
            rows /= 2;
        }
        Ok((Rung::Verdict, self.at(Rung::Verdict)?))
    }

    fn with_rows(&self, rung: Rung, rows_max: usize) -> Result<String, ReportError> {
        let rows_max = if rung == Rung::Verdict { 0 } else { rows_max };
        let body = match &self.about {
            About::One(view) => template::render("comment.md", page(view, self.around, rung, rows_max))?,
            About::Several(legs) => template::render("comment_merged.md", Merged::of(legs, self.around, rung, rows_max))?,
        };
        Ok(format!("{}\n\n{}\n{}\n", body.trim_end(), self.state.line(), marker(&self.key)))
    }
}

impl Around {
    /// The state of a run that the caller may know better.
    fn stated(&self, state: State) -> State {
        match &self.run {
            Some(page) => State { run: Some(page.run.into()), attempt: Some(page.attempt), ..state },
            None => state,
        }
    }

    /// What failed before, in this one of several measurements.
    fn failing(&self, leg: Option<&str>) -> Vec<Failing> {
        let failing = self.previous.iter().flat_map(|state| &state.failing);
        failing.filter(|failing| failing.leg.as_deref() == leg).cloned().collect()
    }

    fn since(&self) -> Option<&str> {
        self.previous.as_ref()?.sha.as_deref()
    }
}

fn page<'a>(view: &'a View, around: &'a Around, rung: Rung, rows_max: usize) -> Page<'a> {
    Page {
        told: Told::of(view, rows_max, &around.failing(None), around.since()),
        judged: &view.judged,
        run: &view.run,
        details: rung == Rung::Full,
        brief: rung >= Rung::Rows,
        footer: Footer::of(view, around),
    }
}

/// The job summary: what the comment says, and everything else unfolded.
pub(super) fn summary(view: &View) -> Result<String, ReportError> {
    let around = Around::default();
    template::render("step_summary.md", page(view, &around, Rung::Full, 10 * ROWS_MAX))
}

impl<'a> Footer<'a> {
    /// Of nothing that was measured.
    fn without_run(around: &'a Around) -> Self {
        Self {
            commit: None,
            baseline_commit: None,
            started: None,
            report: around.report.as_ref().map(WebAddress::as_str),
            artifacts: around.artifacts.as_ref().map(WebAddress::as_str),
            verdict: around.verdict.as_ref().map(WebAddress::as_str),
            run: None,
            run_page: None,
            reproduce: None,
        }
    }

    fn of(view: &'a View, around: &'a Around) -> Self {
        let run = &view.run;
        let page = around.run.as_ref();
        let baseline = view.file.baseline.as_ref().filter(|_| view.file.mode != "ab");
        Self {
            commit: run.commit.clone(),
            baseline_commit: baseline.and_then(|baseline| baseline.commits.first()).map(|commit| short(commit)),
            started: Some(run.started.as_str()),
            report: around.report.as_ref().map(WebAddress::as_str),
            artifacts: around.artifacts.as_ref().map(WebAddress::as_str),
            verdict: around.verdict.as_ref().map(WebAddress::as_str),
            run: page.map(|page| format!("run {}, attempt {}", page.run, page.attempt)).or_else(|| run.ci.clone()),
            run_page: page.map_or(run.ci_url.as_deref(), |page| page.page.as_ref().map(WebAddress::as_str)),
            // A longer one would be cut, and is in the page.
            reproduce: view.judged.reproduce.clone().filter(|line| line.chars().count() <= FREE_TEXT_MAX),
        }
    }
}

//! Telling the pull request: what `gate` and `publish` share. Trouble with it is a remark, and the exit code stays the verdict's.

use super::{Failure, terminal};
use crate::{
    clock,
    config::Secrets,
    exit::Exit,
    plan::GithubSettings,
    publish::github::{
        self, ANNOTATIONS_MAX, Context, Finding, Level, Output, Patience, PublishError, Pull, Report, Session, Settings,
        Surroundings,
    },
    report::{
        self, ReportError, View, WebAddress,
        comment::{Around, COMMENT_BYTES_MAX, CheckText, CiPage, Comment, Conclusion},
    },
};

/// A gate that is told of, or one that nobody is told of.
pub(super) struct Publishing {
    settings: GithubSettings,
    /// What the workflow says of itself; `None` outside of one.
    context: Option<Context>,
    session: Option<Session>,
    /// The page of the report, where it is known.
    report: Option<WebAddress>,
}

impl Publishing {
    /// Nobody is told.
    pub(super) fn off(settings: GithubSettings) -> Self {
        Self { settings, context: None, session: None, report: None }
    }

    /// In a workflow of GitHub: opens the check and folds the log of the load.
    pub(super) fn of_gate(settings: GithubSettings) -> Self {
        let Some(surroundings) = Surroundings::detect() else { return Self::off(settings) };
        let publishing = Self::begin(settings, &surroundings, true);
        terminal::err("::group::loadgate: load");
        publishing
    }

    /// Begins to tell. That there is no way to is a remark.
    pub(super) fn begin(settings: GithubSettings, surroundings: &Surroundings, measures: bool) -> Self {
        let wanted = Settings {
            comment: settings.comment,
            key: settings.comment_key.clone(),
            check: settings.check,
            before: if measures { Patience::SHORT } else { Patience::USUAL },
            after: Patience::USUAL,
        };
        let session = Session::begin(surroundings, wanted, measures.then(clock::wall)).unwrap_or_else(|error| {
            terminal::err(&github::remark(Level::Warning, &format!("Nothing can be posted to GitHub: {error}.")));
            None
        });
        Self { settings, context: Some(surroundings.context.clone()), session, report: None }
    }

    /// The same with a comment that links to this page of the report.
    pub(super) fn linking(self, report: Option<WebAddress>) -> Self {
        Self { report, ..self }
    }

    /// Ends the fold that [`Publishing::of_gate`] began.
    pub(super) fn load_is_over(&self) {
        if self.context.is_some() {
            terminal::err("::endgroup::");
        }
    }

    /// What is known around a comment.
    pub(super) fn around(&self) -> Around {
        let page = |context: &Context| CiPage {
            run: context.run.id,
            attempt: context.run.attempt,
            page: context.run.url.as_deref().and_then(WebAddress::new),
        };
        let artifacts = |context: &Context| WebAddress::new(&format!("{}#artifacts", context.run.url.as_deref()?));
        Around {
            key: Some(self.settings.comment_key.clone()),
            report: self.report.clone(),
            artifacts: self.context.as_ref().and_then(artifacts),
            run: self.context.as_ref().map(page),
            previous: self.session.as_ref().and_then(Session::previous).cloned(),
            ..Around::default()
        }
    }

    /// Tells the verdict of a gate; gives how the process ends.
    pub(super) fn tell_gate(self, view: &View, exit: Exit) -> Exit {
        if exit == Exit::Interrupted {
            // Most often a later run is on its way, and its verdict is the one to read.
            let finding = Finding {
                conclusion: Conclusion::Cancelled,
                title: "the run was interrupted".to_owned(),
                summary: "The run was interrupted before it had a verdict.".to_owned(),
                annotations: Vec::new(),
            };
            self.give_up(&finding, None);
            return exit;
        }
        let around = self.around();
        self.tell(&Comment::of(view, &around), &[view], exit)
    }

    /// Tells what a comment says, and annotates what was found.
    pub(super) fn tell(mut self, comment: &Comment<'_>, views: &[&View], exit: Exit) -> Exit {
        let wanted = views.iter().filter(|_| self.settings.annotations);
        let mut annotations: Vec<_> = wanted.flat_map(|view| report::annotations(view, ANNOTATIONS_MAX)).collect();
        annotations.truncate(ANNOTATIONS_MAX);
        let (mut is_missing, mut annotated) = (self.owes_comment(&comment.state().verdict), false);
        match (self.session.take(), texts(comment)) {
            (None, _) => {}
            (Some(_), Err(error)) => terminal::err(&format!("warning: {error}")),
            (Some(session), Ok((texts, check))) => {
                let CheckText { conclusion, title, summary } = check;
                let finding = Finding { conclusion, title, summary, annotations: annotations.clone() };
                let told = session.finish(&Report { state: comment.state().clone(), texts, finding });
                told.remarks.iter().for_each(|(level, text)| terminal::err(&github::remark(*level, text)));
                if self.settings.step_summary {
                    warn(github::add_to_summary(&links(told.check.as_deref(), told.comment.as_deref())));
                }
                add_outputs(told.comment, told.check);
                (is_missing, annotated) = (told.comment_is_missing, told.annotated);
            }
        }
        if self.context.is_some() && !annotated {
            annotations.iter().for_each(|found| terminal::err(&github::command(found)));
        }
        match (is_missing && self.settings.require_comment, exit) {
            (true, Exit::Ok) => {
                terminal::err("error: the comment could not be posted, and --require-comment asks for it");
                Exit::Invalid
            }
            _ => exit,
        }
    }

    /// Whether a verdict that nothing was posted of belongs into a comment: the event names a pull request, and the mode asks for one.
    fn owes_comment(&self, verdict: &str) -> bool {
        let has_pull = self.context.as_ref().is_some_and(|context| matches!(context.pull, Pull::Known(_)));
        has_pull && self.settings.comment.begins(verdict)
    }

    /// Tells that there is no verdict, and why.
    pub(super) fn failed(self, failure: &Failure, secrets: &Secrets) {
        let message = secrets.mask(&failure.message);
        let is_told = self.context.is_some();
        tell_failure(failure.exit, &message, is_told, is_told && self.settings.step_summary);
        let is_cut = failure.exit == Exit::Interrupted;
        let finding = Finding {
            conclusion: if is_cut { Conclusion::Cancelled } else { Conclusion::Failure },
            title: format!("no verdict: {}", message.lines().next().unwrap_or_default()),
            summary: format!("{} The log says more.", ended_early(failure.exit)),
            annotations: Vec::new(),
        };
        self.give_up(&finding, (!is_cut).then_some(message.as_str()));
    }

    fn give_up(self, finding: &Finding, why: Option<&str>) {
        let told = self.session.map(|session| session.give_up(finding, why)).unwrap_or_default();
        told.remarks.iter().for_each(|(level, text)| terminal::err(&github::remark(*level, text)));
    }
}

/// A comment as long as it may be, then shorter and shorter; and the texts of the check.
fn texts(comment: &Comment<'_>) -> Result<(Vec<String>, CheckText), ReportError> {
    let (mut rung, text) = comment.fitting(COMMENT_BYTES_MAX)?;
    let mut texts = vec![text];
    while let Some(below) = rung.below() {
        texts.push(comment.at(below)?);
        rung = below;
    }
    Ok((texts, comment.check_run()?))
}

/// Where the runner shows why a gate ended without a verdict, also before there was anybody to post to: the page of the run, the job
/// summary, and an output of the step.
pub(super) fn tell_failure(exit: Exit, why: &str, in_log: bool, in_summary: bool) {
    if in_log && github::is_workflow() && exit != Exit::Interrupted {
        terminal::err(&github::remark(Level::Error, why));
    }
    warn(github::add_outputs(&[Output { name: "exit-code", value: exit.code().to_string() }]));
    if in_summary {
        let line = report::comment::no_verdict(None, why);
        warn(github::add_to_summary(&format!("### {line}\n\n{} The log says more.\n", ended_early(exit))));
    }
}

fn ended_early(exit: Exit) -> String {
    format!("The gate ended with exit code {} before it had a verdict.", exit.code())
}

/// In a workflow of GitHub: asks the runner to keep secrets out of the log, whatever else is told or not.
pub(super) fn hide(secrets: &Secrets) {
    if github::is_workflow() {
        secrets.values().map(github::mask).filter(|mask| !mask.is_empty()).for_each(|mask| terminal::err(&mask));
    }
}

/// Where the check and the comment are, for a reader of the job summary: GitHub may list the check below another workflow.
fn links(check: Option<&str>, comment: Option<&str>) -> String {
    let pages = [("the check", check), ("the comment", comment)];
    let pages: Vec<String> = pages.iter().filter_map(|(name, url)| Some(format!("[{name}]({})", (*url)?))).collect();
    if pages.is_empty() { String::new() } else { format!("\nPosted to GitHub: {}.\n", pages.join(" and ")) }
}

/// Pages that later steps may want to link.
fn add_outputs(comment: Option<String>, check: Option<String>) {
    let outputs = [("comment-url", comment), ("check-url", check)];
    let outputs = outputs.into_iter().filter_map(|(name, value)| Some(Output { name, value: value? }));
    warn(github::add_outputs(&outputs.collect::<Vec<_>>()));
}

/// Trouble with telling the CI service is a warning: the build's colour is the verdict's alone.
pub(super) fn warn(told: Result<(), PublishError>) {
    if let Err(error) = told {
        terminal::err(&format!("warning: {error}"));
    }
}

//! Telling the pull request: what `gate` and `publish` share. Trouble with it is a remark, and the exit code stays the verdict's.

use super::{Failure, terminal};
use crate::{
    clock,
    config::Secrets,
    exit::Exit,
    plan::GithubSettings,
    publish::github::{
        self, ANNOTATIONS_MAX, Conclusion, Context, Finding, Level, Output, Patience, Report, Session, Settings, Surroundings,
    },
    report::{
        self, ReportError, View, WebAddress,
        comment::{Around, COMMENT_BYTES_MAX, CiPage, Comment},
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
    pub(super) fn of_gate(settings: GithubSettings, secrets: &Secrets) -> Self {
        let Some(surroundings) = Surroundings::detect() else { return Self::off(settings) };
        for mask in secrets.values().map(github::mask).filter(|mask| !mask.is_empty()) {
            terminal::err(&mask);
        }
        let publishing = Self::begin(settings, &surroundings, true);
        terminal::err("::group::loadgate: load");
        publishing
    }

    /// Begins to tell. That there is no way to is a remark.
    pub(super) fn begin(settings: GithubSettings, surroundings: &Surroundings, measures: bool) -> Self {
        let wanted = Settings {
            comment: settings.comment.into(),
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
            self.give_up(&Finding {
                conclusion: Conclusion::Cancelled,
                title: "the run was interrupted".to_owned(),
                summary: "The run was interrupted before it had a verdict.".to_owned(),
                annotations: Vec::new(),
            });
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
        let (mut is_missing, mut annotated) = (self.settings.require_comment, false);
        match (self.session.take(), texts(comment)) {
            (None, _) => {}
            (Some(_), Err(error)) => terminal::err(&format!("warning: {error}")),
            (Some(session), Ok((texts, check))) => {
                let (title, summary) = (check.title, check.summary);
                let conclusion = Conclusion::of(check.conclusion);
                let finding = Finding { conclusion, title, summary, annotations: annotations.clone() };
                let told = session.finish(&Report { state: comment.state().clone(), texts, finding }, false);
                told.remarks.iter().for_each(|(level, text)| terminal::err(&github::remark(*level, text)));
                add_outputs(told.comment, told.check);
                (is_missing, annotated) = (is_missing && told.comment_is_missing, told.annotated);
            }
        }
        if self.context.is_some() && !annotated {
            annotations.iter().for_each(|found| terminal::err(&github::command(found)));
        }
        match (is_missing && self.context.is_some(), exit) {
            (true, Exit::Ok) => {
                terminal::err("error: the comment could not be posted, and --require-comment asks for it");
                Exit::Invalid
            }
            _ => exit,
        }
    }

    /// Tells that there is no verdict, and why.
    pub(super) fn failed(self, failure: &Failure, secrets: &Secrets) {
        let message = secrets.mask(&failure.message);
        self.give_up(&Finding {
            conclusion: if failure.exit == Exit::Interrupted { Conclusion::Cancelled } else { Conclusion::Failure },
            title: format!("no verdict: {}", message.lines().next().unwrap_or_default()),
            summary: format!("The gate ended with exit code {} before it had a verdict. The log says more.", failure.exit.code()),
            annotations: Vec::new(),
        });
    }

    fn give_up(self, finding: &Finding) {
        let told = self.session.map(|session| session.give_up(finding)).unwrap_or_default();
        told.remarks.iter().for_each(|(level, text)| terminal::err(&github::remark(*level, text)));
    }
}

/// A comment as long as it may be, then shorter and shorter; and the texts of the check.
fn texts(comment: &Comment<'_>) -> Result<(Vec<String>, report::comment::CheckText), ReportError> {
    let (mut rung, text) = comment.fitting(COMMENT_BYTES_MAX)?;
    let mut texts = vec![text];
    while let Some(below) = rung.below() {
        texts.push(comment.at(below)?);
        rung = below;
    }
    Ok((texts, comment.check_run()?))
}

/// Pages that later steps may want to link.
fn add_outputs(comment: Option<String>, check: Option<String>) {
    let outputs = [("comment-url", comment), ("check-url", check)];
    let outputs = outputs.into_iter().filter_map(|(name, value)| Some(Output { name, value: value? }));
    if let Err(error) = github::add_outputs(&outputs.collect::<Vec<_>>()) {
        terminal::err(&format!("warning: {error}"));
    }
}

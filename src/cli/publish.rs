//! `loadgate publish`: post a finished verdict, or several in one comment. The second, privileged half of a pull request from a fork.
//!
//! The files may come from a stranger's pull request. Nothing of them is run, no sentence in them is repeated where it can be made
//! from figures, and which pull request is told is found out by the commit, never by their word.

use std::path::{Path, PathBuf};

use super::{Failure, publish_args::PublishArgs, publishing::Publishing, terminal, trusted};
use crate::{
    exit::Exit,
    publish::github::{self, Level, Surroundings},
    report::{
        VerdictFile, View,
        comment::{Comment, Leg},
    },
};

/// Most verdicts in one comment.
const LEGS_MAX: usize = 100;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The verdict.json of a gate
    #[arg(long, value_name = "FILE", required_unless_present = "merge", conflicts_with = "merge")]
    verdict: Option<PathBuf>,
    /// The verdict.json of several gates, such as those of a matrix: one comment for all of them
    #[arg(long, value_name = "FILE", num_args = 1..)]
    merge: Vec<PathBuf>,
    #[command(flatten)]
    publish: PublishArgs,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let paths: Vec<&Path> = args.verdict.iter().chain(&args.merge).map(PathBuf::as_path).collect();
    if paths.len() > LEGS_MAX {
        return Err(Failure::usage(format!("{} verdicts are more than a comment can show", paths.len()))
            .hint(format!("post at most {LEGS_MAX} at once, with a --comment-key for each")));
    }
    let surroundings = Surroundings::detect().ok_or_else(|| {
        Failure::usage("this is no step of a workflow of GitHub: GITHUB_ACTIONS and GITHUB_REPOSITORY are not set")
            .hint("run `loadgate publish` in a workflow; outside of one the comment is in comment.md of the report folder")
    })?;
    if surroundings.server.is_none() {
        return Err(Failure::usage("GITHUB_TOKEN is not set").hint("give the step `env: { GITHUB_TOKEN: ${{ github.token }} }`"));
    }
    let commit = surroundings.context.head_sha.as_deref();
    let is_strangers = trusted::with_a_strangers_code(&surroundings.context);
    let views = read_all(&paths, &Source { commit, is_strangers }, !args.merge.is_empty())?;
    let first = views.iter().find(|view| view.has_verdict()).ok_or_else(|| Failure::usage("no verdict was given"))?;
    if is_strangers && !args.publish.has_key() {
        return Err(Failure::usage("a verdict from another repository must not name the comment and the check itself")
            .hint("name them in the workflow: the action's input `comment-key: fork`, or --comment-key fork"));
    }
    let settings = args.publish.alone(&first.file.suite)?;
    let publishing = Publishing::begin(settings, &surroundings, false).linking(args.publish.report());
    let around = publishing.around();
    let shown: Vec<&View> = views.iter().collect();
    if args.merge.is_empty() {
        return Ok(publishing.tell(&Comment::of(first, &around), &shown, Exit::Ok));
    }
    let names = names(&paths, &views);
    let legs: Vec<Leg<'_>> = names.iter().zip(&views).map(|(name, view)| Leg { name, view }).collect();
    Ok(publishing.tell(&Comment::merged(&legs, &around), &shown, Exit::Ok))
}

/// Where the verdicts are from.
struct Source<'a> {
    /// The commit that this workflow speaks of.
    commit: Option<&'a str>,
    /// Whether somebody without any rights may have written them.
    is_strangers: bool,
}

/// Who accepted a regression by the word of a stranger, who could name anybody.
const SOMEBODY: &str = "somebody, as the file of the fork says";

/// Reads all of them. Where a comment is on several, one that can't be read is told of beside the others: the job that left none is
/// most often the one that readers must hear of.
fn read_all(paths: &[&Path], source: &Source<'_>, several: bool) -> Result<Vec<View>, Failure> {
    let results: Vec<Result<View, Failure>> = paths.iter().map(|path| read(path, source)).collect();
    let others_do = several && results.iter().any(Result::is_ok);
    let or_missing =
        |path: &Path, failure: Failure| if others_do { Ok(missing(path, source.commit, &failure)) } else { Err(failure) };
    results.into_iter().zip(paths).map(|(result, path)| result.or_else(|failure| or_missing(path, failure))).collect()
}

fn missing(path: &Path, commit: Option<&str>, failure: &Failure) -> View {
    let told = format!("{}. It is shown as a measurement without a verdict.", failure.message);
    terminal::err(&github::remark(Level::Warning, &told));
    let name = folder(path).unwrap_or_else(|| path.display().to_string());
    View::without_verdict(&name, commit, &failure.message)
}

/// Reads a verdict, which must be one of the commit that this workflow speaks of.
fn read(path: &Path, source: &Source<'_>) -> Result<View, Failure> {
    let refused = |reason: &str| {
        Failure::usage(format!("{}: {reason}", path.display()))
            .hint("give the verdict.json that `loadgate gate` wrote in this run")
    };
    let mut file = VerdictFile::read(path)?;
    if let Some(accepted) = file.accepted.as_mut().filter(|_| source.is_strangers) {
        accepted.by = Some(SOMEBODY.to_owned());
    }
    let is_other = |expected: &str| file.candidate.commit.as_deref().is_none_or(|of| !of.eq_ignore_ascii_case(expected));
    if let Some(expected) = source.commit.filter(|expected| is_other(expected)) {
        return Err(refused(&format!("the verdict is not of {expected}, the commit that this workflow speaks of")));
    }
    View::restored(&file).map_err(|reason| refused(&reason))
}

/// What tells the verdicts apart: the suites, or the folders they are in.
fn names(paths: &[&Path], views: &[View]) -> Vec<String> {
    let suites: Vec<String> = views.iter().map(|view| view.file.suite.clone()).collect();
    let is_alone = |name: &String| suites.iter().filter(|other| *other == name).count() == 1;
    let name = |(suite, path): (&String, &&Path)| {
        if is_alone(suite) { suite.clone() } else { folder(path).unwrap_or_else(|| suite.clone()) }
    };
    suites.iter().zip(paths).map(name).collect()
}

fn folder(path: &Path) -> Option<String> {
    path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned())
}

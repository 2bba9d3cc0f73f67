//! `loadgate baseline`: looking after stored runs.

mod accept;
mod forget;
pub(super) mod learn;
pub(super) mod learned_text;
mod list;
mod promote;
mod record;
mod show;
mod verdict_file;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Failure, config_args::ConfigArgs, shelf, terminal};
use crate::{
    baseline::{Pruning, Shelf, Store, StoreError},
    clock,
    exit::Exit,
    plan::{BaselineSettings, BaselineStore, Resolved},
    policy::Regression,
    record::Pin,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
    /// Folder of the stored runs [default: that of --config, else baselines]
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Configuration whose baseline folder is meant
    #[arg(short, long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set a variable for ${NAME} in the configuration
    #[arg(short = 'e', global = true, value_name = "NAME=VALUE")]
    vars: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show what is stored
    List {
        /// Only runs of this suite
        #[arg(long, value_name = "NAME")]
        suite: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one stored run, and the noise that was learned
    Show {
        /// File of a stored run, or `latest`
        #[arg(value_name = "FILE|latest")]
        run: PathBuf,
        /// Only runs of this suite (for `latest`)
        #[arg(long, value_name = "NAME")]
        suite: Option<String>,
    },
    /// Make runs of the present version and store them
    Record(record::Args),
    /// Store runs, so that later ones are compared with them
    Promote(promote::Args),
    /// Store runs that a gate called slower and that are meant to be: later runs are compared with them
    Accept(accept::Args),
    /// Store what a comparison side by side taught of noise, so that later ones see smaller changes
    Learn(learn::Args),
    /// Take back what was learned of noise: no later comparison uses it
    Forget(forget::Args),
    /// Keep stored runs for good: the release that later runs are held against in the history
    Pin {
        /// Name or path of a stored run; or a commit or a label, for all runs that have it
        #[arg(value_name = "RUN")]
        run: PathBuf,
        /// What it is, such as a release
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
    },
    /// Let pinned runs grow old like the others
    Unpin {
        /// Name or path of a stored run; or a commit or a label, for all runs that have it
        #[arg(value_name = "RUN")]
        run: PathBuf,
    },
    /// Remove old runs; none younger than seven days, and none that is pinned
    Prune {
        /// Runs to keep of each suite and fingerprint [default: baseline.keep of --config]
        #[arg(long, value_name = "N", required_unless_present = "config")]
        keep: Option<usize>,
        /// Only runs of this suite
        #[arg(long, value_name = "NAME")]
        suite: Option<String>,
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
    /// Move the newest run aside, or all that are newer than a good one
    Rollback {
        /// The newest run that is still good, by name, path, commit or label; newer ones of its fingerprint are moved aside
        #[arg(long, value_name = "RUN")]
        to: Option<PathBuf>,
        /// Only runs of this suite
        #[arg(long, value_name = "NAME", conflicts_with = "to")]
        suite: Option<String>,
    },
}

impl Args {
    /// The configuration, if one is given.
    fn resolved(&self) -> Result<Option<Resolved>, Failure> {
        let Some(config) = &self.config else { return Ok(None) };
        let args = ConfigArgs { config: config.clone(), vars: self.vars.clone(), set: Vec::new(), env: None };
        args.resolve().map(Some)
    }

    /// The rules of the configuration, if one is given.
    fn rules(&self) -> Result<Option<Regression>, Failure> {
        Ok(self.resolved()?.map(|resolved| resolved.policy.regression))
    }

    /// Folder and number kept: those of the flags, else those that `gate` would use with the same configuration.
    fn settings(&self) -> Result<BaselineSettings, Failure> {
        let mut settings = match self.resolved()? {
            Some(resolved) => resolved.baseline,
            // What it makes, it makes by a configuration, and keeps where that says.
            None if matches!(self.action, Action::Record(_)) => self.config().resolve()?.baseline,
            None => BaselineSettings {
                store: BaselineStore::File,
                dir: PathBuf::from("baselines"),
                branch: String::new(),
                keep: usize::MAX,
                promote: false,
            },
        };
        if let Some(dir) = &self.dir {
            settings.dir.clone_from(dir);
            settings.store = BaselineStore::File;
        }
        Ok(settings)
    }
}

impl Args {
    fn config(&self) -> ConfigArgs {
        let config = self.config.clone().unwrap_or_else(|| PathBuf::from("loadgate.yml"));
        ConfigArgs { config, vars: self.vars.clone(), set: Vec::new(), env: None }
    }
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let settings = args.settings()?;
    let shelf = shelf::of(&settings);
    match &args.action {
        Action::List { suite, json } => list::run(&shelf, suite.as_deref(), *json),
        Action::Show { run, suite } => show::run(&shelf, run, suite.as_deref()),
        Action::Record(record) => record::run(&shelf, &args.config(), record),
        Action::Promote(args) => promote::run(&shelf, args),
        Action::Accept(args) => accept::run(&shelf, args),
        Action::Learn(learn) => learn::run(&shelf, learn, args.rules()?.as_ref()),
        Action::Forget(args) => forget::run(&shelf, args),
        Action::Pin { run, label } => pin(&shelf, run, label.as_ref()),
        Action::Unpin { run } => unpin(&shelf, run),
        Action::Prune { keep, suite, dry_run } => prune(&shelf, suite.as_deref(), keep.unwrap_or(settings.keep), *dry_run),
        Action::Rollback { to, suite } => rollback(&shelf, to.as_deref(), suite.as_deref()),
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let failure = Self::usage(&error);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

fn pin(shelf: &Shelf, run: &Path, label: Option<&String>) -> Result<Exit, Failure> {
    let pinned = changed(shelf, "Pin", |store| Ok(store.pin(run, &Pin::new(clock::wall(), label.cloned()))?))?;
    pinned.iter().for_each(|path| terminal::out(&path.display().to_string()));
    Ok(Exit::Ok)
}

fn unpin(shelf: &Shelf, run: &Path) -> Result<Exit, Failure> {
    let unpinned = changed(shelf, "Unpin", |store| Ok(store.unpin(run)?))?;
    unpinned.iter().for_each(|path| terminal::out(&path.display().to_string()));
    Ok(Exit::Ok)
}

fn prune(shelf: &Shelf, suite: Option<&str>, keep: usize, dry_run: bool) -> Result<Exit, Failure> {
    let pruning = if dry_run { Pruning::DryRun } else { Pruning::Remove };
    let removed = changed(shelf, "Prune", |store| Ok(store.prune(suite, keep, clock::wall(), pruning)?))?;
    removed.iter().for_each(|path| terminal::out(&path.display().to_string()));
    let verb = if dry_run { "would be removed" } else { "removed" };
    terminal::err(&format!(
        "{} {verb}; the {keep} newest of each fingerprint, all younger than 7 days and all that are pinned stay",
        runs(removed.len())
    ));
    Ok(Exit::Ok)
}

fn rollback(shelf: &Shelf, to: Option<&Path>, suite: Option<&str>) -> Result<Exit, Failure> {
    let withdrawn = changed(shelf, "Roll back", |store| {
        if to.is_none() && suite.is_none() {
            one_suite(store, "several suites", store.list(None)?.into_iter().map(|listed| listed.suite).collect())?;
        }
        Ok(match to {
            Some(file) => store.withdraw_after(file)?,
            None => store.withdraw_newest(suite)?,
        })
    })?;
    withdrawn.iter().for_each(|path| terminal::out(&path.display().to_string()));
    terminal::err(&format!("{} withdrawn; to use one again, move it back into the folder above", runs(withdrawn.len())));
    Ok(Exit::Ok)
}

/// Changes what is stored. Gives the names of the files that the change is about.
fn changed(
    shelf: &Shelf,
    why: &str,
    mut change: impl FnMut(&Store) -> Result<Vec<PathBuf>, Failure>,
) -> Result<Vec<PathBuf>, Failure> {
    shelf.change(why, |store| Ok(change(store)?.iter().map(|path| shelf.name(store, path)).collect()))
}

/// "The newest" means something only within a suite. `what` says what there is of these.
fn one_suite(store: &Store, what: &str, mut suites: Vec<String>) -> Result<(), Failure> {
    suites.dedup();
    if suites.len() > 1 {
        let failure = Failure::usage(format!("{} holds {what}: {}", store.dir().display(), suites.join(", ")));
        return Err(failure.hint("choose one with --suite"));
    }
    Ok(())
}

fn runs(count: usize) -> String {
    if count == 1 { "1 run".to_owned() } else { format!("{count} runs") }
}

//! `loadgate history`: what was measured of a branch over time, and where it changed.

use std::path::PathBuf;

use super::{Failure, config_args::ConfigArgs, shelf, terminal};
use crate::{
    baseline::{Kept, Shelf, Store},
    compare::{self, Outcome},
    exit::Exit,
    history::{self, History, Run},
    policy::Regression,
    record::RunRecord,
    units,
};

/// Runs of the branch that are held against the pinned ones.
const NEWEST: usize = 5;
/// Chance that the newest runs are called slower than the pinned ones when they are not: it is asked again with each run.
const ANCHOR_ALPHA: f64 = 0.001;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the stored runs [default: that of --config, else baselines]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Configuration whose baseline folder is meant
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set a variable for ${NAME} in the configuration
    #[arg(short = 'e', value_name = "NAME=VALUE")]
    vars: Vec<String>,
    /// Only runs of this suite
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// Show this endpoint, in place of the service as a whole
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// Rows of the table: the newest runs
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    last: u16,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write it to a file in place of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How the history is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Table, charts and changes for a terminal; of all fingerprints the one of the newest run
    Text,
    /// All of it for programs
    Json,
    /// A row per run and endpoint
    Csv,
    /// A page
    Html,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let store = &*args.shelf()?.open()?;
    let kept = store.kept(args.suite.as_deref())?;
    if kept.is_empty() {
        return Err(Failure::usage(format!("no run is stored under {}", store.dir().display()))
            .hint("store runs of the main branch: loadgate baseline promote, or loadgate baseline record"));
    }
    let mut histories = kept.into_iter().map(|kept| of(store, kept)).collect::<Result<Vec<_>, _>>()?;
    histories.sort_by_key(|history| std::cmp::Reverse(history.runs.last().map(|run| run.point.started_at)));
    if let Some(endpoint) = &args.endpoint {
        known(endpoint, &histories)?;
    }
    let text = match args.format {
        Format::Text => text(args, &histories),
        Format::Json => serde_json::to_string_pretty(&history::json(&histories)).map_err(Failure::usage)?,
        Format::Csv => history::csv(&histories).map_err(Failure::usage)?.trim_end().to_owned(),
        Format::Html => history::page(&histories).map_err(Failure::usage)?,
    };
    let Some(path) = &args.out else {
        terminal::out(&text);
        return Ok(Exit::Ok);
    };
    std::fs::write(path, text + "\n").map_err(|error| {
        Failure::usage(format!("{}: the history can't be written: {error}", path.display())).hint("choose a file with --out FILE")
    })?;
    terminal::out(&path.display().to_string());
    Ok(Exit::Ok)
}

impl Args {
    fn shelf(&self) -> Result<Shelf, Failure> {
        if let Some(dir) = &self.dir {
            return Ok(Shelf::Folder(dir.clone()));
        }
        let Some(config) = &self.config else { return Ok(Shelf::Folder(PathBuf::from("baselines"))) };
        let config = ConfigArgs { config: config.clone(), vars: self.vars.clone(), set: Vec::new(), env: None };
        Ok(shelf::of(&config.resolve()?.baseline))
    }
}

fn of(store: &Store, kept: Kept) -> Result<History, Failure> {
    let anchor = anchor(store, &kept);
    let suite = kept.runs.first().map_or_else(|| kept.suite.clone(), |run| run.point.suite.clone());
    let runs = kept.runs.into_iter().map(|run| Run {
        entry: run.entry,
        point: run.point,
        fate: run.fate.name(),
        pinned: run.pin.map(|pin| pin.label.unwrap_or_default()),
    });
    let mut history = History::of(suite, kept.fingerprint, runs.collect(), &kept.damaged);
    let found = anchor.unwrap_or_else(|failure| vec![failure.message]);
    history.notes.splice(..0, found);
    Ok(history)
}

/// The newest runs against the pinned ones, which no later run has a part in: what crept in by steps too small to see shows here.
fn anchor(store: &Store, kept: &Kept) -> Result<Vec<String>, Failure> {
    if kept.runs.iter().all(|run| run.pin.is_none()) {
        return Ok(Vec::new());
    }
    let records =
        |stored: Vec<crate::baseline::Stored>| stored.into_iter().map(|stored| stored.record).collect::<Vec<RunRecord>>();
    let pinned = records(store.pinned(&kept.suite, &kept.fingerprint)?);
    let newest = records(store.newest(&kept.suite, &kept.fingerprint, NEWEST)?);
    if pinned.is_empty() || newest.is_empty() {
        return Ok(Vec::new());
    }
    let rules = Regression { alpha: ANCHOR_ALPHA, ..Regression::default() };
    let comparison = compare::compare(&pinned, &newest, &rules);
    let sides = format!("the newest {} against {}", counted(newest.len(), "run"), counted(pinned.len(), "pinned run"));
    let slower: Vec<String> = comparison
        .rows
        .iter()
        .filter(|row| row.outcome == Outcome::Regressed)
        .filter_map(|row| {
            Some(format!(
                "{sides}: {} {} is slower by {}",
                row.endpoint,
                row.metric,
                units::percent(row.change.as_ref()?.estimate)
            ))
        })
        .collect();
    let sensitivity = comparison
        .sensitivity
        .map_or_else(String::new, |mde| format!("; a change of {} or more would have been seen", units::percent(mde)));
    Ok(if slower.is_empty() { vec![format!("{sides}: nothing is surely slower{sensitivity}")] } else { slower })
}

fn counted(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

fn known(endpoint: &str, histories: &[History]) -> Result<(), Failure> {
    let mut names: Vec<&str> =
        histories.iter().flat_map(|history| &history.series).map(|series| series.endpoint.as_str()).collect();
    names.dedup();
    if names.contains(&endpoint) {
        return Ok(());
    }
    Err(Failure::usage(format!("there is no endpoint '{endpoint}' in the history"))
        .hint(format!("there are: {}", names.join(", "))))
}

fn text(args: &Args, histories: &[History]) -> String {
    let [newest, others @ ..] = histories else { return String::new() };
    let mut text = history::text(newest, args.endpoint.as_deref(), usize::from(args.last));
    if !others.is_empty() {
        let runs: usize = others.iter().map(|history| history.runs.len()).sum();
        text += &format!(
            "\nnote: {} of other fingerprints or suites are not in this table; --format html, json and csv show them",
            counted(runs, "run")
        );
    }
    text
}

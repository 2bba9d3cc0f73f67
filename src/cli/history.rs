//! `loadgate history`: what was measured of a branch over time, and where it changed.

use std::{collections::BTreeSet, path::PathBuf};

use super::{Failure, anchor, config_args::ConfigArgs, noise, shelf, terminal};
use crate::{
    baseline::{Kept, Shelf, Store},
    exit::Exit,
    history::{self, History, Run},
    plan::Resolved,
    policy::Regression,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the stored runs [default: that of --config, else baselines]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Configuration whose baseline folder is meant, and by whose rules the newest runs are held against pinned ones
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
    /// How much runs and processes differ by themselves, and how small a change is seen for that
    #[arg(long)]
    noise: bool,
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
    let resolved = args.resolved()?;
    let store = &*args.shelf(resolved.as_ref()).open()?;
    let mut kept = store.kept(args.suite.as_deref())?;
    if args.noise {
        kept.extend(noise::without_runs(store, args.suite.as_deref(), &kept)?);
    }
    if kept.is_empty() {
        return Err(Failure::usage(format!("no run is stored under {}", store.dir().display()))
            .hint("store runs of the main branch: loadgate baseline promote, or loadgate baseline record"));
    }
    let rules = resolved.as_ref().map(|resolved| &resolved.policy.regression);
    let of = |kept| of(store, kept, rules, args.noise);
    let mut histories = kept.into_iter().map(of).collect::<Result<Vec<History>, Failure>>()?;
    histories.sort_by_key(|history| std::cmp::Reverse(history.runs.last().map(|run| run.point.started_at)));
    if let Some(endpoint) = &args.endpoint {
        known(endpoint, &histories)?;
    }
    let text = match args.format {
        Format::Text => text(args, &histories),
        Format::Csv if args.noise => history::noise_csv(&histories).map_err(Failure::usage)?.trim_end().to_owned(),
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
    /// The configuration, if one is given.
    fn resolved(&self) -> Result<Option<Resolved>, Failure> {
        let Some(config) = &self.config else { return Ok(None) };
        let config = ConfigArgs { config: config.clone(), vars: self.vars.clone(), set: Vec::new(), env: None };
        config.resolve().map(Some)
    }

    fn shelf(&self, resolved: Option<&Resolved>) -> Shelf {
        match (&self.dir, resolved) {
            (Some(dir), _) => Shelf::Folder(dir.clone()),
            (None, Some(resolved)) => shelf::of(&resolved.baseline),
            (None, None) => Shelf::Folder(PathBuf::from("baselines")),
        }
    }
}

fn of(store: &Store, kept: Kept, rules: Option<&Regression>, with_noise: bool) -> Result<History, Failure> {
    let anchor = anchor::notes(store, &kept, rules);
    let folder = kept.suite.clone();
    let suite = kept.runs.first().map_or_else(|| kept.suite.clone(), |run| run.point.suite.clone());
    let runs = kept.runs.into_iter().map(|run| Run {
        entry: run.entry,
        point: run.point,
        fate: run.fate.name(),
        pinned: run.pin.map(|pin| pin.label.unwrap_or_default()),
    });
    let mut history = History::of(suite, kept.fingerprint, runs.collect(), &kept.damaged);
    history.notes.splice(..0, anchor);
    if with_noise {
        history.noise = Some(noise::table(store, &folder, &history, rules)?);
    }
    Ok(history)
}

fn counted(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

fn known(endpoint: &str, histories: &[History]) -> Result<(), Failure> {
    let followed = histories.iter().flat_map(|history| &history.series).map(|series| series.endpoint.as_str());
    let noisy = histories.iter().filter_map(|history| history.noise.as_ref()).flat_map(|noise| &noise.rows);
    let mut names: Vec<&str> = followed.chain(noisy.map(|row| row.endpoint.as_str())).collect();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    if names.contains(&endpoint) {
        return Ok(());
    }
    Err(Failure::usage(format!("there is no endpoint '{endpoint}' in the history"))
        .hint(format!("there are: {}", names.join(", "))))
}

fn text(args: &Args, histories: &[History]) -> String {
    let [newest, others @ ..] = histories else { return String::new() };
    let endpoint = args.endpoint.as_deref();
    let mut text = match &newest.noise {
        Some(_) => noise::text(newest, endpoint),
        None => history::text(newest, endpoint, usize::from(args.last)),
    };
    if !others.is_empty() {
        let runs: usize = others.iter().map(|history| history.runs.len()).sum();
        text += &format!(
            "\nnote: {} of other fingerprints or suites are not in this table; --format html, json and csv show them",
            counted(runs, "run")
        );
    }
    text
}

//! `loadgate baseline forget`.

use std::path::PathBuf;

use super::super::{Failure, terminal};
use crate::{baseline::Shelf, exit::Exit};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What is to be forgotten: entries as `baseline show` lists them, or their files
    #[arg(value_name = "ENTRY", required_unless_present = "last", conflicts_with = "last")]
    entries: Vec<PathBuf>,
    /// The newest N instead
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    last: Option<u16>,
    /// Only what was learned of this suite
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
}

pub(super) fn run(shelf: &Shelf, args: &Args) -> Result<Exit, Failure> {
    let suite = args.suite.as_deref();
    let forgotten = super::changed(shelf, "Forget noise", |store| match args.last {
        Some(count) => {
            if suite.is_none() {
                super::one_suite(store, "what several suites taught", store.suites_learned()?)?;
            }
            Ok(store.forget_newest(count.into(), suite)?)
        }
        None => Ok(args.entries.iter().map(|entry| store.forget(entry, suite)).collect::<Result<Vec<_>, _>>()?),
    })?;
    forgotten.iter().for_each(|path| terminal::out(&path.display().to_string()));
    let what = match forgotten.len() {
        1 => "what 1 comparison taught is".to_owned(),
        count => format!("what {count} comparisons taught is"),
    };
    terminal::err(&format!("{what} withdrawn; to learn from it again, move it back into the folder above"));
    Ok(Exit::Ok)
}

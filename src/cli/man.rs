//! `loadgate man`: manual pages.

use std::{fs, path::PathBuf};

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::{Cli, Failure, terminal};
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write a page for each command into this folder instead of printing the page of loadgate
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page).map_err(Failure::usage)?;
        terminal::out(&String::from_utf8_lossy(&page));
        return Ok(Exit::Ok);
    };
    let failed = |error| Failure::usage(format!("{}: can't write the pages here: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
    terminal::err(&format!("wrote the pages to {}; read one with: man {}/loadgate.1", folder.display(), folder.display()));
    Ok(Exit::Ok)
}

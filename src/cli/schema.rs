//! `loadgate schema`: the JSON Schema of the configuration.

use super::{Failure, terminal};
use crate::{config, exit::Exit};

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> Result<Exit, Failure> {
    terminal::out(&format!("{:#}", config::json_schema()));
    Ok(Exit::Ok)
}

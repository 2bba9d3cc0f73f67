//! `loadgate report`.

use super::Failure;
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> Result<Exit, Failure> {
    Err(Failure::usage("not built yet"))
}

//! `loadgate check`: the configuration is valid, and this is what a run would send.

use super::{Failure, config_args::ConfigArgs, start_args::StartArgs, terminal};
use crate::{exit::Exit, plan::Resolved};

mod plan_text;
mod replicates_text;
mod steering_text;
mod target_text;
mod thresholds_text;
mod users_text;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    start: StartArgs,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let resolved = args.config.resolve_with(&args.start)?;
    terminal::out(&shown(&resolved));
    for note in &resolved.notes {
        terminal::err(&format!("note: {}", resolved.secrets.mask(note)));
    }
    Ok(Exit::Ok)
}

fn shown(resolved: &Resolved) -> String {
    // Masked as a whole: whatever a section shows, a secret never leaves.
    resolved.secrets.mask(&plan_text::render(resolved))
}

//! `loadgate check`: the configuration is valid, this is what a run would send, and this is what a gate would see.

use super::{Failure, config_args::ConfigArgs, outlook::Outlook, services, start_args::StartArgs, terminal};
use crate::{exit::Exit, plan::Resolved, units};

mod outlook_text;
mod plan_text;
mod replicates_text;
mod shortage_text;
mod sockets_text;
mod steering_text;
mod target_text;
mod thresholds_text;
mod users_text;

pub(super) use plan_text::table;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    start: StartArgs,
    /// Print instead how many replicates of what length it takes to see a change of so much: 5%
    #[arg(long, value_name = "CHANGE", value_parser = change)]
    power: Option<f64>,
}

/// Largest change that is worth a plan.
const CHANGE_MAX: f64 = 10.0;

fn change(text: &str) -> Result<f64, String> {
    let share = units::parse_share(text).map_err(|error| format!("{}; {}", error.message, error.hint))?;
    let is_in_range = share > 0.0 && share <= CHANGE_MAX;
    is_in_range.then_some(share).ok_or_else(|| "write a percentage above 0 and up to 1000%".to_owned())
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let resolved = args.config.resolve_with(&args.start)?;
    let outlook = Outlook::of(&resolved)?;
    terminal::out(&match args.power {
        None => shown(&resolved, outlook.as_ref()),
        Some(wanted) => power(outlook.as_ref(), wanted, &resolved)?,
    });
    for note in resolved.notes.iter().chain(&services::port_notes(&resolved.plan)) {
        terminal::err(&format!("note: {}", resolved.secrets.mask(note)));
    }
    Ok(Exit::Ok)
}

fn shown(resolved: &Resolved, outlook: Option<&Outlook>) -> String {
    // Masked as a whole: whatever a section shows, a secret never leaves.
    resolved.secrets.mask(&plan_text::render(resolved, outlook))
}

fn power(outlook: Option<&Outlook>, wanted: f64, resolved: &Resolved) -> Result<String, Failure> {
    let outlook = outlook.ok_or_else(|| {
        Failure::usage("how many requests users make is the target's to decide, so what they can show can't be told beforehand")
            .hint("measure with arrivals (rate: 200/s), or look at `would have been seen` in the verdict of a run")
    })?;
    Ok(outlook_text::power(outlook, wanted, resolved))
}

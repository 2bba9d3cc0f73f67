//! The flag that plays one endpoint alone.

use super::Failure;
use crate::{config::nearest_hint, plan::Resolved};

/// Which endpoint is played.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct OnlyArgs {
    /// Play the scenarios of this endpoint alone, with the share of the load they have; what is promised of others is left out
    #[arg(long, value_name = "ENDPOINT")]
    only: Option<String>,
}

impl OnlyArgs {
    /// The plan of that endpoint; all of it without the flag.
    ///
    /// # Errors
    /// A name that no measured endpoint has.
    pub(super) fn of(&self, resolved: Resolved) -> Result<Resolved, Failure> {
        let Some(endpoint) = &self.only else { return Ok(resolved) };
        let names: Vec<String> = resolved.plan.workload.measured_endpoints().map(|known| known.name.clone()).collect();
        let mut alone = resolved.only(endpoint).ok_or_else(|| {
            let hint = nearest_hint(endpoint, names.iter().map(String::as_str), "measured endpoints");
            Failure::usage(format!("--only {endpoint}: no measured endpoint has this name")).hint(hint)
        })?;
        alone.asked.flags.extend(["--only".to_owned(), endpoint.clone()]);
        Ok(alone)
    }
}

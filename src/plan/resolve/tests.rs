//! Resolving whole configurations, in files of their own: right ones, what steers the load, and wrong ones with their whole error texts.

mod control;
mod own_reports;
mod replicates;
mod right;
mod slips;
mod targets;
mod users;
mod versions;
mod websocket;
mod wrong_load;
mod wrong_promises;
mod wrong_settings;

use super::{Resolved, resolve};
use crate::config::{ConfigError, Overrides, load};

fn resolved_with(text: &str, overrides: &Overrides) -> Result<Resolved, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loadgate.yml");
    std::fs::write(&path, text).unwrap();
    let mut result = load(&path, overrides).and_then(|loaded| resolve(&loaded));
    if let Err(error) = &mut result {
        error.path = "loadgate.yml".into();
    }
    result
}

fn resolved(text: &str) -> Resolved {
    resolved_with(text, &Overrides::default()).unwrap_or_else(|error| panic!("error: {error}"))
}

fn refusal(text: &str) -> String {
    resolved_with(text, &Overrides::default()).map_or_else(|error| error.to_string(), |_| "it was accepted".to_owned())
}

/// A right configuration with these sections before its own.
fn with(sections: &str) -> String {
    format!("{sections}\n{}", with_stages("stages: [ { rate: 10/s, duration: 60s } ]"))
}

fn with_stages(stages: &str) -> String {
    format!(
        "target: http://127.0.0.1:8080\n{stages}\nscenarios:\n  - {{ name: items, get: /items }}\n  - {{ name: health, get: /health }}\n"
    )
}

fn with_scenarios(scenarios: &str) -> String {
    format!("target: http://127.0.0.1:8080\nstages: [ {{ rate: 10/s, duration: 60s }} ]\n{scenarios}\n")
}

fn overrides(variables: &[(&str, &str)], set: &[(&str, &str)], environment: Option<&str>) -> Overrides {
    let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Overrides {
        variables: owned(variables),
        set: owned(set),
        environment: environment.map(str::to_owned),
        ..Overrides::default()
    }
}

//! The flags of every command that reads a configuration.

use std::path::PathBuf;

use super::{Failure, own_templates, start_args::StartArgs};
use crate::{
    config::{self, ConfigError, Overrides},
    plan::{self, Resolved},
};

/// Where the configuration is and what to change in it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ConfigArgs {
    /// Configuration file
    #[arg(short, long, value_name = "FILE", default_value = "loadgate.yml")]
    pub config: PathBuf,
    /// Set a variable for ${NAME} in the configuration
    #[arg(short = 'e', value_name = "NAME=VALUE")]
    pub vars: Vec<String>,
    /// Replace a value of the configuration: regression.alpha=0.05
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Lay an entry of `environments:` over the configuration
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
}

impl ConfigArgs {
    /// Reads the configuration and makes the plan.
    ///
    /// # Errors
    /// Anything wrong with the flags or the configuration; nothing was sent, the exit code is that of a usage error.
    pub(super) fn resolve(&self) -> Result<Resolved, Failure> {
        self.resolve_with(&StartArgs::default())
    }

    /// Whether a flag gives this value of the configuration, whatever the file says.
    pub(super) fn sets(&self, path: &str) -> bool {
        self.set.iter().any(|text| text.split_once('=').is_some_and(|(name, _)| name == path))
    }

    /// The same, with commands that flags give.
    ///
    /// # Errors
    /// As [`ConfigArgs::resolve`].
    pub(super) fn resolve_with(&self, start: &StartArgs) -> Result<Resolved, Failure> {
        let overrides = Overrides {
            variables: pairs("-e", &self.vars, "NAME=VALUE")?,
            set: pairs("--set", &self.set, "PATH=VALUE")?,
            environment: self.env.clone(),
            ..Overrides::default()
        };
        let loaded = config::load(&self.config, &start.over(overrides));
        let mut resolved = loaded.and_then(|loaded| plan::resolve(&loaded)).map_err(Failure::from)?;
        resolved.asked.flags = self.flags(start);
        own_templates::check(&resolved)?;
        Ok(resolved)
    }

    /// The flags that change the configuration, each word by itself.
    fn flags(&self, start: &StartArgs) -> Vec<String> {
        let mut words = Vec::new();
        for (flag, values) in [("-e", &self.vars), ("--set", &self.set)] {
            words.extend(values.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        }
        words.extend(self.env.iter().flat_map(|name| ["--env".to_owned(), name.clone()]));
        words.extend(start.flags());
        words
    }
}

/// Hints stand with the problems they belong to, within the message.
impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error)
    }
}

fn pairs(flag: &str, texts: &[String], form: &str) -> Result<Vec<(String, String)>, Failure> {
    texts
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(Failure::usage(format!("{flag} {text}: there is no '='")).hint(format!("write {flag} {form}"))),
        })
        .collect()
}

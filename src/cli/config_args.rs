//! The flags of every command that reads a configuration.

use std::path::PathBuf;

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

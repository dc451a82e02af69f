//! Where the rules are, and how often they are evaluated.

use std::path::PathBuf;

use runtime::config::positive;
use serde::Deserialize;

/// The variables that begin with `ALERTS_`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The file of rules, read again when it changes; without one nothing is evaluated.
    pub file: Option<PathBuf>,
    /// How often the rules are evaluated, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub interval_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { file: None, interval_ms: 10_000 }
    }
}

//! Where the standalone keeps its data, and what it embeds.

use std::path::PathBuf;

use serde::Deserialize;

/// The variables that begin with `MILLRACE_`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The data folder; made if it is missing.
    pub data: PathBuf,
    /// The port of the embedded engine's HTTP interface; 0 picks one.
    pub engine_port: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self { data: "data".into(), engine_port: 8123 }
    }
}

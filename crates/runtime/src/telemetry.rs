//! Logs, on standard error.

use std::fmt::Display;
use std::io::IsTerminal;

use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::ConfigError;

/// The variables that begin with `LOG_`.
#[derive(Deserialize)]
#[serde(default)]
pub struct Config {
    /// A level, or `tracing`'s filter directives.
    pub level: String,
    /// How a line looks.
    pub format: Format,
}

/// How a line looks.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self { level: "info".into(), format: Format::Text }
    }
}

/// Begins logging. Call once. An error names the variable.
pub fn init(config: &Config) -> Result<(), ConfigError> {
    let bad = |problem: &dyn Display| ConfigError::new("LOG_LEVEL", problem);
    // A word that is no level would be taken for the name of a module.
    for word in config.level.split(',').filter(|word| !word.contains('=')) {
        word.trim().parse::<LevelFilter>().map_err(|error| bad(&format_args!("{error}: {word:?}")))?;
    }
    let filter = EnvFilter::try_new(&config.level).map_err(|error| bad(&error))?;
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match config.format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
        Format::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}

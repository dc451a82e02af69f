//! What is measured: each row starts what it needs and ends it again.

mod api;
mod consumer;
mod dialects;
mod drain;
mod embeddings;
mod idle;
mod rate;
mod reads;
mod standalone;
mod standard;
mod table;

use std::path::Path;

use anyhow::bail;
use serde::Serialize;

use crate::Scale;
use crate::figure::Figure;
use crate::site::Cost;

/// What was measured under one heading.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) what: String,
    pub(crate) figures: Vec<Figure>,
    /// What the processes took meanwhile.
    pub(crate) costs: Vec<Cost>,
    pub(crate) notes: Vec<String>,
}

impl Measured {
    pub(crate) fn new(what: impl Into<String>, figures: Vec<Figure>, costs: Vec<Cost>) -> Self {
        Self { what: what.into(), figures, costs, notes: Vec::new() }
    }

    pub(crate) fn noting(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }
}

/// Something to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Api,
    Segment,
    EventService,
    Consumer,
    Embeddings,
    Idle,
    Standard,
    Rate,
    Reads,
    Standalone,
    Drain,
}

impl Row {
    const ALL: [Self; 11] = [
        Self::Api,
        Self::Segment,
        Self::EventService,
        Self::Consumer,
        Self::Embeddings,
        Self::Idle,
        Self::Standard,
        Self::Rate,
        Self::Reads,
        Self::Standalone,
        Self::Drain,
    ];

    /// As in `ROWS`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Segment => "segment",
            Self::EventService => "event_service",
            Self::Consumer => "consumer",
            Self::Embeddings => "embeddings",
            Self::Idle => "idle",
            Self::Standard => "standard",
            Self::Rate => "rate",
            Self::Reads => "reads",
            Self::Standalone => "standalone",
            Self::Drain => "drain",
        }
    }

    /// Files that are worth keeping go to `output`.
    pub(crate) async fn run(self, scale: Scale, output: &Path) -> anyhow::Result<Vec<Measured>> {
        match self {
            Self::Api => api::run(scale).await,
            Self::Segment => dialects::segment(scale).await,
            Self::EventService => dialects::event_service(scale).await,
            Self::Consumer => consumer::run(scale).await,
            Self::Embeddings => embeddings::run(scale).await,
            Self::Idle => idle::run(scale).await,
            Self::Standard => standard::run(scale, output).await,
            Self::Rate => rate::run(scale).await,
            Self::Reads => reads::run(scale).await,
            Self::Standalone => standalone::run(scale).await,
            Self::Drain => drain::run(scale).await,
        }
    }
}

/// The rows of these names, separated by commas or spaces; all if there are none.
pub(crate) fn chosen(names: &str) -> anyhow::Result<Vec<Row>> {
    let names: Vec<&str> = names.split([',', ' ']).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = names.iter().find(|name| !Row::ALL.iter().any(|row| row.name() == **name)) {
        bail!("ROWS: there is no row {unknown:?}, but {}", Row::ALL.map(Row::name).join(", "));
    }
    Ok(Row::ALL.into_iter().filter(|row| names.is_empty() || names.contains(&row.name())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_by_name() {
        assert_eq!(chosen("").unwrap(), Row::ALL);
        assert_eq!(chosen("drain, api").unwrap(), [Row::Api, Row::Drain]);
        assert!(chosen("apis").unwrap_err().to_string().contains("api, segment"));
    }
}

//! The cases by name.

use super::finding::Findings;
use super::site::{Kind, Site};
use super::{Scale, bodies, bombs, files, floods, growth, heads, months, readers, requests, tails, waits};

/// What rude clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    IdleBodies,
    SlowBodies,
    Bombs,
    HalfHeads,
    ManyMonths,
    Growth,
    ClickHouseAway,
    StoppedReaders,
    UnreadPage,
    Tails,
    PipelineFlood,
    WaitFlood,
    ForeignPages,
    DoubledHeaders,
    Garbage,
    UnknownPaths,
    HalfClosed,
    EnginePort,
}

const BOTH: &[Kind] = &[Kind::Standalone, Kind::Kafka];
const STANDALONE: &[Kind] = &[Kind::Standalone];
const KAFKA: &[Kind] = &[Kind::Kafka];

impl Case {
    pub(super) const ALL: [Self; 18] = [
        Self::IdleBodies,
        Self::SlowBodies,
        Self::Bombs,
        Self::HalfHeads,
        Self::ManyMonths,
        Self::Growth,
        Self::ClickHouseAway,
        Self::StoppedReaders,
        Self::UnreadPage,
        Self::Tails,
        Self::PipelineFlood,
        Self::WaitFlood,
        Self::ForeignPages,
        Self::DoubledHeaders,
        Self::Garbage,
        Self::UnknownPaths,
        Self::HalfClosed,
        Self::EnginePort,
    ];

    pub(super) fn name(self) -> &'static str {
        self.words().0
    }

    /// What the rude clients do, and what good callers must see beside it.
    pub(super) fn what(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::IdleBodies => ("idle-bodies", "52 heads whose bodies never come; every create is taken"),
            Self::SlowBodies => ("slow-bodies", "bodies of a byte a second; they get 408, every create 202"),
            Self::Bombs => ("gzip-bombs", "600 bodies of 10 KiB that unpack to 10 MiB; memory stays bounded"),
            Self::HalfHeads => ("half-heads", "1,000 heads that never end; they go, and the end is quick"),
            Self::ManyMonths => ("many-months", "2,000 deletes over as many months; few parts, no delay"),
            Self::Growth => ("growth", "updates of large events after small ones; memory stays bounded"),
            Self::ClickHouseAway => ("clickhouse-away", "thousands wait for ClickHouse; plain creates go on"),
            Self::StoppedReaders => ("stopped-readers", "100 readers of 10 MB stop; ingestion goes on"),
            Self::UnreadPage => ("unread-page", "a page of 300 MB is not read; memory stays bounded"),
            Self::Tails => ("tails", "8 tails of 5,000 events/s, one unread; each event once or missed"),
            Self::PipelineFlood => ("pipeline-flood", "512 callers of /pipeline; batches go on"),
            Self::WaitFlood => ("wait-flood", "500 creates wait at once; all see their event"),
            Self::ForeignPages => ("foreign-pages", "requests of other sites' pages; they get 403"),
            Self::DoubledHeaders => ("doubled-headers", "headers that say two things; they get 400"),
            Self::Garbage => ("garbage", "what is no HTTP; it is refused in the envelope"),
            Self::UnknownPaths => ("unknown-paths", "paths that there are not; they get 404"),
            Self::HalfClosed => ("half-closed", "clients that close after sending; they get the answer"),
            Self::EnginePort => ("engine-port", "questions beyond the tables; the engine refuses them"),
        }
    }

    /// Where it is run.
    pub(super) fn sites(self) -> &'static [Kind] {
        match self {
            Self::IdleBodies | Self::ManyMonths | Self::Growth | Self::PipelineFlood | Self::WaitFlood => {
                BOTH
            }
            Self::ClickHouseAway | Self::UnreadPage | Self::Tails => KAFKA,
            _ => STANDALONE,
        }
    }

    pub(super) async fn run(self, site: &mut Site, scale: Scale) -> anyhow::Result<Findings> {
        match self {
            Self::IdleBodies => bodies::idle(site).await,
            Self::SlowBodies => bodies::slow(site).await,
            Self::Bombs => bombs::gzip(site).await,
            Self::HalfHeads => heads::half(site, scale).await,
            Self::ManyMonths => months::deletes(site).await,
            Self::Growth => growth::updates(site, scale).await,
            Self::ClickHouseAway => waits::clickhouse_away(site, scale).await,
            Self::StoppedReaders => readers::stop(site).await,
            Self::UnreadPage => readers::unread_page(site).await,
            Self::Tails => tails::watch_all(site, scale).await,
            Self::PipelineFlood => floods::pipeline(site).await,
            Self::WaitFlood => floods::waits(site).await,
            Self::ForeignPages => requests::foreign(site).await,
            Self::DoubledHeaders => requests::doubled(site).await,
            Self::Garbage => requests::garbage(site).await,
            Self::UnknownPaths => requests::unknown(site).await,
            Self::HalfClosed => requests::half_closed(site).await,
            Self::EnginePort => files::engine_port(site).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_has_a_name_of_its_own_and_somewhere_to_run() {
        let names: BTreeSet<_> = Case::ALL.map(Case::name).into();
        assert_eq!(names.len(), Case::ALL.len());
        assert!(Case::ALL.iter().all(|case| !case.sites().is_empty()));
    }
}

//! Which letters a command is about.

use std::collections::BTreeSet;

use bus::{From, Offsets};
use clap::Args;
use model::Timestamp;

use super::letter::Letter;

/// A time from and up to which letters came.
#[derive(Args, Clone, Debug, Default)]
pub struct Period {
    /// Letters that came at this time (RFC 3339) or later.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Timestamp>,
    /// Letters that came before this time (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Timestamp>,
}

fn parse_time(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("expected a time as in RFC 3339, such as 2026-11-20T21:57:13Z")
}

/// All that are named, or all that have this reason, within the period.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    /// Any if empty.
    pub(super) ids: BTreeSet<i64>,
    /// Any if absent.
    pub(super) reason: Option<String>,
    pub(super) period: Period,
}

impl Filter {
    /// Of one letter.
    pub(super) fn of(id: i64) -> Self {
        Self { ids: BTreeSet::from([id]), ..Self::default() }
    }

    /// Where on their topic, which has one partition, the first of them may be.
    pub(super) fn start(&self) -> From {
        match (self.ids.first(), self.period.since) {
            (None, Some(since)) => From::Time(since),
            (first, _) => From::Offsets(Offsets::from([(0, first.copied().unwrap_or_default())])),
        }
    }

    pub(super) fn matches(&self, letter: &Letter) -> bool {
        let Period { since, until } = self.period;
        (self.ids.is_empty() || self.ids.contains(&letter.id))
            && self.reason.as_ref().is_none_or(|reason| *reason == letter.reason)
            && since.is_none_or(|since| letter.at >= since)
            && until.is_none_or(|until| letter.at < until)
    }

    /// Whether neither this letter nor any behind it can match.
    pub(super) fn is_past(&self, letter: &Letter) -> bool {
        self.ids.last().is_some_and(|last| letter.id > *last)
    }
}

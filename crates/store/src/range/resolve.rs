//! When local days begin, and which zones there are, by the server's time-zone database: the one that counts
//! events by local days must also say where those begin and end.

use std::collections::HashSet;

use model::Timestamp;

use super::{Range, RangeError, RangeSpec};
use crate::zone::Zone;
use crate::{Store, StoreError, within};

const ZONES: &str = "SELECT time_zone FROM system.time_zones";

/// By way of the day's number: a midnight that the clocks leave out is else taken for the one before it.
const STARTS: &str = "
    SELECT toUnixTimestamp64Milli(toDateTime64(toDate32(arrayJoin({days:Array(String)})), 3, {zone:String}))";

/// Why the times of a request are not known.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// They can't be meant.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The server could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// The times that a request asks about, as seen at `now`, and its zone. The server is asked for the start of
    /// local days where there are any, and once for the zones that there are.
    pub async fn range(&self, spec: &RangeSpec, now: Timestamp) -> Result<(Range, Zone), ResolveError> {
        let zone = self.zone(spec.zone()).await?;
        let days: Vec<_> = spec.days().iter().map(ToString::to_string).collect();
        let starts = if days.is_empty() { Vec::new() } else { self.starts(&days, &zone).await? };
        let start_of = |day: time::Date| {
            let day = day.to_string();
            let start = days.iter().zip(&starts).find(|(known, _)| **known == day);
            start.map_or(now, |(_, start)| *start)
        };
        Ok((spec.at(now, start_of)?, zone))
    }

    async fn zone(&self, name: Option<&str>) -> Result<Zone, ResolveError> {
        let Some(name) = name else { return Ok(Zone::UTC) };
        let zones = self.zones.get_or_try_init(async || {
            let zones = within(self.timeout(), self.reader.query_raw(ZONES).fetch_all::<String>()).await?;
            Ok::<_, StoreError>(zones.into_iter().collect::<HashSet<_>>())
        });
        if zones.await?.contains(name) {
            return Ok(Zone::known(name.to_owned()));
        }
        Err(RangeError::UnknownZone(name.chars().take(64).collect()).into())
    }

    /// In the order of the days.
    pub(super) async fn starts(&self, days: &[String], zone: &Zone) -> Result<Vec<Timestamp>, StoreError> {
        let query = self.reader.query_raw(STARTS).param("days", days).param("zone", zone.as_str());
        let starts: Vec<i64> = within(self.timeout(), query.fetch_all()).await?;
        // In the east of UTC the first day begins before 1970, where no event is.
        Ok(starts.into_iter().map(|at| Timestamp::from_millis(at).unwrap_or_default()).collect())
    }
}

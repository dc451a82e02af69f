//! Bids of those who would evaluate alerts. All times are the server's, so that clocks need not agree.

use std::time::Duration;

use clickhouse::Row;
use model::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::{Store, StoreError, within};

const BID: &str = "INSERT INTO alert_bids (at, holder, ttl_ms) SELECT now64(3, 'UTC'), toUUID(?), ?";
const BIDS: &str = "
    SELECT toUnixTimestamp64Milli(at) AS at, holder, ttl_ms, toUnixTimestamp64Milli(now64(3, 'UTC')) AS now
    FROM alert_bids
    WHERE alert_bids.at > now64(3, 'UTC') - INTERVAL 1 HOUR
    ORDER BY alert_bids.at, holder";

/// A bid to evaluate from some time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bid {
    /// When it was made.
    pub at: Timestamp,
    /// By whom.
    pub holder: Uuid,
    /// For how long; 0 ends what this holder has.
    pub ttl: Duration,
}

#[derive(Row, Deserialize)]
struct BidRow {
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    holder: Uuid,
    ttl_ms: u32,
    now: i64,
}

impl Store {
    /// Makes a bid. If it is not known to be made within `limit`, it may be made or not, but not later than that.
    pub async fn bid(&self, holder: Uuid, ttl: Duration, limit: Duration) -> Result<(), StoreError> {
        let ttl_ms = u32::try_from(ttl.as_millis()).unwrap_or(u32::MAX);
        let query = self.client.query(BID).bind(holder.to_string()).bind(ttl_ms);
        let query = query.with_setting("async_insert", "0");
        // The server looks at whole seconds.
        let seconds = limit.as_secs().max(1);
        let query = query.with_setting("max_execution_time", seconds.to_string());
        within(limit, query.execute()).await
    }

    /// The bids of the last hour in order, oldest first, and the server's time.
    pub async fn bids(&self) -> Result<(Vec<Bid>, Option<Timestamp>), StoreError> {
        let rows = within(self.timeout(), self.reader.query(BIDS).fetch_all::<BidRow>()).await?;
        let now = rows.first().and_then(|row| Timestamp::from_millis(row.now));
        let bid = |row: BidRow| {
            let ttl = Duration::from_millis(row.ttl_ms.into());
            Some(Bid { at: Timestamp::from_millis(row.at)?, holder: row.holder, ttl })
        };
        Ok((rows.into_iter().filter_map(bid).collect(), now))
    }
}

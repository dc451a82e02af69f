//! Whether rollups say what the events do.

use clickhouse::Row;
use model::Tenant;
use serde::Deserialize;

use super::compute::hours_sql;
use super::{HOUR_S, Hour, sql_second};
use crate::{Store, StoreError, within};

/// The next one in the order of the table.
const NEXT: &str = "
    SELECT tenant, toUnixTimestamp(hour) AS start FROM rollup
    WHERE (tenant, hour) > ({tenant:String}, toDateTime({start:UInt32}, 'UTC'))
    ORDER BY tenant, hour
    LIMIT 1";

/// What an hour's rollup says, whatever the order, and how many marks it lacks.
const SAID: &str = "
    SELECT events, /* digest */ AS digest, ifNull((
        SELECT sum(marks) FROM bucket_marks WHERE tenant = {tenant:String} AND hour = toDateTime({start:UInt32}, 'UTC')), 0) - toInt64(covered) AS lacks
    FROM rollup FINAL
    WHERE tenant = {tenant:String} AND hour = toDateTime({start:UInt32}, 'UTC')";

/// The same of its events.
const COMPUTED: &str = "SELECT events, /* digest */ AS digest, toInt64(0) AS lacks FROM (/* hours */)";

const DIGEST: &str = "cityHash64(
    arraySort(arrayZip(slots, names, sources, kinds, counts, errors, measured,
        arrayMap(l -> toString(finalizeAggregation(l)), latencies))),
    arrayMap(u -> arraySort(u), users), arrayMap(c -> arraySort(c), conversations),
    arraySort(arrayZip(slow_conversations, slow_names, slow_p95s)))";

#[derive(Row, Deserialize)]
struct Next {
    tenant: String,
    start: u32,
}

#[derive(Row, Deserialize)]
struct Said {
    events: u64,
    digest: u64,
    lacks: i64,
}

impl Store {
    /// The hour behind another that was rolled up; the first if there is none behind it.
    pub async fn rolled_after(&self, last: Option<&Hour>) -> Result<Option<Hour>, StoreError> {
        let (tenant, start) = last.map_or(("", 0), |hour| (hour.tenant.as_str(), hour.start));
        let query = self.roller.query_raw(NEXT).param("tenant", tenant).param("start", start);
        let next: Option<Next> = within(self.timeout(), query.fetch_optional()).await?;
        Ok(next.and_then(|next| Some(Hour { tenant: Tenant::parse(&next.tenant).ok()?, start: next.start })))
    }

    /// Whether the rollup of an hour is clean, and yet not what its events come to; or its money, or the users of its day. One whose rows are visible and not
    /// marked yet differs too.
    pub async fn rollup_differs(&self, hour: &Hour) -> Result<bool, StoreError> {
        let Some(said) = self.said(hour).await? else { return Ok(false) };
        let sql = COMPUTED.replace("/* digest */", DIGEST).replace("/* hours */", &hours_sql());
        let query = self.roller.query_raw(&sql).param("tenant", hour.tenant.as_str());
        let query = query.param("hours", [hour.start].as_slice()).param("first", sql_second(hour.start));
        let query = query.param("behind", sql_second(hour.start + HOUR_S));
        let computed: Option<Said> = within(4 * self.timeout(), query.fetch_optional()).await?;
        let counts_differ = computed.map_or(said.events > 0, |computed| {
            (computed.events, computed.digest) != (said.events, said.digest)
        });
        let differs = counts_differ || self.money_differs(hour).await? || self.day_differs(hour).await?;
        // What was written meanwhile is marked by now, or will be.
        Ok(said.lacks == 0 && differs && self.said(hour).await?.is_some_and(|again| again.lacks == 0))
    }

    async fn said(&self, hour: &Hour) -> Result<Option<Said>, StoreError> {
        let query = self.roller.query_raw(&SAID.replace("/* digest */", DIGEST));
        let query = query.param("tenant", hour.tenant.as_str()).param("start", hour.start);
        within(self.timeout(), query.fetch_optional()).await
    }
}

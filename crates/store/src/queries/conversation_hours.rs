//! In which hours a conversation has events: an index, by which the events are read of these hours alone.

use model::{Tenant, Timestamp};

use crate::{Store, StoreError, within};

/// The hour of an event, as SQL. The server finds hours of this form in the order of the table.
pub(super) const HOUR: &str = "intDiv(toUnixTimestamp64Milli(created_at), 3600000)";

const IN_HOURS: &str = "/* hour */ IN (
    SELECT hour FROM conversation_hours WHERE tenant = {tenant:String} AND conversation_id IN /* conversations */)";

const HOUR_MS: i64 = 3_600_000;

/// In the order of the index, so that no more of it is read than is wanted.
const HOURS: &str = "
    SELECT DISTINCT hour FROM conversation_hours
    WHERE tenant = {tenant:String} AND conversation_id = {conversation_id:String} AND hour >= {from:UInt32}
    ORDER BY hour
    LIMIT {limit:UInt64}";

/// What holds of all events of some conversations and else of few, as SQL: they lie in their hours. `conversations` is
/// the place of a list.
pub(crate) fn in_hours(conversations: &str) -> String {
    IN_HOURS.replace("/* hour */", HOUR).replace("/* conversations */", conversations)
}

/// The hour in which a time lies, counted from 1970.
pub(super) fn hour_of(at: Timestamp) -> u32 {
    u32::try_from(at.millis().div_euclid(HOUR_MS)).unwrap_or_default()
}

/// The first and the last millisecond of an hour.
pub(super) fn ends_of(hour: u32) -> (Timestamp, Timestamp) {
    let first = i64::from(hour) * HOUR_MS;
    let at = |millis| Timestamp::from_millis(millis).unwrap_or(Timestamp::MAX);
    (at(first), at(first + HOUR_MS - 1))
}

impl Store {
    /// The first hours of a conversation from one on, at most `limit`, ascending: all that have events of it, and some
    /// that had.
    pub(super) async fn conversation_hours(
        &self,
        tenant: &Tenant,
        conversation_id: &str,
        from: u32,
        limit: u64,
    ) -> Result<Vec<u32>, StoreError> {
        let query = self.reader.query_raw(HOURS).param("tenant", tenant.as_str());
        let query = query.param("conversation_id", conversation_id).param("from", from).param("limit", limit);
        within(self.timeout(), query.fetch_all()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn an_hour_holds_its_ends_and_no_more() {
        let at = |text| Timestamp::parse(text).unwrap();
        for (text, first, last) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z", "1970-01-01T00:59:59.999Z"),
            ("2026-11-20T10:59:59.999Z", "2026-11-20T10:00:00.000Z", "2026-11-20T10:59:59.999Z"),
            ("2299-12-31T23:59:59.999Z", "2299-12-31T23:00:00.000Z", "2299-12-31T23:59:59.999Z"),
        ] {
            let ends = (at(first), at(last));
            assert_eq!(ends_of(hour_of(at(text))), ends);
            assert_eq!((hour_of(ends.0), hour_of(ends.1)), (hour_of(at(text)), hour_of(at(text))));
        }
    }

    #[tokio::test]
    async fn of_the_table_only_the_hours_are_read() {
        let url = tokio::task::spawn_blocking(testing::engine::url).await.unwrap().to_string();
        let config = Config { url: Some(url), database: testing::unique("hours"), ..Config::default() };
        let store = crate::Store::new(config).unwrap();
        store.migrate().await.unwrap();
        let events = "INSERT INTO events (tenant, id, created_at, source, kind, version, schema_version)
            SELECT 'a', generateUUIDv7(), toDateTime64('2026-11-20 00:00:00', 3, 'UTC') + number, 'native', 'event', 1, 9999
            FROM numbers(100 * 3600)";
        store.client.query_raw(events).execute().await.unwrap();
        let estimate = format!(
            "SELECT sum(rows) FROM (EXPLAIN ESTIMATE SELECT id FROM events WHERE tenant = 'a' AND {HOUR} IN {{hours:Array(UInt32)}})"
        );
        let [one, other] =
            ["2026-11-21T05:30:00Z", "2026-11-23T17:00:00Z"].map(|at| Timestamp::parse(at).unwrap());
        let estimate = store.client.query_raw(&estimate).param("hours", vec![hour_of(one), hour_of(other)]);
        let rows = estimate.fetch_one::<u64>().await.unwrap();
        assert!((7_200..5 * 7_200).contains(&rows), "{rows} of 360,000 rows");
    }
}

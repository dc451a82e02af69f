//! Events by when they came in or were changed, whenever they happened.

use clickhouse::Row;
use model::{EventId, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use crate::ask::Besides;
use crate::filter::Binder;
use crate::{Field, Scope, Store, StoreError};

/// Characters of a key's text; the others are cut off.
const MAX_TEXT: usize = 256;

/// When the log took the operation that wrote the row, in seconds since 2025, as its version tells. The table has an
/// index of it, which is of use only where it is spelt as here.
const APPENDED: &str = "bitShiftRight(if(version < 4611686018427387904, bitXor(version, 4611686018427387903), \
                        bitAnd(version, 4611686018427387903)), 31)";

/// Those behind a place in their order, a page of them.
const ARRIVALS: &str = "
    SELECT id, toUnixTimestamp64Milli(received_at) AS received_at, event_name, key, appended
    FROM {events}
    WHERE (appended, UUIDToNum(id)) > ({after:UInt64}, UUIDToNum({after_id:UUID}))
    ORDER BY appended, UUIDToNum(id)
    LIMIT {limit:UInt64}";

/// What may have come in since. A row of the index may have lost, so this finds keys alone, and what won of each is
/// looked at again. FINAL itself would be exact by the index too, but it then also reads whatever lies between the
/// first and the last key of a granule: if that holds rows of three tenants, all that the second one has.
const CANDIDATES: &str = "AND (tenant, created_at, id) IN (
    SELECT tenant, created_at, id FROM events
    WHERE tenant = {tenant:String} AND event_name IN {names:Array(String)} AND is_deleted = 0
        AND /* appended */ >= {after:UInt64})";

/// The last of each of some keys: there may be any number of others.
const LAST_OF_KEYS: &str = "
    SELECT id, toUnixTimestamp64Milli(received_at) AS received_at, event_name, key, appended
    FROM {events}
    WHERE key IN {keys:Array(Array(String))}
    ORDER BY UUIDToNum(id) DESC
    LIMIT 1 BY key";

/// Of which events, and by what they are told apart.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Their names.
    pub names: &'a [&'a str],
    /// The fields whose texts are their key.
    pub key: &'a [Field],
}

/// An event that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its id; those of one key are in the order of their ids.
    pub id: EventId,
    /// When it came in.
    pub received_at: Timestamp,
    /// Its name.
    pub event_name: String,
    /// A text for each field of the key; those of a list are joined by commas, and a long one is cut.
    pub key: Vec<String>,
}

/// A place in the order in which events come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    appended: u64,
    id: Uuid,
}

#[derive(Row, Deserialize)]
struct ArrivalRow {
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    received_at: i64,
    event_name: String,
    key: Vec<String>,
    appended: u64,
}

impl Place {
    /// Where all that came in at this time or later is still ahead.
    pub fn before(at: Timestamp) -> Self {
        let appended = model::Position::at(at, 0).map_or(0, model::Position::seconds);
        Self { appended, id: Uuid::nil() }
    }

    /// When the log took it, to the second.
    pub fn appended_at(self) -> Timestamp {
        model::Position::time_of(self.appended)
    }
}

impl Store {
    /// The scope's events that came in or were changed behind a place, in the order in which they came, at most
    /// `limit`, and where to go on if there may be more.
    pub async fn arrivals(
        &self,
        scope: &Scope<'_>,
        wanted: Wanted<'_>,
        after: Place,
        limit: u64,
    ) -> Result<(Vec<Arrival>, Option<Place>), StoreError> {
        let mut besides = wanted.besides();
        besides.conditions += &CANDIDATES.replace("/* appended */", APPENDED);
        let question = self.ask_besides(scope, ARRIVALS, besides).param("names", wanted.names);
        let question = question.param("after", after.appended).param("after_id", after.id.to_string());
        let rows: Vec<ArrivalRow> = question.param("limit", limit).fetch_all().await?;
        let is_full = rows.len() as u64 >= limit;
        let next = rows.last().map(|row| Place { appended: row.appended, id: row.id });
        Ok((arrivals(rows), next.filter(|_| is_full)))
    }

    /// The last of the scope's events of each of these keys, by when they happened.
    pub async fn last_of_keys(
        &self,
        scope: &Scope<'_>,
        wanted: Wanted<'_>,
        keys: &[&[String]],
    ) -> Result<Vec<Arrival>, StoreError> {
        let question = self.ask_besides(scope, LAST_OF_KEYS, wanted.besides());
        let question = question.param("names", wanted.names).param("keys", keys);
        Ok(arrivals(question.fetch_all().await?))
    }
}

impl Wanted<'_> {
    fn besides(&self) -> Besides {
        let mut besides = Besides::default();
        let mut text = |(n, field): (usize, &Field)| {
            let texts = Binder::new(&format!("key{n}"), &mut besides.params).texts_of(field);
            format!("substringUTF8(arrayStringConcat({texts}, ','), 1, {MAX_TEXT})")
        };
        let texts: Vec<_> = self.key.iter().enumerate().map(&mut text).collect();
        let key = format!("CAST([{}], 'Array(String)')", texts.join(", "));
        besides.columns = format!(", {key} AS key, {APPENDED} AS appended");
        besides.conditions += "AND event_name IN {names:Array(String)} ";
        besides
    }
}

/// Without rows that this program never wrote: each costs only its own event.
fn arrivals(rows: Vec<ArrivalRow>) -> Vec<Arrival> {
    let read = |row: ArrivalRow| {
        Some(Arrival {
            id: EventId::from_uuid(row.id).ok()?,
            received_at: Timestamp::from_millis(row.received_at)?,
            event_name: row.event_name,
            key: row.key,
        })
    };
    rows.into_iter().filter_map(read).collect()
}

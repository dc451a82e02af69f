//! What the table holds of given events, tombstones included.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write;

use clickhouse::query::Query;
use clickhouse::{Client, Row};
use model::{AppliedKeys, EventId, EventKey, Stored, Tenant, Timestamp, Version};
use serde::Deserialize;
use uuid::Uuid;

use crate::row::{EventRow, Found};
use crate::{Store, StoreError, within};

/// Keys of one query; about 60 bytes each in its text.
const KEYS_PER_QUERY: usize = 10_000;

/// What the server reads at once, in bytes. Few of the rows that it reads are asked for, so its own choice of
/// 1 MB makes many small pieces, for two thirds more of its time.
const BLOCK_BYTES: &str = "16777216";

/// All versions, and in no order: the server would build the whole answer before it could sort it, while this
/// is read piece by piece and may be left where it is. The keys come as one text, which the server takes apart
/// in a quarter of the time that a list of as many literals takes it to parse.
const LOOKUP: &str = "
    SELECT ?fields FROM events
    WHERE (tenant, created_at, id) IN (
        SELECT key[1], fromUnixTimestamp64Milli(toInt64(key[2]), 'UTC'), toUUID(key[3])
        FROM (SELECT splitByChar(' ', arrayJoin(splitByChar(',', ?))) AS key))";

/// Of the row of the greatest version. Not FINAL: that would hide tombstones.
const NEWEST_FIRST: &str = "
    ORDER BY version DESC
    LIMIT 1 BY tenant, created_at, id";

/// What a look-up answered.
#[derive(Debug, Default)]
pub struct Lookup {
    /// The winning row of each key that has one.
    pub rows: HashMap<EventKey, Stored<'static>>,
    /// Of keys whose winning row this program never wrote: what is wrong with it.
    pub foreign: HashMap<EventKey, String>,
    /// The keys that are still to be asked for.
    pub left: Vec<EventKey>,
}

/// What is known of an event without reading what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Of the winning row.
    pub version: Version,
    /// When the last operation on it was taken in.
    pub updated_at: Timestamp,
    /// The last changes with a key that are in it.
    pub applied: AppliedKeys,
    /// Whether that was a delete.
    pub is_deleted: bool,
}

/// The small columns of a row.
#[derive(Row, Deserialize)]
struct StandingRow<'a> {
    tenant: &'a str,
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    updated_at: i64,
    idempotency_keys: Vec<u64>,
    version: u64,
    is_deleted: u8,
}

impl Store {
    /// The winning row of each key that has one, until the rows take `max_bytes` of memory: then the answer is
    /// left, and the keys that it did not tell for certain are returned to be asked for again. One key alone is
    /// always told.
    pub async fn lookup(&self, keys: &[EventKey], max_bytes: usize) -> Result<Lookup, StoreError> {
        let (some, others) = keys.split_at(keys.len().min(KEYS_PER_QUERY));
        if some.is_empty() {
            return Ok(Lookup::default());
        }
        let mut reading = Reading { found: HashMap::with_capacity(some.len()), bytes: 0 };
        let max_bytes = if some.len() == 1 { usize::MAX } else { max_bytes };
        let complete = match within(self.timeout(), self.read(some, &mut reading, max_bytes)).await {
            Ok(complete) => complete,
            Err(StoreError::Foreign(why)) => {
                // A row that can't even be taken apart does not say whose it is, unless only one was asked for.
                if let [key] = some {
                    return Ok(Lookup { foreign: HashMap::from([(key.clone(), why)]), ..Lookup::default() });
                }
                false
            }
            Err(error) => return Err(error),
        };
        let mut lookup = if complete { reading.all() } else { self.certain(some, reading).await? };
        lookup.left.extend_from_slice(others);
        Ok(lookup)
    }

    /// Returns whether the answer was read to its end.
    async fn read(
        &self,
        keys: &[EventKey],
        reading: &mut Reading,
        max_bytes: usize,
    ) -> clickhouse::error::Result<bool> {
        let mut rows = by_keys(&self.looker, LOOKUP, keys).fetch::<EventRow<'_>>()?;
        while let Some(row) = rows.next().await? {
            if let Some((key, found)) = row.into_found() {
                reading.take(key, found);
            }
            if reading.bytes >= max_bytes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What an answer that was not read to its end tells for certain: rows of the versions that win, and keys
    /// that have none.
    async fn certain(&self, keys: &[EventKey], reading: Reading) -> Result<Lookup, StoreError> {
        let standings = self.standings_by(&self.looker, keys).await?;
        let (mut found, mut lookup) = (reading.found, Lookup::default());
        for key in keys {
            let Some(standing) = standings.get(key) else { continue };
            match found.remove(key) {
                Some(row) if row.version() == standing.version => lookup.add(key.clone(), row),
                _ => lookup.left.push(key.clone()),
            }
        }
        Ok(lookup)
    }

    /// What is small of any number of events, on behalf of callers.
    pub async fn standings(&self, keys: &[EventKey]) -> Result<HashMap<EventKey, Standing>, StoreError> {
        self.standings_by(&self.reader, keys).await
    }

    async fn standings_by(
        &self,
        client: &Client,
        keys: &[EventKey],
    ) -> Result<HashMap<EventKey, Standing>, StoreError> {
        let mut all = HashMap::with_capacity(keys.len());
        for some in keys.chunks(KEYS_PER_QUERY) {
            let answer = async {
                let sql = format!("{LOOKUP}{NEWEST_FIRST}");
                let mut rows = by_keys(client, &sql, some).fetch::<StandingRow<'_>>()?;
                while let Some(row) = rows.next().await? {
                    all.extend(row.into_standing());
                }
                Ok(())
            };
            within(self.timeout(), answer).await?;
        }
        Ok(all)
    }
}

fn by_keys(client: &Client, sql: &str, keys: &[EventKey]) -> Query {
    let query = client.query(sql).bind(text(keys)).with_setting("max_query_size", "4194304");
    query.with_setting("preferred_block_size_bytes", BLOCK_BYTES)
}

impl Lookup {
    fn add(&mut self, key: EventKey, found: Found) {
        match found {
            Found::Stored(stored) => drop(self.rows.insert(key, stored)),
            Found::Foreign { why, .. } => drop(self.foreign.insert(key, why)),
        }
    }
}

/// The rows of an answer so far, the one of the greatest version of each key.
struct Reading {
    found: HashMap<EventKey, Found>,
    bytes: usize,
}

impl Reading {
    fn take(&mut self, key: EventKey, found: Found) {
        match self.found.entry(key) {
            Entry::Occupied(mut known) => {
                if known.get().version() < found.version() {
                    self.bytes += found.bytes();
                    self.bytes -= known.insert(found).bytes();
                }
            }
            Entry::Vacant(new) => {
                self.bytes += found.bytes();
                new.insert(found);
            }
        }
    }

    fn all(self) -> Lookup {
        let mut lookup = Lookup { rows: HashMap::with_capacity(self.found.len()), ..Lookup::default() };
        for (key, found) in self.found {
            lookup.add(key, found);
        }
        lookup
    }
}

impl StandingRow<'_> {
    fn into_standing(self) -> Option<(EventKey, Standing)> {
        let key =
            EventKey { tenant: Tenant::parse(self.tenant).ok()?, id: EventId::from_uuid(self.id).ok()? };
        let standing = Standing {
            version: Version::from_raw(self.version),
            // Of a foreign row it may be none; nobody's update was taken in then.
            updated_at: Timestamp::from_millis(self.updated_at).unwrap_or_default(),
            applied: self.idempotency_keys.into(),
            is_deleted: self.is_deleted != 0,
        };
        Some((key, standing))
    }
}

/// `tenant milliseconds id`, by commas. A tenant's name holds neither spaces nor commas.
fn text(keys: &[EventKey]) -> String {
    let mut text = String::with_capacity(64 * keys.len());
    for key in keys {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to memory can't fail.
        let _ = write!(text, "{comma}{} {} {}", key.tenant.as_str(), key.id.created_at().millis(), key.id);
    }
    text
}

//! The events of one conversation, in order.

use clickhouse::query::RowCursor;
use model::{Event, EventId, EventKey, State, Stored, Tenant};

use super::conversation_hours::{HOUR, ends_of, hour_of};
use super::{MAX_KEYS, sql_time};
use crate::row::{EventRow, Found};
use crate::{Store, StoreError, within};

/// Two steps, in the hours that the index of conversations tells. The inner one finds the next keys, in them by the
/// bloom filter, which may also have matched a version that lost; it reads in the order of the table and stops when it
/// has enough. The outer one takes the winning version of each, as a look-up does: not FINAL, so that it answers as many
/// rows as there were keys, and a row of each key tells where to go on. Of 216 million events a page takes 23 ms on two cores, and took 62 when all
/// granules were asked.
const CONVERSATION: &str = "
    SELECT tenant, id, created_at, updated_at, received_at, source, kind, event_name, message_id,
        conversation_id, conversation_metadata, user_id, anonymous_id, error, latency, input, output,
        if({embeddings:Bool}, input_embeddings, []) AS input_embeddings,
        if({embeddings:Bool}, output_embeddings, []) AS output_embeddings,
        subjects, tags, trace_ids, properties, context, idempotency_keys, version, is_deleted, schema_version
    FROM events
    WHERE tenant = {tenant:String}
        AND (created_at, id) IN (
            SELECT created_at, id FROM events
            WHERE tenant = {tenant:String} AND conversation_id = {conversation_id:String}
                AND created_at >= {first:DateTime64(3, 'UTC')} AND created_at <= {last:DateTime64(3, 'UTC')}
                AND /* hour */ IN {hours:Array(UInt32)} /* after */
            ORDER BY created_at, UUIDToNum(id)
            LIMIT 1 BY created_at, id
            LIMIT {keys:UInt64})
    ORDER BY created_at, UUIDToNum(id), version DESC
    LIMIT 1 BY created_at, id";

/// Of the inner step, and only where it is wanted: to look at the ids too costs a third of that step.
const AFTER: &str = "AND created_at >= {after_time:DateTime64(3, 'UTC')}
    AND (created_at, UUIDToNum(id)) > ({after_time:DateTime64(3, 'UTC')}, UUIDToNum({after_id:UUID}))";

/// Hours of one query at most: an address may have 64 KiB.
const MOST_HOURS: u64 = 2_000;

/// Which part of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only events behind this one; from the beginning if absent.
    pub after: Option<EventId>,
    /// At most so many.
    pub limit: u64,
    /// Whether their vectors come with them.
    pub with_embeddings: bool,
}

/// Events as they arrive, so that memory stays bounded however many there are.
pub struct Turns {
    store: Store,
    tenant: Tenant,
    conversation_id: String,
    /// What is still wanted, behind the last key that was read.
    page: Page,
    /// None before the first.
    asked: Option<Asked>,
}

/// A question about the next keys.
struct Asked {
    /// How many at most.
    keys: u64,
    /// Behind which key.
    after: Option<EventId>,
    /// In which hours: of those behind the key the first, as many as keys at most, since each may have but one.
    hours: Vec<u32>,
    /// How many keys it has answered.
    answered: u64,
    rows: RowCursor<EventRow<'static>>,
}

impl Turns {
    /// The next event.
    pub async fn next(&mut self) -> Result<Option<Event<'static>>, StoreError> {
        while self.page.limit > 0 {
            let Some(row) = self.row().await? else {
                if self.ask().await? {
                    continue;
                }
                break;
            };
            // A row that this program never wrote costs only its own event.
            let Some((key, found)) = row else { continue };
            self.page.after = Some(key.id);
            match found {
                Found::Stored(Stored { state: State::Live(event), .. })
                    if *event.content.conversation_id == self.conversation_id =>
                {
                    self.page.limit -= 1;
                    return Ok(Some(*event));
                }
                Found::Stored(_) => {}
                Found::Foreign { why, .. } => tracing::warn!(why, "an event is left out of its conversation"),
            }
        }
        Ok(None)
    }

    /// The next row of what was asked, with `None` in it if its key can't be an event's.
    async fn row(&mut self) -> Result<Option<Option<(EventKey, Found)>>, StoreError> {
        let Some(asked) = &mut self.asked else { return Ok(None) };
        let row = within(self.store.timeout(), asked.rows.next()).await?;
        asked.answered += u64::from(row.is_some());
        Ok(row.map(EventRow::into_found))
    }

    /// Asks about the next keys. `false` if there are none.
    async fn ask(&mut self) -> Result<bool, StoreError> {
        let Some((from, keys)) = self.place() else { return Ok(false) };
        let most = keys.min(MOST_HOURS);
        let hours = self.store.conversation_hours(&self.tenant, &self.conversation_id, from, most).await?;
        if hours.is_empty() {
            return Ok(false);
        }
        let rows = self.turns(&hours, keys)?;
        self.asked = Some(Asked { keys, after: self.page.after, hours, answered: 0, rows });
        Ok(true)
    }

    /// From which hour on there may be more keys, and how many of them to ask for. None if there are no more.
    fn place(&self) -> Option<(u32, u64)> {
        let hour = self.page.after.map_or(0, |after| hour_of(after.created_at()));
        let Some(asked) = &self.asked else { return Some((hour, self.page.limit)) };
        // Some of the keys are of events that are gone, so there may be more of the conversation. That many more are
        // asked for, lest a long row of such keys takes as many queries.
        let keys = (2 * asked.keys).min(MAX_KEYS);
        if asked.answered < asked.keys {
            // They are all of these hours, and there are no others where fewer were found than asked for.
            let last =
                asked.hours.last().filter(|_| asked.hours.len() as u64 >= asked.keys.min(MOST_HOURS))?;
            return Some((last + 1, keys));
        }
        // Where it has come to no other key, all are of rows that this program never wrote.
        (self.page.after != asked.after).then_some((hour, keys))
    }

    fn turns(&self, hours: &[u32], keys: u64) -> Result<RowCursor<EventRow<'static>>, StoreError> {
        let ends = |hour: Option<&u32>| ends_of(hour.copied().unwrap_or_default());
        let ((first, _), (_, last)) = (ends(hours.first()), ends(hours.last()));
        let after = self.page.after;
        let sql = CONVERSATION.replace("/* hour */", HOUR);
        let mut query = self
            .store
            .reader
            .query_raw(&sql.replace("/* after */", after.map_or("", |_| AFTER)))
            .param("tenant", self.tenant.as_str())
            .param("conversation_id", &*self.conversation_id)
            .param("first", sql_time(first))
            .param("last", sql_time(last))
            .param("hours", hours)
            .param("keys", keys)
            .param("embeddings", self.page.with_embeddings);
        if let Some(after) = after {
            query =
                query.param("after_time", sql_time(after.created_at())).param("after_id", after.to_string());
        }
        Ok(query.fetch::<EventRow<'_>>()?)
    }
}

impl Store {
    /// Events of a conversation by time and id, oldest first. Nothing is asked before the first is wanted.
    pub fn conversation(&self, tenant: &Tenant, conversation_id: &str, page: Page) -> Turns {
        Turns {
            store: self.clone(),
            tenant: tenant.clone(),
            conversation_id: conversation_id.to_owned(),
            page,
            asked: None,
        }
    }
}

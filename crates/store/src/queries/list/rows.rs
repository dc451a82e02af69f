//! Events by their ids, in the order of these.

use std::collections::HashMap;

use model::{Event, EventId, State, Stored};

use super::Extent;
use super::ids::{IDS, by_ids};
use crate::row::{EventRow, Found};
use crate::{Scope, Store, StoreError, within};

/// Texts in full where they are wanted so, and vectors never.
const ROWS: &str = "
    SELECT tenant, id, created_at, updated_at, received_at, source, kind, event_name, message_id, conversation_id,
        if({whole:Bool}, conversation_metadata, substringUTF8(conversation_metadata, 1, {chars:UInt32}))
            AS conversation_metadata,
        user_id, anonymous_id, if({whole:Bool}, error, substringUTF8(error, 1, {chars:UInt32})) AS error, latency,
        if({whole:Bool}, input, substringUTF8(input, 1, {chars:UInt32})) AS input,
        if({whole:Bool}, output, substringUTF8(output, 1, {chars:UInt32})) AS output,
        emptyArrayFloat32() AS input_embeddings, emptyArrayFloat32() AS output_embeddings, subjects, tags, trace_ids,
        if({whole:Bool}, properties, '') AS properties, if({whole:Bool}, context, '') AS context,
        emptyArrayUInt64() AS idempotency_keys, version, is_deleted, schema_version
    FROM {events}";

/// As many ids at once as there can be, but for events in full, which may be of a megabyte or two each.
const WHOLE_IDS: usize = 50;

/// Bytes of events that a page is full with.
const MAX_PAGE_BYTES: usize = 4 << 20;

impl Store {
    /// The events of these ids that are in the scope, in this order, and how many of the ids were looked at before
    /// there were enough bytes of them. At least one is.
    pub(in crate::queries) async fn events_of(
        &self,
        scope: &Scope<'_>,
        ids: &[EventId],
        extent: Extent,
    ) -> Result<(Vec<Event<'static>>, usize), StoreError> {
        let (mut events, mut bytes, mut read) = (Vec::new(), 0, 0);
        let at_once = if extent == Extent::Whole { WHOLE_IDS } else { IDS };
        for ids in ids.chunks(at_once) {
            let mut found = self.rows_of(scope, ids, extent).await?;
            for id in ids {
                if bytes >= MAX_PAGE_BYTES {
                    return Ok((events, read));
                }
                read += 1;
                let Some(event) = found.remove(id) else { continue };
                bytes += event.content.bytes();
                events.push(event);
            }
        }
        Ok((events, read))
    }

    async fn rows_of(
        &self,
        scope: &Scope<'_>,
        ids: &[EventId],
        extent: Extent,
    ) -> Result<HashMap<EventId, Event<'static>>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        let Some((scope, besides)) = by_ids(scope, ids) else { return Ok(found) };
        let (whole, chars) = match extent {
            Extent::Whole => (true, 0),
            // One more tells that it was cut.
            Extent::Cut(chars) => (false, chars.saturating_add(1)),
        };
        let question = self.ask_besides(&scope, ROWS, besides).param("whole", whole);
        let mut rows = question.param("chars", chars).fetch::<EventRow<'_>>()?;
        while let Some(row) = within(self.timeout(), rows.next()).await? {
            // A row that this program never wrote costs only its own event.
            match row.into_found() {
                Some((key, Found::Stored(Stored { state: State::Live(event), .. }))) => {
                    found.insert(key.id, *event);
                }
                Some((_, Found::Foreign { why, .. })) => {
                    tracing::warn!(why, "an event is left out of a list");
                }
                Some((_, Found::Stored(_))) | None => {}
            }
        }
        Ok(found)
    }
}

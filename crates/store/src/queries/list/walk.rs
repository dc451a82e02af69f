//! The newest events, found from the end of the range backwards, so that a page takes as long in a table of any size.

use clickhouse::Row;
use model::{EventId, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::Mark;
use crate::ask::Besides;
use crate::queries::sql_time;
use crate::{Range, Scope, Store, StoreError};

/// Of one window of the range.
const KEYS: &str = "
    SELECT id FROM {events}
    ORDER BY created_at DESC, UUIDToNum(id) DESC
    LIMIT {keys:UInt64}";

/// Where the next page goes on.
const BEFORE: &str = " AND (created_at, UUIDToNum(id))
    < ({before_time:DateTime64(3, 'UTC')}, UUIDToNum({before_id:UUID}))";

/// How much of the range is looked at first, in milliseconds.
const FIRST_WINDOW_MS: i64 = 5 * 60_000;

/// How many times as much the next window is at least and at most.
const GROWTH: (usize, usize) = (2, 8);

#[derive(Row, Deserialize)]
struct Key {
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
}

impl Store {
    /// Marks of the newest events of the scope of which `besides` holds too, behind another, at most `limit`.
    pub(in crate::queries) async fn newest(
        &self,
        scope: &Scope<'_>,
        besides: &Besides,
        after: Option<Mark>,
        limit: usize,
    ) -> Result<Vec<Mark>, StoreError> {
        let before = after.map(|mark| mark.id);
        let (mut marks, mut width) = (Vec::new(), FIRST_WINDOW_MS);
        let mut to = scope.range.counted_to();
        if let Some(before) = before {
            to = to.min(later(before.created_at(), 1));
        }
        while let Ok(window) = Range::new(scope.range.from().max(later(to, -width)), to, scope.range.now()) {
            let window = Scope { range: window, ..scope.clone() };
            let found = self.newest_of(&window, besides.clone(), before, limit - marks.len()).await?;
            let count = found.len();
            marks.extend(found);
            if marks.len() >= limit {
                break;
            }
            to = window.range.from();
            width *= growth(count, limit - marks.len());
        }
        Ok(marks)
    }

    async fn newest_of(
        &self,
        window: &Scope<'_>,
        mut besides: Besides,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<Mark>, StoreError> {
        if before.is_some() {
            besides.conditions += BEFORE;
        }
        let mut question = self.ask_besides(window, KEYS, besides).param("keys", limit);
        if let Some(before) = before {
            question = question.param("before_time", sql_time(before.created_at()));
            question = question.param("before_id", before.to_string());
        }
        let keys: Vec<Key> = question.fetch_all().await?;
        // An id that can't be one is in a row that somebody else wrote.
        let mark = |Key { id }| Some(Mark { id: EventId::from_uuid(id).ok()?, latency: None });
        Ok(keys.into_iter().filter_map(mark).collect())
    }
}

/// How many times as much to look at for those that are left, when so many were found: twice what would have them if
/// they came as often.
fn growth(found: usize, left: usize) -> i64 {
    let times = (2 * left).checked_div(found).unwrap_or(GROWTH.1).clamp(GROWTH.0, GROWTH.1);
    i64::try_from(times).unwrap_or_default()
}

/// So many milliseconds later, or earlier; at most the ends of all time.
fn later(at: Timestamp, millis: i64) -> Timestamp {
    let ends = if millis < 0 { Timestamp::default() } else { Timestamp::MAX };
    Timestamp::from_millis(at.millis().saturating_add(millis)).unwrap_or(ends)
}

//! Where the keys end that a page asked the index of names for, though the table has no rows of them: it takes an
//! event in a moment later than the index, and forgets one that was deleted when a cleanup merge takes its tombstone.

use clickhouse::Row;
use model::EventId;
use serde::Deserialize;
use uuid::Uuid;

use crate::{Question, StoreError};

#[derive(Row, Deserialize)]
struct Key {
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
}

/// Of the SQL that has keys in their order, the SQL that has the last of the first `{keys:UInt64}`.
pub(super) fn sql(keys: &str) -> String {
    format!("SELECT id FROM ({keys} LIMIT 1 OFFSET {{keys:UInt64}} - 1)")
}

/// The answer to that; `None` if there are not so many.
pub(super) async fn of(question: Question<'_>) -> Result<Option<EventId>, StoreError> {
    let keys: Vec<Key> = question.fetch_all().await?;
    let id = |Key { id }: &Key| {
        EventId::from_uuid(*id)
            .map_err(|_| StoreError::Foreign(format!("the index of names: impossible id {id}")))
    };
    keys.first().map(id).transpose()
}

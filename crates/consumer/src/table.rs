//! The table as the consumer sees it: calls that wait for ClickHouse as long as it takes, and tell
//! a row that it will never take from a server in trouble.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use model::EventKey;
use runtime::retry;
use runtime::status::Status;
use store::{Store, StoreError, Stored};

/// The part of the status that these calls speak for.
const PART: &str = "clickhouse";
/// Speaks for the version of the table.
pub(crate) const SCHEMA: &str = "schema";

/// An error that says neither that a row is bad nor that the server is in trouble is taken for a
/// row's fault when it has come so many times. What is left is to find the row.
const SUSPECT_ATTEMPTS: u32 = 6;
/// The same of a part of such rows, so that trouble that passes is not taken for a row's fault.
const PART_ATTEMPTS: u32 = 2;

#[derive(Clone)]
pub(crate) struct Table {
    store: Store,
    status: Status,
}

impl Table {
    /// `status` says what is being waited for.
    pub(crate) fn new(store: Store, status: Status) -> Self {
        Self { store, status }
    }

    /// Returns once the table is not from the future: a row that this program writes over one of a newer
    /// program would lack what that one added.
    pub(crate) async fn check_schema(&self) -> Result<(), StoreError> {
        let check = || self.store.check_schema();
        retry::watched(&self.status, SCHEMA, "checking the table's version", StoreError::is_retryable, check)
            .await
    }

    pub(crate) async fn look_up(
        &self,
        keys: &[EventKey],
    ) -> Result<HashMap<EventKey, Stored<'static>>, StoreError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let lookup = || self.store.lookup(keys);
        // No row is at fault here, whatever the server says.
        retry::watched(&self.status, PART, "looking up events", |_| true, lookup).await
    }

    /// Inserts all rows but those that ClickHouse refuses, which it returns with the reason.
    pub(crate) async fn insert(
        &self,
        rows: &[(EventKey, Stored<'_>)],
    ) -> Result<HashMap<EventKey, StoreError>, StoreError> {
        let (mut halves, mut refused) = (vec![rows], HashMap::new());
        let mut attempts = SUSPECT_ATTEMPTS;
        while let Some(part) = halves.pop() {
            let Err(error) = self.insert_all(part, attempts).await? else { continue };
            attempts = PART_ATTEMPTS;
            if let [(key, _)] = part {
                tracing::warn!(%error, event_id = %key.id, "ClickHouse refuses a row");
                refused.insert(key.clone(), error);
            } else {
                let (first, second) = part.split_at(part.len() / 2);
                halves.extend([second, first]);
            }
        }
        Ok(refused)
    }

    /// Inserts these rows, among which is one that was refused, as one.
    pub(crate) async fn try_again(
        &self,
        rows: &[(EventKey, Stored<'_>)],
    ) -> Result<Result<(), StoreError>, StoreError> {
        self.insert_all(rows, PART_ATTEMPTS).await
    }

    /// The inner error is ClickHouse's refusal.
    async fn insert_all(
        &self,
        rows: &[(EventKey, Stored<'_>)],
        suspect_attempts: u32,
    ) -> Result<Result<(), StoreError>, StoreError> {
        if rows.is_empty() {
            return Ok(Ok(()));
        }
        let suspicions = AtomicU32::new(0);
        let insert = async || match self.store.insert(rows).await {
            Err(error) if error.is_refusal() => Ok(Err(error)),
            Err(error) if error.is_suspect() => {
                let before = suspicions.fetch_add(1, Ordering::Relaxed);
                if before + 1 < suspect_attempts { Err(error) } else { Ok(Err(error)) }
            }
            Err(error) => {
                suspicions.store(0, Ordering::Relaxed);
                Err(error)
            }
            Ok(()) => Ok(Ok(())),
        };
        retry::watched(&self.status, PART, "inserting events", StoreError::is_retryable, insert).await
    }
}

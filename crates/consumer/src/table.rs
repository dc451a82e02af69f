//! The table as the consumer sees it: calls that wait for ClickHouse as long as it takes, and tell
//! a row that it will never take from a server in trouble.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Instant;

use model::{EventKey, Stored};
use prometheus_client::metrics::histogram::Histogram;
use runtime::retry;
use runtime::status::Status;
use store::{Lookup, Store, StoreError};

use crate::lookup_budget::LookupBudget;

/// The part of the status page that says whether inserts and look-ups work.
const PART: &str = "clickhouse";
/// The part of the status page that says whether the table's schema is one that this program knows.
pub(crate) const SCHEMA: &str = "schema";

/// Rows count as at fault once they failed so many times in a row while another row went in.
const TRIES: u32 = 3;

#[derive(Clone)]
pub(crate) struct Table {
    store: Store,
    status: Status,
    /// How long inserts that succeed take.
    insert_seconds: Histogram,
}

impl Table {
    /// `status` says what is being waited for.
    pub(crate) fn new(store: Store, status: Status, insert_seconds: Histogram) -> Self {
        Self { store, status, insert_seconds }
    }

    /// Returns once the table's schema is none that is newer than this program. A row that this program writes over
    /// one of a newer program would lack the columns that the newer one added.
    pub(crate) async fn check_schema(&self) -> Result<(), StoreError> {
        let check = || self.store.check_schema();
        retry::watched(&self.status, SCHEMA, "checking the table's version", StoreError::is_retryable, check)
            .await
    }

    /// Looks up the rows of these keys, as many as may be held at once; the other keys are in [`Lookup::left`].
    pub(crate) async fn look_up(
        &self,
        mut keys: Vec<EventKey>,
        lookup_budget: &mut LookupBudget,
    ) -> Result<Lookup, StoreError> {
        let (mut all, mut held) = (Lookup::default(), 0);
        while !keys.is_empty() && lookup_budget.has_room(held, keys.len()) {
            let wanted = lookup_budget.keys().min(keys.len());
            let most = AtomicUsize::new(wanted);
            let limit = lookup_budget.left(held);
            let some = async || {
                let some = most.load(Ordering::Relaxed);
                let (_, asked) = keys.split_at(keys.len() - some);
                let answer = self.store.lookup(asked, limit).await;
                if answer.as_ref().is_err_and(StoreError::may_want_less) {
                    most.store((some / 2).max(1), Ordering::Relaxed);
                }
                answer.map(|answer| (some, answer))
            };
            // No row is at fault here, whatever the server says.
            let (asked, Lookup { rows, foreign, left }) =
                retry::watched(&self.status, PART, "looking up events", |_| true, some).await?;
            let bytes: usize = rows.values().map(Stored::bytes).sum();
            if left.len() == asked {
                lookup_budget.at_most(asked / 2);
            } else {
                lookup_budget.learn(rows.len(), bytes);
            }
            if asked < wanted {
                lookup_budget.at_most(asked);
            }
            keys.truncate(keys.len() - asked);
            keys.extend(left);
            held += bytes;
            all.rows.extend(rows);
            all.foreign.extend(foreign);
        }
        all.left = keys;
        Ok(all)
    }

    /// Inserts all rows but those that ClickHouse refuses, which it returns with the reason.
    pub(crate) async fn insert(
        &self,
        rows: &[(EventKey, Stored<'_>)],
    ) -> Result<HashMap<EventKey, StoreError>, StoreError> {
        let (mut parts, mut undecided, mut refused) = (vec![rows], Vec::new(), HashMap::new());
        let mut any_is_in = false;
        while let Some(part) = parts.pop() {
            match (self.insert_all(part).await?, part) {
                (Verdict::In, _) => any_is_in = true,
                (Verdict::Refused(error), [(key, _)]) => {
                    tracing::warn!(%error, event_id = %key.id, "ClickHouse refuses a row");
                    refused.insert(key.clone(), error);
                }
                (Verdict::Undecided(_), [_]) => undecided.push(part),
                (Verdict::Refused(_) | Verdict::Undecided(_), _) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
            if parts.is_empty() && !undecided.is_empty() {
                // With one of their batch in the table they can be judged. Else the server is in trouble.
                parts = if any_is_in { std::mem::take(&mut undecided) } else { vec![rows] };
                undecided.clear();
            }
        }
        Ok(refused)
    }

    /// Inserts the rows of an event one of whose rows was refused, in one insert. The inner result says whether
    /// ClickHouse takes them; an outer error can't be retried.
    pub(crate) async fn try_again(
        &self,
        rows: &[(EventKey, Stored<'_>)],
    ) -> Result<Result<(), StoreError>, StoreError> {
        loop {
            match self.insert_all(rows).await? {
                Verdict::In => return Ok(Ok(())),
                Verdict::Refused(error) => return Ok(Err(error)),
                Verdict::Undecided(_) => {}
            }
        }
    }

    /// Inserts rows in one insert, and tries for as long as the server is in trouble. Rows are refused if an error
    /// names a value of theirs, or if any error meets them [`TRIES`] times in a row while another row goes in.
    async fn insert_all(&self, rows: &[(EventKey, Stored<'_>)]) -> Result<Verdict, StoreError> {
        let Some((key, _)) = rows.first() else { return Ok(Verdict::In) };
        let failures = AtomicU32::new(0);
        let insert = async || {
            let begun = Instant::now();
            let error = match self.store.insert(rows).await {
                Ok(()) => {
                    self.insert_seconds.observe(begun.elapsed().as_secs_f64());
                    return Ok(Verdict::In);
                }
                Err(error) if error.is_refusal() => return Ok(Verdict::Refused(error)),
                Err(error) => error,
            };
            let other =
                if error.may_be_of_a_row() { self.store.takes_another(key).await } else { Some(false) };
            if other == Some(false) {
                failures.store(0, Ordering::Relaxed);
                return Err(error);
            }
            let before = failures.fetch_add(1, Ordering::Relaxed);
            match other {
                _ if before + 1 < TRIES => Err(error),
                None => Ok(Verdict::Undecided(error)),
                Some(_) => Ok(Verdict::Refused(error)),
            }
        };
        let verdict =
            retry::watched(&self.status, PART, "inserting events", StoreError::is_retryable, insert).await?;
        if let Verdict::Undecided(error) = &verdict {
            self.status.trouble(PART, error.to_string());
        }
        Ok(verdict)
    }
}

/// What became of rows that were inserted in one insert.
enum Verdict {
    In,
    /// One of the rows is at fault.
    Refused(StoreError),
    /// The table holds no other row, so whether it would take one can't be known.
    Undecided(StoreError),
}

#[cfg(test)]
mod tests;

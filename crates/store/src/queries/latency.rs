//! The slowest conversations.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::in_hours;
use crate::ask::Besides;
use crate::rollup::{Parts, Plan};
use crate::{Field, Rolled, Scope, Store, StoreError};

/// Latency 0 is not measured: counted, but left out of the percentile.
const LATENCY: &str = "
    SELECT conversation_id, event_name,
        if(countIf(latency > 0) = 0, 0, quantileExactIf(0.95)(latency, latency > 0)) AS p95_latency,
        count() AS event_count
    FROM {events}
    WHERE conversation_id != ''
    GROUP BY conversation_id, event_name
    ORDER BY p95_latency DESC, event_count DESC, conversation_id, event_name
    LIMIT {limit:UInt64}";

/// By the slowest of their parts, which hours that were rolled up tell. What they leave out comes before equals.
const SLOWEST: &str = "
    SELECT conversation_id, max(p95) AS p95
    FROM {slowest}
    GROUP BY conversation_id
    ORDER BY p95 DESC, conversation_id
    LIMIT {most:UInt64}";

/// Of some conversations: first the keys, in their hours, then what counts of them, as a page of a conversation is read.
const OF_CANDIDATES: &str = " AND conversation_id IN {candidates:Array(String)} AND (created_at, id) IN (
    SELECT created_at, id FROM {versions}
        AND created_at >= {from:DateTime64(3, 'UTC')} AND created_at < {to:DateTime64(3, 'UTC')}
        AND conversation_id IN {candidates:Array(String)}
        AND /* in hours */)";

/// Conversations of one query at most, and bytes of their ids in its address, which may have 64 KiB.
const MOST: usize = 1_000;
const MOST_BYTES: usize = 40_000;

/// One event name of one conversation.
#[derive(Debug, PartialEq, Row, Serialize, Deserialize, ToSchema)]
pub struct SessionLatency {
    /// The conversation.
    pub conversation_id: String,
    /// The event name.
    pub event_name: String,
    /// 95th percentile of the measured latencies, in milliseconds; 0 if none was measured.
    pub p95_latency: f64,
    /// Its events, measured or not.
    pub event_count: u64,
}

/// A conversation, or all that are left out, and the greatest of the percentiles of its parts, in milliseconds.
#[derive(Row, Deserialize)]
struct Slow {
    conversation_id: String,
    p95: f64,
}

impl Store {
    /// Slowest first. What hours that were rolled up tell is who may be: of these all is read from the events.
    pub async fn latency(
        &self,
        scope: &Scope<'_>,
        limit: u64,
    ) -> Result<Rolled<Vec<SessionLatency>>, StoreError> {
        if scope.filters.iter().all(|filter| *filter.field() == Field::EventName)
            && let Some(plan) = self.plan(scope).await?
            && plan.read.rolled_hours > 0
            && let Some(slowest) = self.latency_rolled(scope, &plan, limit).await?
        {
            return Ok(Rolled::by(&plan, slowest));
        }
        Ok(Rolled::live(self.ask(scope, LATENCY).param("limit", limit).fetch_all().await?))
    }

    /// The same, where it can be proved: if the last of the answer is slower than every part of all who were not looked
    /// at, it is slower than they are. Else twice as many are looked at, as far as hours tell.
    async fn latency_rolled(
        &self,
        scope: &Scope<'_>,
        plan: &Plan,
        limit: u64,
    ) -> Result<Option<Vec<SessionLatency>>, StoreError> {
        let question = self.ask_rolled(scope, plan, Parts::Quarters, SLOWEST);
        let slow: Vec<Slow> = question.param("most", MOST + 1).fetch_all().await?;
        let (limit, most) = (usize::try_from(limit).unwrap_or(usize::MAX), known(&slow));
        let mut count = first_count(&slow, limit).min(most);
        while count >= limit {
            let (candidates, others) = slow.split_at(count);
            let found = self.latency_of(scope, candidates, limit).await?;
            let bound = others.first().map_or(0.0, |next| next.p95);
            if found.len() == limit && found.last().is_some_and(|last| last.p95_latency > bound) {
                return Ok(Some(found));
            }
            if count == most {
                break;
            }
            count = (2 * count).min(most);
        }
        Ok(None)
    }

    async fn latency_of(
        &self,
        scope: &Scope<'_>,
        candidates: &[Slow],
        limit: usize,
    ) -> Result<Vec<SessionLatency>, StoreError> {
        let mut besides = Besides::default();
        let ids = candidates.iter().map(|slow| slow.conversation_id.clone()).collect();
        let place = besides.params.texts("candidates", ids);
        besides.conditions = OF_CANDIDATES.replace("/* in hours */", &in_hours(&place));
        let question = self.ask_besides(scope, LATENCY, besides).param("limit", limit);
        // Keys alone can tell before FINAL that a row is not wanted: a quarter less is read.
        question.setting("optimize_move_to_prewhere_if_final", "1").fetch_all().await
    }
}

/// How many of them can be looked at: those before what is left out, as many as one query takes.
fn known(slow: &[Slow]) -> usize {
    let mut bytes = 0;
    let fits = |slow: &&Slow| {
        bytes += escaped_bytes(&slow.conversation_id);
        !slow.conversation_id.is_empty() && bytes <= MOST_BYTES
    };
    slow.iter().take(MOST).take_while(fits).count()
}

/// How many bytes of an address an id takes at most, in quotes and with a comma.
fn escaped_bytes(id: &str) -> usize {
    let of = |byte: u8| if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) { 1 } else { 6 };
    9 + id.bytes().map(of).sum::<usize>()
}

/// How many are looked at first: a third more than are wanted, and all that may be as slow as the last of these.
fn first_count(slow: &[Slow], limit: usize) -> usize {
    let last = slow.get(limit.saturating_sub(1));
    let as_slow = last.map_or(0, |last| slow.partition_point(|slow| slow.p95 >= last.p95));
    as_slow.max(limit.saturating_add(limit / 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(p95s: &[f64]) -> Vec<Slow> {
        p95s.iter().map(|p95| Slow { conversation_id: "c".into(), p95: *p95 }).collect()
    }

    #[test]
    fn all_that_are_as_slow_as_the_last_are_looked_at_first() {
        let slow = slow(&[9.0, 8.0, 7.0, 7.0, 7.0, 7.0, 7.0, 6.0]);
        let counts = [1, 2, 3, 6, 7, 8, 9].map(|limit| first_count(&slow, limit));
        assert_eq!(counts, [1, 2, 7, 8, 9, 10, 12]);
    }

    #[test]
    fn none_behind_what_is_left_out_is_looked_at_and_no_more_than_an_address_holds() {
        let mut found = slow(&[1.0; 1_001]);
        assert_eq!(known(&found), MOST);
        found[300].conversation_id = String::new();
        assert_eq!(known(&found), 300);
        found[7].conversation_id = "%".repeat(MOST_BYTES / 6);
        assert_eq!(known(&found), 7);
        assert_eq!(known(&[]), 0);
    }
}

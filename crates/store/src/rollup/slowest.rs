//! The slowest conversations of hours, by event name: whoever is among the slowest of a range has an hour in which it
//! is as slow.
//!
//! The 95th percentile is the value at the place `floor(0.95 n)` of `n` in order, so above that of a part of `n` values
//! lie at most `ceil(0.05 n) - 1`. Of all parts together these are fewer than `0.05 n` of the whole: its percentile is at
//! most the greatest of its parts'.

/// Of hours that have a latency of a conversation, as SQL whose events are yet to be named: up to 100 of a name, and 500
/// in all. Those that are left out have the greatest of their percentiles together, under an empty id.
pub(super) const OF_HOURS: &str = "
    SELECT start, groupArray(kept) AS slow_conversations, groupArray(event_name) AS slow_names, groupArray(most) AS slow_p95s
    FROM (
        SELECT start, if(of_name <= 100 AND of_hour <= 500, conversation_id, '') AS kept, event_name, max(p95) AS most
        FROM (
            SELECT *, row_number() OVER (PARTITION BY start, event_name ORDER BY p95 DESC, conversation_id) AS of_name,
                row_number() OVER (PARTITION BY start ORDER BY p95 DESC, conversation_id, event_name) AS of_hour
            FROM (
                SELECT toUnixTimestamp(toStartOfHour(toDateTime(created_at, 'UTC'))) AS start, conversation_id, event_name,
                    quantileExact(0.95)(latency) AS p95
                FROM /* events */ AND conversation_id != '' AND latency > 0
                GROUP BY start, conversation_id, event_name))
        GROUP BY start, kept, event_name)
    GROUP BY start";

/// Parts of conversations, whatever hours they are of, by event name. The columns: `conversation_id`, empty for all that
/// are left out, `event_name`, `p95` of the part's measured latencies, or at most that of each that is left out.
pub(super) const PLACE: &str = "{slowest}";

pub(super) const SLOWEST: &str = "(
    SELECT conversation_id, event_name, p95
    FROM (SELECT * FROM rollup FINAL WHERE /* rolled */)
    ARRAY JOIN slow_conversations AS conversation_id, slow_names AS event_name, slow_p95s AS p95
    WHERE /* filters */ OR (conversation_id = '' AND event_name = '')
    UNION ALL
    SELECT conversation_id, event_name, quantileExact(0.95)(latency) AS p95
    FROM {events}
    WHERE conversation_id != '' AND latency > 0
    GROUP BY conversation_id, event_name)";

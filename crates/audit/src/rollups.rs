//! Whether the hours that were rolled up say what their events do.

use std::collections::{BTreeMap, HashSet};

use model::EventKey;

use crate::AuditError;
use crate::finding::{Anomaly, Finding};
use crate::table::{Columns, Table, column};

/// Hours that are clean: whose rollups questions read in place of their events.
const ROLLED: &str = "
    SELECT tenant, toUnixTimestamp(hour) AS start, events, arraySum(errors) AS with_error, arraySum(measured) AS with_latency,
        length(arrayDistinct(arrayFlatten(users))) AS different_users,
        length(arrayDistinct(arrayFlatten(conversations))) AS different_conversations, marks
    FROM (SELECT * FROM rollup FINAL) AS rolled
    INNER JOIN (SELECT tenant, hour, sum(marks) AS marks FROM bucket_marks GROUP BY tenant, hour) AS marked USING (tenant, hour)
    WHERE covered >= marks";

const COUNTED: &str = "
    SELECT tenant, toUnixTimestamp(toStartOfHour(toDateTime(created_at, 'UTC'))) AS start, count() AS events,
        countIf(error != '') AS with_error, countIf(latency > 0) AS with_latency,
        uniqExactIf((user_id, if(user_id = '', anonymous_id, '')), user_id != '' OR anonymous_id != '') AS different_users,
        uniqExactIf(conversation_id, conversation_id != '') AS different_conversations
    FROM events FINAL
    GROUP BY tenant, start";

const MARKS: &str = "SELECT tenant, toUnixTimestamp(hour) AS start, sum(marks) AS marks FROM bucket_marks GROUP BY tenant, hour";

/// Of a tenant, by its first second.
type Hour = (String, u32);

/// Events, those with an error, those with a latency, users, conversations.
type Counts = [u64; 5];

/// Compares each clean hour with its events. Hours that were written to meanwhile are passed over; `touched` are events
/// whose rows may not be marked yet.
pub(crate) async fn compare(table: &Table, touched: &HashSet<EventKey>) -> Result<Vec<Finding>, AuditError> {
    let mut rolled: BTreeMap<Hour, (Counts, u64)> = BTreeMap::new();
    table
        .each(ROLLED, |columns| {
            rolled.insert(hour(columns)?, (counts(columns)?, column(columns, "marks")?));
            Ok(())
        })
        .await?;
    let mut counted: BTreeMap<Hour, Counts> = BTreeMap::new();
    table
        .each(COUNTED, |columns| {
            counted.insert(hour(columns)?, counts(columns)?);
            Ok(())
        })
        .await?;
    let mut marks: BTreeMap<Hour, u64> = BTreeMap::new();
    table
        .each(MARKS, |columns| {
            marks.insert(hour(columns)?, column(columns, "marks")?);
            Ok(())
        })
        .await?;
    let in_doubt: HashSet<Hour> = touched.iter().filter_map(hour_of).collect();
    let differs = |(hour, (said, marked)): (Hour, (Counts, u64))| {
        let is = counted.get(&hour).copied().unwrap_or_default();
        let is_settled = marks.get(&hour) == Some(&marked) && !in_doubt.contains(&hour);
        (is_settled && said != is).then(|| Finding {
            anomaly: Anomaly::Misrolled,
            key: None,
            detail: format!(
                "the hour from {} s on of tenant {} is rolled up as {said:?} events, errors, latencies, users and conversations, and has {is:?}",
                hour.1, hour.0
            ),
        })
    };
    Ok(rolled.into_iter().filter_map(differs).collect())
}

fn hour(columns: &Columns<'_>) -> Result<Hour, AuditError> {
    Ok((column(columns, "tenant")?, column(columns, "start")?))
}

fn counts(columns: &Columns<'_>) -> Result<Counts, AuditError> {
    let names = ["events", "with_error", "with_latency", "different_users", "different_conversations"];
    let mut counts = Counts::default();
    for (count, name) in counts.iter_mut().zip(names) {
        *count = column(columns, name)?;
    }
    Ok(counts)
}

fn hour_of(key: &EventKey) -> Option<Hour> {
    let start = u32::try_from(key.id.created_at().millis() / 3_600_000 * 3_600).ok()?;
    Some((key.tenant.as_str().to_owned(), start))
}

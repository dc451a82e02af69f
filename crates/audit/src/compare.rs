//! Where the table or the dead letters say other than what is expected.

use std::collections::{HashMap, HashSet};

use dead_letters::UNKNOWN_EVENT;
use model::EventKey;

use crate::AuditError;
use crate::columns::{FIELDS, Value};
use crate::expected::{Expected, Live, State};
use crate::finding::{Anomaly, Finding};
use crate::letters::Letters;
use crate::table::{Row, Table};

/// Every update of an event that was not there has to be among the dead letters.
pub(crate) fn letters(expected: &Expected, letters: &Letters) -> Vec<Finding> {
    let unknown =
        expected.unknown.iter().filter(|(place, _)| letters.complete && !letters.has(**place, UNKNOWN_EVENT));
    let finding = |(place, key): (&_, &EventKey)| Finding {
        anomaly: Anomaly::Lost,
        key: Some(key.clone()),
        detail: format!("the update at {place} found no event and has no dead letter"),
    };
    unknown.map(finding).collect()
}

/// Every live row has to be its event's, and every event has to have its row or its tombstone.
pub(crate) async fn table(expected: &Expected, table: &Table) -> Result<Vec<Finding>, AuditError> {
    let mut findings = Vec::new();
    // Each live row's event, with the row's `created_at`.
    let mut seen: HashMap<EventKey, i64> = HashMap::with_capacity(expected.events.len());
    table
        .live(|row| {
            findings.extend(judge(expected.events.get(&row.key), &row));
            if let Some(other) = seen.insert(row.key.clone(), row.created_at) {
                let detail = format!("live rows at created_at {other} ms and {} ms", row.created_at);
                findings.push(Finding { anomaly: Anomaly::Doubled, key: Some(row.key), detail });
            }
        })
        .await?;
    let mut tombstones = HashSet::new();
    table
        .tombstones(|key| {
            tombstones.insert(key);
        })
        .await?;

    for (key, state) in &expected.events {
        let missing = match state {
            _ if seen.contains_key(key) => continue,
            State::Live(_) => "the event is not in the table",
            State::Deleted if tombstones.contains(key) => continue,
            State::Deleted => "the event was deleted, but has no tombstone",
        };
        findings.push(Finding { anomaly: Anomaly::Lost, key: Some(key.clone()), detail: missing.to_owned() });
    }
    Ok(findings)
}

/// What is wrong with a live row.
fn judge(state: Option<&State>, row: &Row) -> Vec<Finding> {
    let finding = |anomaly, detail: String| Finding { anomaly, key: Some(row.key.clone()), detail };
    match state {
        None => vec![finding(Anomaly::Stray, "a live row, but the topic never made the event".into())],
        Some(State::Deleted) => {
            vec![finding(Anomaly::Resurrected, "a live row, but the event was deleted".into())]
        }
        Some(State::Live(live)) => {
            differences(live, row).into_iter().map(|detail| finding(Anomaly::Stale, detail)).collect()
        }
    }
}

fn differences(live: &Live, row: &Row) -> Vec<String> {
    let mut all = Vec::new();
    for (name, expected, found) in [
        ("created_at", row.key.id.created_at().millis(), row.created_at),
        ("received_at", live.received_at, row.received_at),
        ("updated_at", live.updated_at, row.updated_at),
    ] {
        if expected != found {
            all.push(format!("{name} is {found} ms and should be {expected} ms"));
        }
    }
    if live.source != row.source {
        all.push(format!("source is {:?} and should be {:?}", row.source, live.source));
    }
    if live.remembered() != row.idempotency_keys {
        all.push(format!(
            "idempotency_keys is {:?} and should be {:?}",
            row.idempotency_keys,
            live.remembered()
        ));
    }
    for (name, kind) in FIELDS {
        let expected = live.fields.get(name);
        let found = row.fields.get(name).map(AsRef::as_ref);
        if !found.is_some_and(|found| kind.agrees(expected, found)) {
            all.push({
                let found = found.map(|found| kind.keep_found(found));
                format!("{name} is {} and should be {}", shown(found.as_ref()), shown(expected))
            });
        }
    }
    all
}

fn shown(value: Option<&Value>) -> String {
    value.map_or("empty".to_owned(), ToString::to_string)
}

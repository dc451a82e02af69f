//! Records as rows of a spreadsheet: lists and objects are cells of JSON, and no cell is taken for a formula.

use std::borrow::Cow;
use std::collections::BTreeMap;

use csv::Writer;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The first line: the columns, in the order of the cells of [`row`].
pub(super) const HEAD: &[u8] =
    b"id,created_at,received_at,event_id,topic,who,activity_id,subjects,tags,traces,data,\
    context,changes,deleted\n";

/// What makes a spreadsheet take a cell for a formula, and what is put in front of it. A cell that begins with that gets
/// another, so that it can be taken off again.
const FORMULAS: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n', '\''];
const QUOTE: &str = "'";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    id: &'a str,
    at: &'a str,
    #[serde(default)]
    received_at: &'a str,
    #[serde(borrow, default)]
    who: Option<Cow<'a, str>>,
    #[serde(default)]
    deleted: bool,
    changes: &'a RawValue,
    #[serde(default)]
    event: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

/// The row of a record.
pub(super) fn row(record: &str) -> Result<String, serde_json::Error> {
    let Record { id, at, received_at, who, deleted, changes, mut event } = serde_json::from_str(record)?;
    let mut cell = |name: &str| event.remove(name).map(text).unwrap_or_default();
    let [event_id, topic, activity_id] = ["eventId", "topic", "activityId"].map(&mut cell);
    let [subjects, tags, traces, data] = ["subjects", "tags", "sourceTraceIds", "data"]
        .map(|name| event.remove(name).map(RawValue::get).unwrap_or_default());
    if who.is_some() {
        event.remove("actorId");
    }
    let context = if event.is_empty() { String::new() } else { serde_json::to_string(&event)? };
    let deleted = if deleted { "true" } else { "" };
    let cells: [&str; 14] = [
        id,
        at,
        received_at,
        &event_id,
        &topic,
        who.as_deref().unwrap_or_default(),
        &activity_id,
        subjects,
        tags,
        traces,
        data,
        &context,
        changes.get(),
        deleted,
    ];
    Ok(line(&cells))
}

/// The last line, if one is wanted.
pub(super) fn digest(hash: &str) -> String {
    line(&["#digest", "sha256", hash])
}

/// A string as what it says, all else as its JSON.
fn text(value: &RawValue) -> Cow<'_, str> {
    let json = value.get();
    if json.starts_with('"') { serde_json::from_str(json).unwrap_or(json.into()) } else { json.into() }
}

fn line(cells: &[&str]) -> String {
    let mut written = Writer::from_writer(Vec::new());
    for cell in cells {
        let quote = if cell.starts_with(FORMULAS) { QUOTE } else { "" };
        // It is written to memory.
        written.write_field(format!("{quote}{cell}")).unwrap_or_default();
    }
    written.write_record(None::<&[u8]>).unwrap_or_default();
    String::from_utf8(written.into_inner().unwrap_or_default()).unwrap_or_default()
}

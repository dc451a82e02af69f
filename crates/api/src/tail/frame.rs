//! Messages as server-sent events.

use std::fmt::Write;

use axum::body::Bytes;
use model::{EventId, Operation, Patch, Timestamp};
use serde::Serialize;
use store::queries::Extent;

use super::ring::Place;
use crate::questions::listed::ListedEvent;

/// Says that the connection is there.
pub(super) const COMMENT: &[u8] = b":\n\n";

/// The fields that an update changes.
#[derive(Serialize)]
struct Changed<'a> {
    id: EventId,
    updated_at: Timestamp,
    #[serde(flatten)]
    patch: &'a Patch<'a>,
}

#[derive(Serialize)]
struct Deleted {
    id: EventId,
}

/// What became of an event.
pub(super) fn of(operation: &Operation<'static>, place: Place) -> Bytes {
    let (name, data) = match operation {
        Operation::Create(event) => {
            ("created", json(&ListedEvent::new(event.as_ref().clone(), Extent::Whole)))
        }
        Operation::Update { key, at, patch } => {
            ("updated", json(&Changed { id: key.id, updated_at: *at, patch }))
        }
        Operation::Delete { key, .. } => ("deleted", json(&Deleted { id: key.id })),
    };
    let Place { partition, offset } = place;
    format!("event: {name}\nid: {partition}-{offset}\ndata: {data}\n\n").into()
}

/// How many messages a watcher did not get; `None` if nobody knows. It has no id: who comes back asks for what is
/// behind the last message.
pub(super) fn missed(count: Option<u64>) -> String {
    let mut frame = "event: missed\ndata: ".to_owned();
    let _ = match count {
        Some(count) => write!(frame, "{{\"count\":{count}}}\n\n"),
        None => write!(frame, "{{\"count\":null}}\n\n"),
    };
    frame
}

/// In one line: JSON that is kept as it was sent may have line breaks between its parts, where spaces do as well.
fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).unwrap_or_default().replace(['\n', '\r'], " ")
}

/// The place that an id stands for; `None` if it is none of ours.
pub(super) fn place(id: &str) -> Option<Place> {
    let (partition, offset) = id.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(partition) && digits(offset))
        .then(|| Some(Place { partition: partition.parse().ok()?, offset: offset.parse().ok()? }))?
}

#[cfg(test)]
mod tests {
    use model::{Content, Event, EventKey, JsonText, Source, Tenant, Text};

    use super::*;

    fn key() -> EventKey {
        let id = EventId::parse("019a9f52-4e63-7000-8000-000000000001").unwrap();
        EventKey { tenant: Tenant::default(), id }
    }

    fn shown(operation: &Operation<'static>) -> String {
        String::from_utf8(of(operation, Place { partition: 3, offset: 17 }).to_vec()).unwrap()
    }

    fn spread() -> JsonText<'static> {
        JsonText::from_stored("{\n  \"a\": \"b\\n\",\r\n  \"c\": 1\r}".to_owned()).unwrap()
    }

    #[test]
    fn an_operation_is_a_frame_with_its_data_in_one_line() {
        let (EventKey { tenant, id }, at) = (key(), Timestamp::parse("2026-11-20T12:00:00Z").unwrap());
        let content = Content { event_name: "event_a".into(), properties: spread(), ..Content::default() };
        let (received_at, updated_at, source) = (at, at, Source::Native);
        let event = Event { tenant, id, received_at, updated_at, source, content };
        let id = "019a9f52-4e63-7000-8000-000000000001";
        let created = shown(&Operation::Create(Box::new(event)));
        let begin = format!(
            "event: created\nid: 3-17\ndata: {{\"id\":\"{id}\",\"message_id\":\"\",\"source\":\"native\""
        );
        assert!(created.starts_with(&begin), "{created}");
        assert!(created.contains(r#","properties":{   "a": "b\n",    "c": 1 },"#), "{created}");
        assert!(created.ends_with("}\n\n") && created.lines().count() == 4, "{created}");

        let patch = Patch { error: Some(Text::default()), properties: Some(spread()), ..Patch::default() };
        let updated = shown(&Operation::Update { key: key(), at, patch: Box::new(patch) });
        let data =
            r#""updated_at":"2026-11-20T12:00:00.000Z","error":"","properties":{   "a": "b\n",    "c": 1 }}"#;
        assert_eq!(updated, format!("event: updated\nid: 3-17\ndata: {{\"id\":\"{id}\",{data}\n\n"));

        let deleted = shown(&Operation::Delete { key: key(), at });
        assert_eq!(deleted, format!("event: deleted\nid: 3-17\ndata: {{\"id\":\"{id}\"}}\n\n"));
        assert_eq!(missed(Some(3)), "event: missed\ndata: {\"count\":3}\n\n");
        assert_eq!(missed(None), "event: missed\ndata: {\"count\":null}\n\n");
    }

    #[test]
    fn an_id_is_a_partition_and_an_offset() {
        assert_eq!(place("3-17"), Some(Place { partition: 3, offset: 17 }));
        for other in [
            "",
            "3",
            "3-",
            "-17",
            "3-17-1",
            "3--17",
            "+3-17",
            "3-x",
            "99999999999-1",
            "3-99999999999999999999",
        ] {
            assert_eq!(place(other), None, "{other}");
        }
    }
}

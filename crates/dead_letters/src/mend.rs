//! From a letter to the message that is put back on the topic of events.

use bus::Record;
use model::wire::{Intake, redis};
use model::{EventId, EventNames, Tenant, Window, message};

use crate::Letter;
use crate::letter::event_id;

/// The letter's message, or what somebody made of it, under its event's id. Refused, with the reason,
/// when it still is no operation: it would only come back.
pub(crate) fn message(letter: &Letter, mended: Option<&[u8]>) -> Result<Record, String> {
    if letter.origin.is_some() {
        return received(letter, mended.unwrap_or(&letter.value));
    }
    let (key, value) = match mended {
        Some(value) => (mended_key(value), value),
        None => (letter.key.clone(), letter.value.as_slice()),
    };
    let operation = message::decode(key.as_deref(), value)
        .map_err(|error| format!("still a dead letter ({}): {error}", error.reason()))?;
    let at = operation.key().id.created_at();
    Ok(Record { key, at, value: value.to_vec(), headers: letter.headers.clone() })
}

/// What came by Redis, or what somebody made of it, is still as its publisher wrote it. Whether the bridge would let
/// its tenant and its time in is for whoever puts it back to say.
fn received(letter: &Letter, value: &[u8]) -> Result<Record, String> {
    let window = Window::around(letter.at, u32::MAX);
    let intake = Intake { tenant: Tenant::default(), now: letter.at, window, names: &EventNames::Any };
    let operation =
        redis::decode(value, letter.at, &intake).map_err(|error| format!("still a dead letter: {error}"))?;
    Ok(Record::from(&operation))
}

/// As keys are written, whatever way the message writes it.
fn mended_key(value: &[u8]) -> Option<Vec<u8>> {
    let id = event_id(value)?;
    let written = EventId::parse(&id).map_or(id, |id| id.to_string());
    Some(written.into_bytes())
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;
    use crate::{Origin, Place};

    const ID: &str = "019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

    fn letter(key: &str, value: &str) -> Letter {
        Letter {
            id: 0,
            at: Timestamp::default(),
            reason: "key_mismatch".into(),
            error: String::new(),
            place: Place { topic: "events".into(), partition: 0, offset: 0 },
            origin: None,
            key: Some(key.into()),
            value: value.into(),
            headers: vec![("trace".into(), b"1".to_vec())],
            left_out: None,
        }
    }

    fn delete(id: &str) -> String {
        format!(
            r#"{{"v":1,"operation":"delete","event_id":"{id}","tenant":"default","timestamp":"2026-11-20T21:57:13Z"}}"#
        )
    }

    #[test]
    fn a_message_that_is_an_operation_is_put_back_as_it_was() {
        let record = message(&letter(ID, &delete(ID)), None).unwrap();
        assert_eq!((record.key.unwrap(), record.value), (ID.into(), delete(ID).into_bytes()));
        assert_eq!(record.at, EventId::parse(ID).unwrap().created_at());
        assert_eq!(record.headers, [("trace".to_owned(), b"1".to_vec())]);
    }

    #[test]
    fn a_message_that_is_none_is_not() {
        let error = message(&letter("other", &delete(ID)), None).unwrap_err();
        assert!(error.contains("key_mismatch"), "{error}");
        let error = message(&letter(ID, "{}"), Some(b"{}")).unwrap_err();
        assert!(error.contains("undecodable"), "{error}");
    }

    #[test]
    fn what_came_by_redis_is_put_back_as_the_event_that_it_tells_of() {
        let origin = Some(Origin { channel: "events:a".into(), entry: None });
        let sent =
            r#"{"event_id":"e","event_type":"a.b","tenant_id":"acme","timestamp":"2020-01-01T00:00:00Z"}"#;
        let at = Timestamp::parse("2026-11-20T00:00:00Z").unwrap();
        let letter = Letter { at, origin, key: None, ..letter("", sent) };
        let record = message(&letter, None).unwrap();
        assert_eq!(record.at, Timestamp::parse("2020-01-01T00:00:00Z").unwrap());
        let operation = model::message::decode(record.key.as_deref(), &record.value).unwrap();
        assert_eq!(operation.key().tenant.as_str(), "acme");
        assert_eq!(message(&letter, Some(sent.as_bytes())).unwrap().value, record.value);
        let error = message(&letter, Some(b"{}")).unwrap_err();
        assert!(error.contains("event_type is required"), "{error}");
    }

    #[test]
    fn a_mended_message_goes_under_its_events_id() {
        let mended = delete(&ID.to_uppercase());
        let record = message(&letter("other", "?"), Some(mended.as_bytes())).unwrap();
        assert_eq!((record.key.unwrap(), record.value), (ID.into(), mended.into_bytes()));
    }
}

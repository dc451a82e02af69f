//! A dead letter, read from its topic.

use std::fmt;

use bus::Delivery;
use model::Timestamp;
use serde::Deserialize;

use crate::Origin;
use crate::format::{CHANNEL, ENTRY, ERROR, HEADERS, OFFSET, PARTITION, REASON, TOPIC, TRUNCATED};

/// Where a message was when it became a letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The message's topic.
    pub topic: String,
    /// The message's partition.
    pub partition: i32,
    /// The message's offset.
    pub offset: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.topic, self.partition, self.offset)
    }
}

/// A message that could not be written, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The letter's offset on the topic of dead letters.
    pub id: i64,
    /// When the letter came there.
    pub at: Timestamp,
    /// A stable word for what is wrong; empty in what is no letter of ours.
    pub reason: String,
    /// A sentence that says what is wrong.
    pub error: String,
    /// Where the message was.
    pub place: Place,
    /// Where the message came from, if it never was on a topic.
    pub origin: Option<Origin>,
    /// The message's key, as it was sent.
    pub key: Option<Vec<u8>>,
    /// The message's value, as it was sent.
    pub value: Vec<u8>,
    /// The message's headers, as they were sent.
    pub headers: Vec<(String, Vec<u8>)>,
    /// How many bytes the value has, if it and the headers are left out.
    pub left_out: Option<usize>,
}

impl Letter {
    /// Reads whatever is on the topic of dead letters, which has this name.
    pub fn read(topic: &str, delivery: Delivery) -> Self {
        let Delivery { partition, offset, append_ms, key, value, mut headers } = delivery;
        let at = append_ms.and_then(Timestamp::from_millis).unwrap_or_default();
        // A letter's own headers come last: the message may have had some of the same names.
        let find = |wanted| headers.iter().rfind(|(name, _)| name == wanted);
        let text = |wanted| find(wanted).map(|(_, value)| String::from_utf8_lossy(value).into_owned());
        let place = |topic| {
            let partition = text(PARTITION)?.parse().ok()?;
            Some(Place { topic, partition, offset: text(OFFSET)?.parse().ok()? })
        };
        let letter = Self {
            id: offset,
            at,
            reason: text(REASON).unwrap_or_default(),
            error: text(ERROR).unwrap_or_default(),
            // What names no place is its own.
            place: text(TOPIC).and_then(place).unwrap_or(Place {
                topic: topic.to_owned(),
                partition,
                offset,
            }),
            // One from a topic may have such headers of its own.
            origin: text(CHANNEL)
                .filter(|_| text(TOPIC).is_none())
                .map(|channel| Origin { channel, entry: text(ENTRY) }),
            left_out: text(TRUNCATED).and_then(|length| length.parse().ok()),
            key,
            value,
            headers: Vec::new(),
        };
        headers.retain(|(name, _)| !name.starts_with(HEADERS));
        Self { headers, ..letter }
    }

    /// The id of the event that the message is about, as far as that can be told.
    pub fn event_id(&self) -> Option<String> {
        let key = || Some(String::from_utf8_lossy(self.key.as_deref()?).into_owned());
        event_id(&self.value).or_else(key)
    }

    /// How many bytes the message's value has, whether it is left out or not.
    pub fn bytes(&self) -> usize {
        self.left_out.unwrap_or(self.value.len())
    }
}

/// What a message, however wrong it is otherwise, says of its event's id.
pub(crate) fn event_id(value: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Message {
        event_id: String,
    }
    serde_json::from_slice(value).ok().map(|message: Message| message.event_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(headers: &[(&str, &str)]) -> Delivery {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        Delivery {
            partition: 0,
            offset: 17,
            append_ms: Some(1_800_000_000_000),
            key: Some(b"key".to_vec()),
            value: br#"{"event_id":"id","v":"x"}"#.to_vec(),
            headers: headers.collect(),
        }
    }

    #[test]
    fn the_last_headers_are_the_letters_own_and_none_of_them_are_the_messages() {
        let letter = Letter::read(
            "dead",
            delivery(&[
                ("millrace-reason", "somebody else's"),
                ("trace", "1"),
                ("trace", "2"),
                ("millrace-reason", "undecodable"),
                ("millrace-error", "not JSON"),
                ("millrace-topic", "events"),
                ("millrace-partition", "3"),
                ("millrace-offset", "77"),
                ("millrace-time", "2026-11-20T21:57:13.123Z"),
                ("millrace-truncated", "5000"),
            ]),
        );
        assert_eq!(
            (letter.id, letter.reason.as_str(), letter.error.as_str()),
            (17, "undecodable", "not JSON")
        );
        assert_eq!(letter.place.to_string(), "events/3@77");
        assert_eq!(letter.left_out, Some(5_000));
        let trace = |value: &str| ("trace".to_owned(), value.as_bytes().to_vec());
        assert_eq!(letter.headers, [trace("1"), trace("2")]);
        assert_eq!(letter.event_id().unwrap(), "id");
    }

    #[test]
    fn a_message_of_the_topic_with_a_channel_in_its_headers_did_not_come_by_redis() {
        let read = |headers: &[(&str, &str)]| Letter::read("dead", delivery(headers)).origin;
        assert!(read(&[("millrace-reason", "undecodable"), ("millrace-channel", "events:a")]).is_some());
        assert_eq!(read(&[("millrace-channel", "events:a"), ("millrace-topic", "events")]), None);
    }

    #[test]
    fn what_is_no_letter_is_at_its_own_place() {
        let letter = Letter { value: b"?".to_vec(), ..Letter::read("dead", delivery(&[])) };
        assert_eq!((letter.place.to_string().as_str(), letter.reason.as_str()), ("dead/0@17", ""));
        assert_eq!(letter.event_id().unwrap(), "key");
    }
}

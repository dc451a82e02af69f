//! A dead letter as a record: the message's key, value and headers, and behind them headers of the
//! letter's own. [`crate::Letter`] reads what this writes.

use bus::{Delivery, Record};
use model::Timestamp;

use crate::{Origin, Reason};

/// How the names of a letter's own headers begin.
pub(crate) const HEADERS: &str = "millrace-";
/// A stable word for what is wrong.
pub(crate) const REASON: &str = "millrace-reason";
/// A sentence that says what is wrong.
pub(crate) const ERROR: &str = "millrace-error";
/// The topic that the message was on.
pub(crate) const TOPIC: &str = "millrace-topic";
/// The partition that the message was in.
pub(crate) const PARTITION: &str = "millrace-partition";
/// The offset that the message was at.
pub(crate) const OFFSET: &str = "millrace-offset";
/// When the message became a letter, by the consumer's clock.
const TIME: &str = "millrace-time";
/// The channel or the stream of a message that came by Redis and never was on the topic.
pub(crate) const CHANNEL: &str = "millrace-channel";
/// The id of a stream's entry.
pub(crate) const ENTRY: &str = "millrace-entry";
/// How many bytes the message's value has, if it is left out.
pub(crate) const TRUNCATED: &str = "millrace-truncated";

/// How many headers a letter has of its own.
const OWN_HEADERS: usize = 6;

/// The longest key, in bytes, that is kept of a message that is left out. An event's id is shorter.
const LONGEST_KEY: usize = 256;

/// The letter of a message from this topic. Its own headers come behind the message's.
pub(crate) fn letter(topic: &str, delivery: &Delivery, reason: &Reason) -> Record {
    let mut headers = delivery.headers.clone();
    let added: [_; OWN_HEADERS] = [
        (REASON, reason.code.to_owned()),
        (ERROR, reason.text.chars().take(1_000).collect()),
        (TOPIC, topic.to_owned()),
        (PARTITION, delivery.partition.to_string()),
        (OFFSET, delivery.offset.to_string()),
        (TIME, Timestamp::now().to_string()),
    ];
    headers.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())));
    Record { key: delivery.key.clone(), at: Timestamp::default(), value: delivery.value.clone(), headers }
}

/// The letter of a message that came by Redis.
pub(crate) fn received(origin: &Origin, value: &[u8], reason: &Reason) -> Record {
    let added = [
        Some((REASON, reason.code.to_owned())),
        Some((ERROR, reason.text.chars().take(1_000).collect())),
        Some((CHANNEL, origin.channel.chars().take(1_000).collect())),
        origin.entry.clone().map(|entry| (ENTRY, entry)),
        Some((TIME, Timestamp::now().to_string())),
    ];
    let headers = added.into_iter().flatten().map(|(name, value)| (name.to_owned(), value.into_bytes()));
    Record { key: None, at: Timestamp::default(), value: value.to_vec(), headers: headers.collect() }
}

/// The letter without the message's value, its headers, and a key that can't be an event's id, for a topic that
/// does not take the whole letter. The letter then tells where the message is.
pub(crate) fn truncated(mut whole: Record) -> Record {
    let mut headers = whole.headers.split_off(whole.headers.len().saturating_sub(OWN_HEADERS));
    headers.push((TRUNCATED.to_owned(), whole.value.len().to_string().into_bytes()));
    let key = whole.key.filter(|key| key.len() <= LONGEST_KEY);
    Record { key, value: Vec::new(), headers, at: whole.at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Letter, Place, REFUSED, UNDECODABLE};

    fn message() -> Delivery {
        Delivery {
            partition: 3,
            offset: 77,
            append_ms: Some(1_800_000_000_000),
            key: Some(b"key".to_vec()),
            value: b"value".to_vec(),
            headers: vec![("trace".to_owned(), b"1".to_vec()), (REASON.to_owned(), b"another's".to_vec())],
        }
    }

    /// The letter, read back from the topic `dead`.
    fn read(record: Record) -> Letter {
        let Record { key, value, headers, .. } = record;
        let delivery = Delivery { partition: 0, offset: 5, append_ms: None, key, value, headers };
        Letter::read("dead", delivery)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let letter = read(letter("events", &message(), &Reason::new(REFUSED, "no room")));
        assert_eq!((letter.id, letter.reason.as_str(), letter.error.as_str()), (5, REFUSED, "no room"));
        assert_eq!(letter.place, Place { topic: "events".to_owned(), partition: 3, offset: 77 });
        assert_eq!((letter.key.unwrap(), letter.value), (b"key".to_vec(), b"value".to_vec()));
        assert_eq!(letter.headers, [("trace".to_owned(), b"1".to_vec())]);
        assert_eq!(letter.left_out, None);
    }

    #[test]
    fn a_message_of_redis_has_its_channel_and_a_place_of_its_own() {
        let origin = Origin { channel: "orders".into(), entry: Some("1-0".into()) };
        let record = received(&origin, b"{", &Reason::new(UNDECODABLE, "no JSON"));
        for (record, value) in [(record.clone(), &b"{"[..]), (truncated(record), b"")] {
            let letter = read(record);
            assert_eq!((letter.origin.as_ref(), &*letter.value), (Some(&origin), value));
            assert_eq!((letter.reason.as_str(), letter.error.as_str()), (UNDECODABLE, "no JSON"));
            assert_eq!(letter.place.to_string(), "dead/0@5");
        }
        let channel = Origin { channel: "events:a".into(), entry: None };
        let letter = read(received(&channel, b"", &Reason::new(UNDECODABLE, "")));
        assert_eq!(letter.origin, Some(channel));
        assert_eq!(read(letter_of_topic()).origin, None);
    }

    fn letter_of_topic() -> Record {
        letter("events", &message(), &Reason::new(REFUSED, ""))
    }

    #[test]
    fn a_truncated_letter_says_how_long_its_message_is_and_where() {
        let key = Some(vec![b'k'; LONGEST_KEY + 1]);
        let whole = letter("events", &Delivery { key, ..message() }, &Reason::new(REFUSED, "x"));
        let letter = read(truncated(whole));
        assert_eq!((letter.left_out, letter.value.len(), &letter.key), (Some(5), 0, &None));
        assert_eq!((letter.place.to_string().as_str(), letter.reason.as_str()), ("events/3@77", REFUSED));
        assert!(letter.headers.is_empty());
    }
}

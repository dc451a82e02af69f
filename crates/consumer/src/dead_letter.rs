//! What can't be written, with the reason: the original bytes, key and headers on a topic of their own.

use bus::{Delivery, Record};
use model::Timestamp;

/// Why a delivery became a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// A stable word.
    pub(crate) code: &'static str,
    /// A sentence.
    pub(crate) text: String,
}

impl Reason {
    pub(crate) fn new(code: &'static str, text: impl ToString) -> Self {
        Self { code, text: text.to_string() }
    }
}

/// The letter's headers come behind the original ones.
pub(crate) fn letter(topic: &str, delivery: &Delivery, reason: &Reason) -> Record {
    let mut headers = delivery.headers.clone();
    let added = [
        ("millrace-reason", reason.code.to_owned()),
        ("millrace-error", reason.text.chars().take(1_000).collect()),
        ("millrace-topic", topic.to_owned()),
        ("millrace-partition", delivery.partition.to_string()),
        ("millrace-offset", delivery.offset.to_string()),
        ("millrace-time", Timestamp::now().to_string()),
    ];
    headers.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())));
    Record { key: delivery.key.clone(), at: Timestamp::default(), value: delivery.value.clone(), headers }
}

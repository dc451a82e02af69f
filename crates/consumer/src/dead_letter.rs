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

/// The same letter without what the message said and the headers it had, for a topic that does not
/// take it whole: it tells where the message is.
pub(crate) fn truncated(whole: Record) -> Record {
    let mut headers = whole.headers;
    headers.retain(|(name, _)| name.starts_with("millrace-"));
    headers.push(("millrace-truncated".to_owned(), whole.value.len().to_string().into_bytes()));
    Record { value: Vec::new(), headers, ..whole }
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

//! What is on a topic.

use bus::{Delivery, From, Topic};
use model::Timestamp;
use tokio::time::timeout;

use crate::site::{PATIENCE, Site};

/// A dead letter: what was sent, and what was added to it.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Vec<u8>,
    /// Those that the message came with.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) reason: String,
    pub(crate) error: String,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// How long the value was, if it is left out.
    pub(crate) left_out: Option<usize>,
}

impl Letter {
    fn read(mut delivery: Delivery) -> Self {
        let left_out = delivery.headers.pop_if(|(name, _)| name == "millrace-truncated");
        let left_out = left_out.map(|(_, length)| String::from_utf8(length).unwrap().parse().unwrap());
        let added = delivery.headers.split_off(delivery.headers.len() - 6);
        let mut added = added.into_iter();
        let mut next = |expected: &str| {
            let (name, value) = added.next().unwrap();
            assert_eq!(name, expected);
            String::from_utf8(value).unwrap()
        };
        let letter = Self {
            key: delivery.key,
            value: delivery.value,
            headers: delivery.headers,
            reason: next("millrace-reason"),
            error: next("millrace-error"),
            topic: next("millrace-topic"),
            partition: next("millrace-partition").parse().unwrap(),
            offset: next("millrace-offset").parse().unwrap(),
            left_out,
        };
        Timestamp::parse(&next("millrace-time")).expect("a time");
        letter
    }
}

impl Site {
    /// The dead letters so far, in the order of the messages that they are about.
    pub(crate) async fn letters(&self) -> Vec<Letter> {
        let found = self.everything_on(&self.channels.dead_letters).await;
        let mut letters: Vec<_> = found.into_iter().map(Letter::read).collect();
        letters.sort_by_key(|letter| (letter.partition, letter.offset));
        letters
    }

    /// Reasons and values of the dead letters so far, in the same order.
    pub(crate) async fn reasons(&self) -> Vec<(String, String)> {
        let text = |letter: Letter| (letter.reason, String::from_utf8(letter.value).unwrap());
        self.letters().await.into_iter().map(text).collect()
    }

    pub(crate) async fn everything_on(&self, topic: &Topic) -> Vec<Delivery> {
        let mut range = self.channels.bus.read_range(topic, From::Beginning).await.unwrap();
        let mut all = Vec::new();
        while let Some(delivery) = timeout(PATIENCE, range.next()).await.expect("a delivery in time") {
            all.push(delivery.unwrap());
        }
        all
    }
}

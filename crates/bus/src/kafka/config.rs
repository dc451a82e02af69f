//! How to reach a cluster, and what its topics are like.

use std::time::Duration;

use serde::Deserialize;

use crate::{BusError, Keep, Schedule, Topic};

/// The variables that begin with `KAFKA_`. Holds a password, so it can't be printed.
#[derive(Clone, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `host:port`, comma-separated.
    pub brokers: String,
    /// The topic of events; dead letters go to the one with `.dead` behind it, marks of those that were
    /// replayed to the one with `.replayed`.
    pub topic: String,
    /// The consumers' group.
    pub group_id: String,
    /// Partitions of a topic that is created.
    pub partitions: u16,
    /// Copies of each partition of a topic that is created; the broker's default if absent.
    pub replication: Option<i32>,
    /// Which partition counts were in force when; `partitions` from the beginning if absent.
    pub partition_schedule: Option<String>,
    /// The largest record of the events' topic, in bytes.
    pub max_message_bytes: usize,
    /// How long dead letters are kept, in milliseconds.
    pub dead_letter_retention_ms: u64,
    /// What dead letters may take, in bytes; the oldest go first.
    pub dead_letter_retention_bytes: u64,
    /// Take records whose time is not the broker's append time.
    pub allow_create_time: bool,
    /// How long a record may wait for its acknowledgement, in milliseconds.
    pub delivery_timeout_ms: u64,
    /// How long the producer gathers records for one request, in milliseconds.
    pub linger_ms: f64,
    /// What may wait in the producer, in bytes.
    pub queue_bytes: usize,
    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.
    pub security_protocol: Option<String>,
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub sasl_mechanism: Option<String>,
    /// The user.
    pub sasl_username: Option<String>,
    /// The user's password.
    pub sasl_password: Option<String>,
    /// A file of the authorities to trust.
    pub ssl_ca_location: Option<String>,
    /// A file of this client's certificate.
    pub ssl_certificate_location: Option<String>,
    /// A file of this client's key.
    pub ssl_key_location: Option<String>,
    /// The key's password.
    pub ssl_key_password: Option<String>,
}

/// The smallest value that `max_message_bytes` may have: room for an event with ids and a few short texts.
const SMALLEST_MESSAGE_BYTES: usize = 1_024;

impl Default for Config {
    fn default() -> Self {
        Self {
            brokers: "localhost:9092".into(),
            topic: "events".into(),
            group_id: "event-consumer-group".into(),
            partitions: 12,
            replication: None,
            partition_schedule: None,
            max_message_bytes: 2 << 20,
            dead_letter_retention_ms: 30 * 24 * 60 * 60 * 1_000,
            dead_letter_retention_bytes: 1 << 30,
            allow_create_time: false,
            delivery_timeout_ms: 2_000,
            linger_ms: 1.0,
            queue_bytes: 64 << 20,
            security_protocol: None,
            sasl_mechanism: None,
            sasl_username: None,
            sasl_password: None,
            ssl_ca_location: None,
            ssl_certificate_location: None,
            ssl_key_location: None,
            ssl_key_password: None,
        }
    }
}

impl Config {
    /// Refuses settings that contradict each other, and names both.
    pub(crate) fn check(&self) -> Result<(), BusError> {
        let dead_letter = u64::try_from(self.dead_letters().max_record_bytes).unwrap_or(u64::MAX);
        let delivery_ms = Duration::from_millis(self.delivery_timeout_ms).as_secs_f64() * 1e3;
        let contradictions = [
            (self.partitions == 0, "KAFKA_PARTITIONS must be at least 1"),
            (
                self.max_message_bytes < SMALLEST_MESSAGE_BYTES,
                "KAFKA_MAX_MESSAGE_BYTES must be at least 1024: less holds no event",
            ),
            (
                self.queue_bytes < self.max_message_bytes,
                "KAFKA_QUEUE_BYTES must hold KAFKA_MAX_MESSAGE_BYTES",
            ),
            (self.linger_ms >= delivery_ms, "KAFKA_LINGER_MS must be less than KAFKA_DELIVERY_TIMEOUT_MS"),
            (
                self.dead_letter_retention_bytes < dead_letter,
                "KAFKA_DEAD_LETTER_RETENTION_BYTES must hold KAFKA_MAX_MESSAGE_BYTES and 64 KiB of headers",
            ),
        ];
        match contradictions.iter().find(|(contradicts, _)| *contradicts) {
            Some((_, what)) => Err(BusError::Refused((*what).to_owned())),
            None => Ok(()),
        }
    }

    /// The topic of events.
    pub fn events(&self) -> Result<Topic, BusError> {
        let schedule = match &self.partition_schedule {
            None => Schedule::constant(self.partitions),
            Some(text) => Schedule::parse(text)
                .map_err(|error| BusError::Refused(format!("KAFKA_PARTITION_SCHEDULE: {error}")))?,
        };
        Ok(Topic {
            replication: self.replication,
            allow_create_time: self.allow_create_time,
            ..Topic::new(&self.topic, schedule, self.max_message_bytes)
        })
    }

    /// The topic of dead letters, with room for a letter's headers.
    pub fn dead_letters(&self) -> Topic {
        let keep =
            Keep::Within { ms: self.dead_letter_retention_ms, bytes: self.dead_letter_retention_bytes };
        Topic { keep, ..self.beside("dead", self.max_message_bytes + (64 << 10)) }
    }

    /// The topic of marks, which say what dead letters were replayed.
    pub fn replayed(&self) -> Topic {
        self.beside("replayed", 64 << 10)
    }

    /// The topic of the partition schedules that were in force.
    pub fn schedules(&self) -> Topic {
        self.beside("schedule", 64 << 10)
    }

    /// A topic of this name behind that of the events: one partition, kept for good. It has no versions,
    /// so any times will do.
    fn beside(&self, name: &str, max_record_bytes: usize) -> Topic {
        Topic {
            replication: self.replication,
            allow_create_time: true,
            refuse_smaller: false,
            keep: Keep::ForGood,
            ..Topic::new(format!("{}.{name}", self.topic), Schedule::constant(1), max_record_bytes)
        }
    }

    /// librdkafka's settings for security, those that were given.
    pub(super) fn security(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("security.protocol", &self.security_protocol),
            ("sasl.mechanism", &self.sasl_mechanism),
            ("sasl.username", &self.sasl_username),
            ("sasl.password", &self.sasl_password),
            ("ssl.ca.location", &self.ssl_ca_location),
            ("ssl.certificate.location", &self.ssl_certificate_location),
            ("ssl.key.location", &self.ssl_key_location),
            ("ssl.key.password", &self.ssl_key_password),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_contradict_each_other_are_refused_by_name() {
        let fine = Config::default();
        fine.check().unwrap();
        for (config, one, other) in [
            (Config { queue_bytes: 1_000, ..fine.clone() }, "KAFKA_QUEUE_BYTES", "KAFKA_MAX_MESSAGE_BYTES"),
            (Config { partitions: 0, ..fine.clone() }, "KAFKA_PARTITIONS", "at least 1"),
            (Config { max_message_bytes: 100, ..fine.clone() }, "KAFKA_MAX_MESSAGE_BYTES", "at least 1024"),
            (Config { linger_ms: 2_000.0, ..fine.clone() }, "KAFKA_LINGER_MS", "KAFKA_DELIVERY_TIMEOUT_MS"),
            (
                Config { dead_letter_retention_bytes: 2 << 20, ..fine.clone() },
                "KAFKA_DEAD_LETTER_RETENTION_BYTES",
                "KAFKA_MAX_MESSAGE_BYTES",
            ),
        ] {
            let text = config.check().unwrap_err().to_string();
            assert!(text.contains(one) && text.contains(other), "{text}");
        }
    }
}

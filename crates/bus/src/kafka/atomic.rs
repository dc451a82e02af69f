//! Records into Kafka in transactions.

use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _};

use super::producer::{RECORD_OVERHEAD_BYTES, headers};
use super::rate_limited_log::RateLimitedLog;
use super::{Kafka, blocking};
use crate::{BusError, Record, Topic, TransactError};

/// After so long the brokers end a transaction whose producer is gone. Until then nobody reads past it
/// in the partitions that it wrote to.
const TRANSACTION_WITHIN: Duration = Duration::from_secs(10);
const INIT_WITHIN: Duration = Duration::from_secs(30);
const COMMIT_WITHIN: Duration = Duration::from_secs(30);
const ABORT_WITHIN: Duration = Duration::from_secs(10);

type Client = FutureProducer<RateLimitedLog>;

/// The one producer that works under its id.
pub struct AtomicProducer {
    client: Client,
}

impl AtomicProducer {
    /// Ends what an earlier producer with this id has left open, and keeps that one from going on.
    pub(crate) async fn new(kafka: &Kafka, id: &str, max_record_bytes: usize) -> Result<Self, BusError> {
        let client: Client = kafka
            .client()
            .set("transactional.id", id)
            .set("transaction.timeout.ms", TRANSACTION_WITHIN.as_millis().to_string())
            // A topic that is not there is known as such well before the brokers end the transaction.
            .set("topic.metadata.propagation.max.ms", "3000")
            .set("compression.type", "lz4")
            .set("message.max.bytes", (max_record_bytes + RECORD_OVERHEAD_BYTES).to_string())
            .create_with_context(kafka.rate_limited_log.clone())
            .map_err(|error| BusError::Refused(format!("Kafka's settings: {error}")))?;
        let initialized = client.clone();
        blocking("beginning to work in transactions", move || initialized.init_transactions(INIT_WITHIN))
            .await?;
        Ok(Self { client })
    }

    pub(crate) async fn send(&mut self, records: &[(&Topic, Record)]) -> Result<(), TransactError> {
        self.client.begin_transaction().map_err(|error| failure(&error))?;
        let put: KafkaResult<Vec<DeliveryFuture>> =
            records.iter().map(|(topic, record)| self.put(topic, record)).collect();
        let client = self.client.clone();
        let (ended, deliveries) = match put {
            Ok(deliveries) => (tokio::task::spawn_blocking(move || commit(&client)).await, deliveries),
            Err(error) => (tokio::task::spawn_blocking(move || abort(&client, error)).await, Vec::new()),
        };
        let Err(error) = ended.map_err(|stopped| TransactError::Unavailable(stopped.to_string()))? else {
            return Ok(());
        };
        // What the transaction says of a record that a broker refuses is only that it failed.
        for ((_, record), delivery) in records.iter().zip(deliveries) {
            if let Ok(Err((error, _))) = delivery.await
                && error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge)
            {
                return Err(TransactError::TooLarge { bytes: record.bytes() });
            }
        }
        Err(failure(&error))
    }

    fn put(&self, topic: &Topic, record: &Record) -> KafkaResult<DeliveryFuture> {
        let message = FutureRecord {
            topic: &topic.name,
            partition: Some(topic.partition(record)),
            payload: Some(&record.value),
            key: record.key.as_deref(),
            timestamp: None,
            headers: headers(&record.headers),
        };
        self.client.send_result(message).map_err(|(error, _)| error)
    }
}

/// A commit that was given up is gone into again, so that its outcome is known if at all possible.
fn commit(client: &Client) -> KafkaResult<()> {
    let deadline = Instant::now() + COMMIT_WITHIN;
    loop {
        match client.commit_transaction(deadline.saturating_duration_since(Instant::now())) {
            Err(KafkaError::Transaction(error)) if error.is_retriable() && Instant::now() < deadline => {}
            Err(KafkaError::Transaction(error)) if error.txn_requires_abort() => {
                return abort(client, KafkaError::Transaction(error));
            }
            ended => return ended,
        }
    }
}

/// Gives back why, unless the abort says worse.
fn abort(client: &Client, reason: KafkaError) -> KafkaResult<()> {
    client.abort_transaction(ABORT_WITHIN)?;
    Err(reason)
}

fn failure(error: &KafkaError) -> TransactError {
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch,
        ) => TransactError::Fenced,
        _ => TransactError::Unavailable(error.to_string()),
    }
}

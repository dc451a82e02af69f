//! Records into Kafka, acknowledged by all in-sync replicas.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use rdkafka::statistics::Statistics;
use rdkafka::{ClientContext, Message as _};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Kafka;
use super::rate_limited_log::RateLimitedLog;
use crate::{BusError, Record, SendError, Topic, Written};

/// librdkafka's message count is no limit; its bytes are.
const QUEUE_MESSAGES: &str = "10000000";
/// What a record takes in a request beside key, value and headers.
pub(super) const RECORD_OVERHEAD_BYTES: usize = 512;

/// How long the thread that hands out acknowledgements waits at a time. The last millisecond of each wait
/// is spent looking, so these must be few: rdkafka's own such thread has ten a second.
const POLL: Duration = Duration::from_millis(500);

/// How much later than its time an answer may come.
const LATE: Duration = Duration::from_millis(200);

/// An idempotent producer to one topic. Many sends wait for their acknowledgements at once.
pub struct Producer {
    kafka: Kafka,
    topic: Topic,
    /// Replaced when it fails for good.
    client: RwLock<Arc<Client>>,
}

struct Client {
    producer: Arc<BaseProducer<Context>>,
    context: Context,
    over: Arc<AtomicBool>,
    acks: Option<JoinHandle<()>>,
}

/// librdkafka ends before the process does. That takes a moment, for which no async thread is held up.
impl Drop for Client {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let (producer, acks) = (Arc::clone(&self.producer), Ending(self.acks.take()));
        beside_async(move || drop((acks, producer)));
    }
}

/// A thread that is joined when this is dropped.
struct Ending(Option<JoinHandle<()>>);

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

/// Does what blocks where it may: beside the async threads, if this is one of them. At the end of a runtime it is
/// waited for, or `work` is dropped with all that it holds.
fn beside_async(work: impl FnOnce() + Send + 'static) {
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(work)),
        Err(_) => work(),
    }
}

/// A record on its way.
struct Sent {
    client: Arc<Client>,
    answer: oneshot::Receiver<Answer>,
    bytes: usize,
}

type Answer = Result<Written, KafkaError>;

/// Learns from librdkafka's statistics whether the producer has its id.
#[derive(Clone)]
struct Context {
    has_id: Arc<AtomicBool>,
    rate_limited_log: RateLimitedLog,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.rate_limited_log.log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.rate_limited_log.error(error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        let assigned = statistics.eos.is_some_and(|eos| eos.idemp_state == "Assigned");
        self.has_id.store(assigned, Ordering::Relaxed);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<oneshot::Sender<Answer>>;

    fn delivery(&self, result: &DeliveryResult<'_>, waiting: Self::DeliveryOpaque) {
        let answer = match result {
            Ok(record) => Ok(Written { partition: record.partition(), offset: record.offset() }),
            Err((error, _)) => Err(error.clone()),
        };
        // Its caller may have gone.
        let _ = waiting.send(answer);
    }
}

impl Producer {
    /// A producer that connects in the background.
    pub fn new(kafka: &Kafka, topic: &Topic) -> Result<Self, BusError> {
        let client =
            connect(kafka, topic).map_err(|error| BusError::Refused(format!("Kafka's settings: {error}")))?;
        Ok(Self { kafka: kafka.clone(), topic: topic.clone(), client: RwLock::new(Arc::new(client)) })
    }

    pub(crate) async fn send(&self, record: &Record) -> Result<Written, SendError> {
        let late = pin!(self.late());
        self.outcome(self.enqueue(record)?, late).await
    }

    pub(crate) async fn send_all(&self, records: &[Record]) -> Vec<Result<Written, SendError>> {
        let mut late = pin!(self.late());
        let sent: Vec<_> = records.iter().map(|record| self.enqueue(record)).collect();
        let mut outcomes = Vec::with_capacity(sent.len());
        for sent in sent {
            outcomes.push(match sent {
                Ok(sent) => self.outcome(sent, late.as_mut()).await,
                Err(error) => Err(error),
            });
        }
        outcomes
    }

    fn enqueue(&self, record: &Record) -> Result<Sent, SendError> {
        let bytes = record.bytes();
        if bytes > self.topic.max_record_bytes {
            return Err(SendError::TooLarge { bytes });
        }
        let (waiting, answer) = oneshot::channel();
        let message = BaseRecord {
            topic: &self.topic.name,
            partition: Some(self.topic.partition(record)),
            payload: Some(&record.value),
            key: record.key.as_deref(),
            timestamp: None,
            headers: headers(&record.headers),
            delivery_opaque: Box::new(waiting),
        };
        let client = self.client();
        if let Err((error, BaseRecord { delivery_opaque: waiting, .. })) = client.producer.send(message) {
            let _ = waiting.send(Err(error));
        }
        Ok(Sent { client, answer, bytes })
    }

    async fn outcome(
        &self,
        Sent { client, answer, bytes }: Sent,
        late: Pin<&mut Sleep>,
    ) -> Result<Written, SendError> {
        let answer = tokio::select! {
            biased;
            answer = answer => answer.unwrap_or(Err(KafkaError::Canceled)),
            () = late => Err(KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut)),
        };
        answer.map_err(|error| {
            self.replace_if_dead(&client);
            match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::QueueFull) => SendError::Full,
                Some(RDKafkaErrorCode::MessageSizeTooLarge) => SendError::TooLarge { bytes },
                _ => SendError::Unavailable(error.to_string()),
            }
        })
    }

    /// librdkafka looks for messages that timed out once a second only.
    fn late(&self) -> Sleep {
        sleep_until(Instant::now() + Duration::from_millis(self.kafka.config.delivery_timeout_ms) + LATE)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.client().context.has_id.load(Ordering::Relaxed)
    }

    fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// An idempotent producer can fail for good; a new one starts over with an id of its own.
    fn replace_if_dead(&self, failed: &Client) {
        let Some((code, reason)) = failed.producer.client().fatal_error() else { return };
        let mut client = self.client.write().unwrap_or_else(PoisonError::into_inner);
        if client.producer.client().fatal_error().is_none() {
            return; // somebody else replaced it
        }
        match connect(&self.kafka, &self.topic) {
            Ok(new) => {
                tracing::error!(%code, reason, "replaced a producer that failed for good");
                *client = Arc::new(new);
            }
            Err(error) => tracing::error!(%error, "could not replace a producer that failed for good"),
        }
    }
}

fn connect(kafka: &Kafka, topic: &Topic) -> Result<Client, KafkaError> {
    let config = &kafka.config;
    let context = Context { has_id: Arc::default(), rate_limited_log: kafka.rate_limited_log.clone() };
    let producer: BaseProducer<Context> = kafka
        .client()
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "lz4")
        .set("linger.ms", config.linger_ms.to_string())
        .set("message.timeout.ms", config.delivery_timeout_ms.to_string())
        .set("message.max.bytes", (topic.max_record_bytes + RECORD_OVERHEAD_BYTES).to_string())
        .set("queue.buffering.max.kbytes", (config.queue_bytes / 1024).max(1).to_string())
        .set("queue.buffering.max.messages", QUEUE_MESSAGES)
        .set("statistics.interval.ms", "250")
        .create_with_context(context.clone())?;
    let producer = Arc::new(producer);
    let over = Arc::<AtomicBool>::default();
    let (served, ended) = (Arc::clone(&producer), Arc::clone(&over));
    let acks = std::thread::Builder::new()
        .name("kafka-acks".into())
        .spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                served.poll(POLL);
            }
        })
        .map_err(|error| {
            KafkaError::ClientCreation(format!("starting the acknowledgements' thread: {error}"))
        })?;
    Ok(Client { producer, context, over, acks: Some(acks) })
}

pub(super) fn headers(headers: &[(String, Vec<u8>)]) -> Option<OwnedHeaders> {
    let insert =
        |all: OwnedHeaders, (key, value): &(String, Vec<u8>)| all.insert(Header { key, value: Some(value) });
    (!headers.is_empty()).then(|| headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), insert))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn what_blocks_is_done_beside_the_async_threads() {
        let done_by = || {
            let (tell, told) = mpsc::channel();
            beside_async(move || tell.send(thread::current().id()).unwrap());
            told.recv().unwrap()
        };
        let this = thread::current().id();
        assert_eq!(done_by(), this);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_ne!(runtime.block_on(async { done_by() }), this);
    }

    #[test]
    fn a_thread_is_joined_though_its_runtime_ends() {
        let (tell, told) = mpsc::channel();
        let ending = Ending(Some(thread::spawn(move || tell.send(()).unwrap())));
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async { beside_async(move || drop(ending)) });
        drop(runtime);
        told.try_recv().unwrap();
    }
}

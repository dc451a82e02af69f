//! A loop that reads messages, parses them without copying, and copies what they say into one buffer.

use std::time::Duration;

use anyhow::ensure;
use benchmark::usage;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::MetadataTopic;
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};
use serde::Deserialize;
use serde_json::value::RawValue;

const TOPIC: &str = "events";
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The buffer begins again at this size, as if it had been written to somewhere.
const BUFFER_BYTES: usize = 16 << 20;

#[derive(Deserialize)]
struct Message<'a> {
    event_id: &'a str,
    timestamp: &'a str,
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    conversation_id: &'a str,
    event_name: &'a str,
    #[serde(borrow)]
    user_id: Option<&'a str>,
    error: Option<&'a str>,
    input: Option<&'a str>,
    output: Option<&'a str>,
    properties: Option<&'a RawValue>,
    latency: Option<f64>,
}

pub(crate) fn run(brokers: &str, messages: u64) -> anyhow::Result<()> {
    // What it fetches at once as the consumer does.
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "bare")
        .set("fetch.min.bytes", "262144")
        .set("fetch.wait.max.ms", "50")
        .set("fetch.message.max.bytes", "2097152")
        .set("fetch.max.bytes", "4194304")
        .set("queued.max.messages.kbytes", "8192")
        .set("fetch.queue.backoff.ms", "50")
        .create()?;
    let metadata = consumer.fetch_metadata(Some(TOPIC), ANSWER_WITHIN)?;
    let mut beginning = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(MetadataTopic::partitions) {
        beginning.add_partition_offset(TOPIC, partition.id(), Offset::Beginning)?;
    }
    consumer.assign(&beginning)?;

    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    for read in 0..messages {
        let message = consumer.poll(ANSWER_WITHIN).transpose()?;
        ensure!(message.is_some(), "only {read} of {messages} messages came");
        let payload = message.as_ref().and_then(|message| message.payload()).unwrap_or_default();
        copy(&serde_json::from_slice(payload)?, &mut buffer);
        if buffer.len() > BUFFER_BYTES {
            buffer.clear();
        }
    }
    println!("{}", usage::cpu(std::process::id()).unwrap_or_default().as_secs_f64());
    Ok(())
}

fn copy(message: &Message<'_>, buffer: &mut Vec<u8>) {
    let Message { event_id, timestamp, data } = message;
    let texts = [event_id, timestamp, data.conversation_id, data.event_name];
    let others = [data.user_id, data.error, data.input, data.output, data.properties.map(RawValue::get)];
    for text in texts.into_iter().chain(others.into_iter().flatten()) {
        buffer.extend_from_slice(text.as_bytes());
    }
    buffer.extend_from_slice(&data.latency.unwrap_or_default().to_le_bytes());
}

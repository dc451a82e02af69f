//! Makes sure that a topic is there and as it must be.

use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::types::RDKafkaErrorCode;

use super::notices::Notices;
use super::{ANSWER_WITHIN, Kafka, blocking};
use crate::{BusError, Topic};

const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long it may take until a topic that was altered says so.
const ALTERED_WITHIN: Duration = Duration::from_secs(3);
const TIMESTAMPS: &str = "message.timestamp.type";
const APPEND_TIME: &str = "LogAppendTime";
const MAX_BYTES: &str = "max.message.bytes";

type Admin = AdminClient<Notices>;

/// Creates the topic and waits until it is seen, or checks the one that is there: enough partitions,
/// append times, room.
pub(crate) async fn ensure_topic(kafka: &Kafka, topic: &Topic) -> Result<(), BusError> {
    let (mut admin, mut created) = (admin(kafka)?, false);
    loop {
        let found;
        (admin, found) = partitions(admin, topic).await?;
        match found {
            None => {
                // If another process was quicker, what it made is checked as soon as it can be seen.
                created = created || create(&admin, topic).await?;
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Some(_) if created => return Ok(()),
            Some(found) => {
                check_partitions(topic, found)?;
                return mend(&admin, topic).await;
            }
        }
    }
}

pub(crate) async fn has_topic(kafka: &Kafka, topic: &Topic) -> Result<bool, BusError> {
    let (_, found) = partitions(admin(kafka)?, topic).await?;
    Ok(found.is_some())
}

fn admin(kafka: &Kafka) -> Result<Admin, BusError> {
    kafka
        .client()
        .create_with_context(kafka.notices.clone())
        .map_err(|error| BusError::Refused(format!("Kafka's settings: {error}")))
}

fn check_partitions(topic: &Topic, found: usize) -> Result<(), BusError> {
    let wanted = usize::from(topic.schedule.partitions());
    if found >= wanted {
        return Ok(());
    }
    Err(BusError::Refused(format!(
        "topic {} has {found} partitions, but {wanted} are configured: add partitions to it, or set KAFKA_PARTITIONS={found}",
        topic.name
    )))
}

/// How many partitions the topic has; `None` when there is no such topic.
async fn partitions(admin: Admin, topic: &Topic) -> Result<(Admin, Option<usize>), BusError> {
    let name = topic.name.clone();
    blocking("asking Kafka for its topics", move || {
        // Of all topics: asking for one by name would make the broker create it in its own way.
        let metadata = admin.inner().fetch_metadata(None, ANSWER_WITHIN)?;
        let found = metadata.topics().iter().find(|found| found.name() == name && found.error().is_none());
        let count = found.map(|found| found.partitions().len());
        Ok((admin, count))
    })
    .await
}

/// Whether it was this process that created it.
async fn create(admin: &Admin, topic: &Topic) -> Result<bool, BusError> {
    let max_bytes = topic.max_record_bytes.to_string();
    let partitions = i32::from(topic.schedule.partitions());
    let replication = TopicReplication::Fixed(topic.replication.unwrap_or(-1));
    let mut new = NewTopic::new(&topic.name, partitions, replication)
        .set(TIMESTAMPS, APPEND_TIME)
        .set(MAX_BYTES, &max_bytes);
    if topic.keep {
        new = new.set("retention.ms", "-1").set("cleanup.policy", "delete");
    }
    let unavailable = |reason: String| BusError::unavailable("creating a topic", reason);
    let results =
        admin.create_topics([&new], &options()).await.map_err(|error| unavailable(error.to_string()))?;
    for result in results {
        match result {
            Ok(_) => {}
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => return Ok(false),
            Err((
                name,
                code @ (RDKafkaErrorCode::InvalidReplicationFactor | RDKafkaErrorCode::PolicyViolation),
            )) => {
                return Err(BusError::Refused(format!("topic {name} can't be created: {code}")));
            }
            Err((name, code)) => return Err(unavailable(format!("{name}: {code}"))),
        }
    }
    tracing::info!(topic = topic.name, partitions, "created the topic");
    Ok(true)
}

/// What of a topic's settings has to be another.
struct Change {
    setting: &'static str,
    from: String,
    to: String,
    /// What else can be done.
    or: String,
}

/// What has to be mended: timestamps that are not append times, and too small a limit.
fn changes(topic: &Topic, found: &ConfigResource) -> Vec<Change> {
    let value = |name| found.get(name).and_then(|entry| entry.value.clone()).unwrap_or_default();
    let mut changes = Vec::new();
    let from = value(TIMESTAMPS);
    if from != APPEND_TIME && !topic.allow_create_time {
        let or = "set KAFKA_ALLOW_CREATE_TIME=true and accept that versions follow the producers' clocks";
        changes.push(Change { setting: TIMESTAMPS, from, to: APPEND_TIME.to_owned(), or: or.to_owned() });
    }
    let from = value(MAX_BYTES);
    if from.parse().is_ok_and(|limit: usize| limit < topic.max_record_bytes) {
        let or = format!("set KAFKA_MAX_MESSAGE_BYTES={from}");
        changes.push(Change { setting: MAX_BYTES, from, to: topic.max_record_bytes.to_string(), or });
    }
    changes
}

/// Alters what has to be another, keeping the topic's other settings.
async fn mend(admin: &Admin, topic: &Topic) -> Result<(), BusError> {
    let resource = describe(admin, topic).await?;
    let wanted = changes(topic, &resource);
    if wanted.is_empty() {
        return Ok(());
    }
    admin
        .alter_configs([&altered(&topic.name, &resource, &wanted)], &options())
        .await
        .map_err(|error| BusError::unavailable("altering a topic's settings", error))?;
    // The client keeps to itself what the broker answers, so what the topic says then has to tell.
    let deadline = Instant::now() + ALTERED_WITHIN;
    loop {
        let left = changes(topic, &describe(admin, topic).await?);
        if left.is_empty() {
            for Change { setting, from, to, .. } in wanted {
                tracing::warn!(topic = topic.name, setting, from, to, "altered the topic");
            }
            return Ok(());
        }
        if Instant::now() >= deadline {
            return not_altered(topic, &left);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn describe(admin: &Admin, topic: &Topic) -> Result<ConfigResource, BusError> {
    let unavailable = |reason: String| BusError::unavailable("asking Kafka for a topic's settings", reason);
    let specifier = ResourceSpecifier::Topic(&topic.name);
    let described = admin.describe_configs([&specifier], &options()).await;
    match described.map_err(|error| unavailable(error.to_string()))?.into_iter().next() {
        // Without settings it is none: the client leaves out why a broker could not give it, and altering
        // the topic by it would remove its settings.
        Some(Ok(resource)) if resource.get(TIMESTAMPS).is_some() => Ok(resource),
        _ => Err(unavailable(format!("{} could not be described", topic.name))),
    }
}

fn not_altered(topic: &Topic, left: &[Change]) -> Result<(), BusError> {
    for Change { setting, from, to, or } in left {
        let what = format!("topic {} has {setting}={from} and could not be altered to {to}", topic.name);
        if *setting != MAX_BYTES || topic.refuse_smaller {
            return Err(BusError::Refused(format!("{what}: alter it, or {or}")));
        }
        tracing::warn!("{what}: larger records will not be taken whole");
    }
    Ok(())
}

/// The topic's own settings with these changed: altering replaces them all.
fn altered<'a>(name: &'a str, resource: &'a ConfigResource, changes: &'a [Change]) -> AlterConfig<'a> {
    let changed = |name: &str| changes.iter().any(|change| change.setting == name);
    let own = resource.entries.iter().filter(|entry| entry.source == ConfigSource::DynamicTopic);
    let kept = own.filter(|entry| !changed(&entry.name));
    let kept = kept.filter_map(|entry| Some((entry.name.as_str(), entry.value.as_deref()?)));
    let all = kept.chain(changes.iter().map(|change| (change.setting, change.to.as_str())));
    all.fold(AlterConfig::new(ResourceSpecifier::Topic(name)), |alter, (name, value)| alter.set(name, value))
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(ANSWER_WITHIN)).operation_timeout(Some(ANSWER_WITHIN))
}

//! Makes sure that a topic is there and as it must be.

use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::metadata::MetadataTopic;
use rdkafka::types::RDKafkaErrorCode;

use super::rate_limited_log::RateLimitedLog;
use super::{ANSWER_WITHIN, Kafka, blocking};
use crate::{AtRisk, BusError, Keep, Topic};

const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a topic that was created, or that Kafka says is there, may take until it is listed.
const LISTED_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take until a topic that was altered says so.
const ALTERED_WITHIN: Duration = Duration::from_secs(3);
const TIMESTAMPS: &str = "message.timestamp.type";
const APPEND_TIME: &str = "LogAppendTime";
const MAX_BYTES: &str = "max.message.bytes";
const MIN_IN_SYNC: &str = "min.insync.replicas";
const RETENTION_MS: &str = "retention.ms";
const RETENTION_BYTES: &str = "retention.bytes";
const NO_LIMIT: &str = "-1";

/// Copies of a topic's partitions where there are brokers for them and nothing else is configured, and how
/// many must have a record before it is acknowledged: any one broker may be lost then.
const REPLICAS: i32 = 3;
const IN_SYNC: usize = 2;

/// A partition's size is limited by whole segments, so they must be small parts of it.
const SEGMENTS: u64 = 8;
const LEAST_SEGMENT_BYTES: u64 = 16 << 20;

type Admin = AdminClient<RateLimitedLog>;

/// What a cluster tells of itself and a topic.
struct Seen {
    brokers: usize,
    /// `None` when there is no such topic.
    topic: Option<Layout>,
}

/// A topic's partitions, and the copies of the one that has fewest.
struct Layout {
    partitions: usize,
    replicas: usize,
}

/// Creates the topic and waits until it is seen, or checks the one that is there: enough partitions,
/// append times, room, copies.
pub(crate) async fn ensure_topic(kafka: &Kafka, topic: &Topic) -> Result<Option<AtRisk>, BusError> {
    let (mut admin, mut created) = (admin(kafka)?, false);
    let deadline = Instant::now() + LISTED_WITHIN;
    loop {
        let seen;
        (admin, seen) = look(admin, topic).await?;
        match seen.topic {
            None if Instant::now() >= deadline => return Err(not_listed(admin, topic).await),
            None => {
                // If another process was quicker, what it made is checked as soon as it can be seen.
                created = created || create(&admin, topic, seen.brokers).await?;
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Some(layout) => {
                let acknowledged_by = if created {
                    // Not asked for: another broker may not know the topic yet.
                    in_sync(i32::try_from(layout.replicas).unwrap_or_default()).unwrap_or(1)
                } else {
                    check_partitions(topic, layout.partitions)?;
                    let settings = mend(&admin, topic).await?;
                    value(&settings, MIN_IN_SYNC).parse().unwrap_or(1)
                };
                let at_risk = AtRisk::of(&topic.name, layout.replicas, acknowledged_by);
                if let Some(at_risk) = &at_risk {
                    tracing::warn!("{at_risk}");
                }
                return Ok(at_risk);
            }
        }
    }
}

pub(crate) async fn has_topic(kafka: &Kafka, topic: &Topic) -> Result<bool, BusError> {
    let (_, seen) = look(admin(kafka)?, topic).await?;
    Ok(seen.topic.is_some())
}

fn admin(kafka: &Kafka) -> Result<Admin, BusError> {
    kafka
        .client()
        .create_with_context(kafka.rate_limited_log.clone())
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

async fn look(admin: Admin, topic: &Topic) -> Result<(Admin, Seen), BusError> {
    let name = topic.name.clone();
    blocking("asking Kafka for its topics", move || {
        // Of all topics: asking for one by name would make the broker create it in its own way.
        let metadata = admin.inner().fetch_metadata(None, ANSWER_WITHIN)?;
        let found = metadata.topics().iter().find(|found| found.name() == name && found.error().is_none());
        let topic = found.map(|found| Layout {
            partitions: found.partitions().len(),
            replicas: found.partitions().iter().map(|one| one.replicas().len()).min().unwrap_or_default(),
        });
        let brokers = metadata.brokers().len();
        Ok((admin, Seen { brokers, topic }))
    })
    .await
}

/// Why a topic that is there is not listed, such as that this user may not know of it. It is asked for by name,
/// which would create one that is not there.
async fn not_listed(admin: Admin, topic: &Topic) -> BusError {
    let name = topic.name.clone();
    let asked = blocking("asking Kafka for a topic", move || {
        let metadata = admin.inner().fetch_metadata(Some(&name), ANSWER_WITHIN)?;
        let error = metadata.topics().iter().find_map(MetadataTopic::error);
        Ok(error.map_or("it gives no reason".to_owned(), |error| RDKafkaErrorCode::from(error).to_string()))
    });
    let reason = asked.await.unwrap_or_else(|error| error.to_string());
    let name = &topic.name;
    let reason =
        format!("topic {name} is there, but Kafka did not list it within {LISTED_WITHIN:?}: {reason}");
    BusError::unavailable("setting up a topic", reason)
}

/// Creates the topic. Returns whether this process did, and not another one that was faster.
async fn create(admin: &Admin, topic: &Topic, brokers: usize) -> Result<bool, BusError> {
    let partitions = i32::from(topic.schedule.partitions());
    let enough = i32::try_from(brokers).is_ok_and(|brokers| brokers >= REPLICAS);
    let replicas = topic.replication.or(enough.then_some(REPLICAS));
    let mut settings =
        vec![(TIMESTAMPS, APPEND_TIME.to_owned()), (MAX_BYTES, topic.max_record_bytes.to_string())];
    let in_sync = replicas.and_then(in_sync);
    settings.extend(in_sync.map(|in_sync| (MIN_IN_SYNC, in_sync.to_string())));
    settings.extend(retention(topic.keep));
    let new = NewTopic::new(&topic.name, partitions, TopicReplication::Fixed(replicas.unwrap_or(-1)));
    let new = settings.iter().fold(new, |new, (setting, value)| new.set(setting, value));
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

/// How many of so many copies must have a record, where that is not left to the broker.
fn in_sync(replicas: i32) -> Option<usize> {
    (replicas >= REPLICAS).then_some(IN_SYNC)
}

/// The settings that make a topic keep its records so long.
fn retention(keep: Keep) -> Vec<(&'static str, String)> {
    let policy = ("cleanup.policy", "delete".to_owned());
    match keep {
        Keep::AsUsual => Vec::new(),
        Keep::ForGood => vec![policy, (RETENTION_MS, NO_LIMIT.to_owned())],
        Keep::Within { ms, bytes } => {
            let segment = (bytes / SEGMENTS).clamp(LEAST_SEGMENT_BYTES, 1 << 30);
            vec![
                policy,
                (RETENTION_MS, ms.to_string()),
                (RETENTION_BYTES, bytes.to_string()),
                ("segment.bytes", segment.to_string()),
            ]
        }
    }
}

fn value(settings: &ConfigResource, name: &str) -> String {
    settings.get(name).and_then(|entry| entry.value.clone()).unwrap_or_default()
}

/// What of a topic's settings has to be another.
struct Change {
    setting: &'static str,
    from: String,
    to: String,
    /// What else can be done; `None` if the topic can be used as it is.
    or: Option<String>,
}

/// What has to be mended: timestamps that are not append times, too small a limit, and no limits where there
/// should be some. Limits that somebody has chosen stay.
fn changes(topic: &Topic, found: &ConfigResource) -> Vec<Change> {
    let value = |name| value(found, name);
    let mut changes = Vec::new();
    let from = value(TIMESTAMPS);
    if from != APPEND_TIME && !topic.allow_create_time {
        let or = "set KAFKA_ALLOW_CREATE_TIME=true and accept that versions follow the producers' clocks";
        changes.push(Change {
            setting: TIMESTAMPS,
            from,
            to: APPEND_TIME.to_owned(),
            or: Some(or.to_owned()),
        });
    }
    let from = value(MAX_BYTES);
    if from.parse().is_ok_and(|limit: usize| limit < topic.max_record_bytes) {
        let or = topic.refuse_smaller.then(|| format!("set KAFKA_MAX_MESSAGE_BYTES={from}"));
        changes.push(Change { setting: MAX_BYTES, from, to: topic.max_record_bytes.to_string(), or });
    }
    // Earlier versions made such topics to be kept for good.
    if matches!(topic.keep, Keep::Within { .. }) && value(RETENTION_MS) == NO_LIMIT {
        for (setting, to) in retention(topic.keep) {
            let from = value(setting);
            if from != to {
                changes.push(Change { setting, from, to, or: None });
            }
        }
    }
    changes
}

/// Alters what has to be another, keeping the topic's other settings.
async fn mend(admin: &Admin, topic: &Topic) -> Result<ConfigResource, BusError> {
    let resource = describe(admin, topic).await?;
    let wanted = changes(topic, &resource);
    if wanted.is_empty() {
        return Ok(resource);
    }
    admin
        .alter_configs([&altered(&topic.name, &resource, &wanted)], &options())
        .await
        .map_err(|error| BusError::unavailable("altering a topic's settings", error))?;
    // The client keeps to itself what the broker answers, so what the topic says then has to tell.
    let deadline = Instant::now() + ALTERED_WITHIN;
    loop {
        let resource = describe(admin, topic).await?;
        let left = changes(topic, &resource);
        if left.is_empty() {
            for Change { setting, from, to, .. } in wanted {
                tracing::warn!(topic = topic.name, setting, from, to, "altered the topic");
            }
            return Ok(resource);
        }
        if Instant::now() >= deadline {
            return not_altered(topic, &left).map(|()| resource);
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
        if let Some(or) = or {
            return Err(BusError::Refused(format!("{what}: alter it, or {or}")));
        }
        tracing::warn!("{what}");
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

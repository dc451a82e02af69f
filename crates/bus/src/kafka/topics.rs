//! Makes sure that a topic is there and as it must be.

use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::types::RDKafkaErrorCode;

use super::{ANSWER_WITHIN, Kafka, blocking};
use crate::{BusError, Topic};

const LOOK_AGAIN: Duration = Duration::from_millis(100);
const TIMESTAMPS: &str = "message.timestamp.type";
const APPEND_TIME: &str = "LogAppendTime";
const MAX_BYTES: &str = "max.message.bytes";

type Admin = AdminClient<DefaultClientContext>;

/// Creates the topic, or checks the one that is there: enough partitions, and append times.
pub(crate) async fn ensure_topic(kafka: &Kafka, topic: &Topic) -> Result<(), BusError> {
    let mut admin: Admin =
        kafka.client().create().map_err(|error| BusError::Refused(format!("Kafka's settings: {error}")))?;
    loop {
        let found;
        (admin, found) = partitions(admin, topic).await?;
        match found {
            None if create(&admin, topic).await? => return Ok(()),
            // Another process was quicker: what it made is checked as soon as it can be seen.
            None => tokio::time::sleep(LOOK_AGAIN).await,
            Some(found) => {
                check_partitions(topic, found)?;
                return mend(&admin, topic).await;
            }
        }
    }
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
    let new = NewTopic::new(&topic.name, partitions, replication)
        .set(TIMESTAMPS, APPEND_TIME)
        .set(MAX_BYTES, &max_bytes);
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

/// Alters a topic whose timestamps are not append times, keeping its other settings.
async fn mend(admin: &Admin, topic: &Topic) -> Result<(), BusError> {
    let unavailable = |reason: String| BusError::unavailable("asking Kafka for a topic's settings", reason);
    let specifier = ResourceSpecifier::Topic(&topic.name);
    let described = admin
        .describe_configs([&specifier], &options())
        .await
        .map_err(|error| unavailable(error.to_string()))?;
    let Some(Ok(resource)) = described.into_iter().next() else {
        return Err(unavailable(format!("{} could not be described", topic.name)));
    };
    let found = timestamps(&resource)?;
    if found == APPEND_TIME || topic.allow_create_time {
        return Ok(());
    }
    let refused = |reason: String| {
        BusError::Refused(format!(
            "topic {} has {TIMESTAMPS}={found} and could not be altered to {APPEND_TIME} ({reason}): alter it, or set KAFKA_ALLOW_CREATE_TIME=true and accept that versions follow the producers' clocks",
            topic.name
        ))
    };
    let results = admin.alter_configs([&with_append_time(&topic.name, &resource)], &options()).await;
    match results.map(|results| results.into_iter().next()) {
        Ok(Some(Ok(_))) => {
            tracing::warn!(
                topic = topic.name,
                from = found,
                to = APPEND_TIME,
                "altered the topic's timestamps"
            );
            Ok(())
        }
        Ok(Some(Err((_, code)))) => Err(refused(code.to_string())),
        Ok(None) => Err(unavailable("no answer".into())),
        Err(error) => Err(unavailable(error.to_string())),
    }
}

/// What kind of time the topic's records have. Without that setting the description is none: the client
/// leaves out why a broker could not give it, and altering the topic by it would remove its settings.
fn timestamps(described: &ConfigResource) -> Result<String, BusError> {
    let found = described.get(TIMESTAMPS).and_then(|entry| entry.value.clone());
    found.ok_or_else(|| BusError::unavailable("asking Kafka for a topic's settings", "an empty description"))
}

/// The topic's own settings with that one changed: altering replaces them all.
fn with_append_time<'a>(name: &'a str, resource: &'a ConfigResource) -> AlterConfig<'a> {
    let own = resource
        .entries
        .iter()
        .filter(|entry| entry.source == ConfigSource::DynamicTopic && entry.name != TIMESTAMPS);
    own.fold(AlterConfig::new(ResourceSpecifier::Topic(name)), |alter, entry| match &entry.value {
        Some(value) => alter.set(&entry.name, value),
        None => alter,
    })
    .set(TIMESTAMPS, APPEND_TIME)
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(ANSWER_WITHIN)).operation_timeout(Some(ANSWER_WITHIN))
}

#[cfg(test)]
mod tests {
    use rdkafka::admin::{ConfigEntry, OwnedResourceSpecifier};

    use super::*;

    #[test]
    fn a_description_without_settings_is_none_and_worth_another_try() {
        let specifier = OwnedResourceSpecifier::Topic("events".into());
        let mut described = ConfigResource { specifier, entries: Vec::new() };
        assert!(timestamps(&described).unwrap_err().is_retryable());

        described.entries.push(ConfigEntry {
            name: TIMESTAMPS.into(),
            value: Some("CreateTime".into()),
            source: ConfigSource::Default,
            is_read_only: false,
            is_default: true,
            is_sensitive: false,
        });
        assert_eq!(timestamps(&described).unwrap(), "CreateTime");
    }
}

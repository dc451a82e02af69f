//! The partition schedule, remembered: a process whose settings would look for an event in another
//! partition than the one it is in must not start, since an acknowledged update of it could be taken for a replay.
//!
//! Each schedule that was ever in force is a record on a topic of one partition. Processes that write one at
//! the same time agree by its order: a record counts if the one that counts before it may become it.

use std::time::Duration;

use model::Timestamp;

use crate::partition::AHEAD;
use crate::{Bus, BusError, From, Record, Schedule, Topic};

/// Compares the schedule with the one in force, and puts it in force if it only adds to that, or if
/// there is none. Any other is refused.
pub(crate) async fn check(bus: &Bus, topic: &Topic, configured: &Schedule) -> Result<(), BusError> {
    bus.ensure_topic(topic).await?;
    let in_force = in_force(bus, topic).await?;
    if in_force.as_ref() == Some(configured) {
        return Ok(());
    }
    if let Some(in_force) = in_force
        && !in_force.may_become(configured, Timestamp::now())
    {
        return Err(refused(configured, &in_force));
    }
    let record = Record { value: configured.to_string().into_bytes(), ..Record::default() };
    bus.producer(topic)?
        .send(record)
        .await
        .map_err(|error| BusError::unavailable("writing down the partition schedule", error))?;
    match self::in_force(bus, topic).await? {
        Some(in_force) if in_force == *configured => Ok(()),
        Some(in_force) => Err(refused(configured, &in_force)),
        None => Err(BusError::unavailable("writing down the partition schedule", "it can't be read back")),
    }
}

/// Compares the schedule with the one in force while the process runs. One that says otherwise of times that
/// an event of the next `ahead` may have is refused; before that it is only told of.
pub(crate) async fn check_again(
    bus: &Bus,
    topic: &Topic,
    configured: &Schedule,
    now: Timestamp,
    ahead: Duration,
) -> Result<(), BusError> {
    let Some(in_force) = in_force(bus, topic).await? else { return Ok(()) };
    let ahead = i64::try_from((AHEAD + ahead).as_millis()).unwrap_or(i64::MAX);
    let until = Timestamp::from_millis(now.millis().saturating_add(ahead)).unwrap_or(now);
    if !in_force.agrees_until(configured, until) {
        return Err(refused(configured, &in_force));
    }
    if in_force != *configured {
        tracing::warn!(
            %configured,
            %in_force,
            "another partition schedule is in force: this process must be restarted with it a day before it differs"
        );
    }
    Ok(())
}

/// The last schedule that counts.
async fn in_force(bus: &Bus, topic: &Topic) -> Result<Option<Schedule>, BusError> {
    let mut records = bus.read_range(topic, From::Beginning).await?;
    let mut in_force: Option<Schedule> = None;
    while let Some(record) = records.next().await {
        let record = record?;
        let text = String::from_utf8_lossy(&record.value);
        let Ok(schedule) = Schedule::parse(&text) else {
            tracing::warn!(text = ?text, topic = topic.name, "a record is no partition schedule");
            continue;
        };
        let at = record.append_ms.and_then(Timestamp::from_millis).unwrap_or_default();
        if in_force.as_ref().is_none_or(|before| before.may_become(&schedule, at)) {
            in_force = Some(schedule);
        }
    }
    Ok(in_force)
}

fn refused(configured: &Schedule, in_force: &Schedule) -> BusError {
    BusError::Refused(format!(
        "the partition schedule {configured} is not the one in force, by which events have their partitions: \
         set KAFKA_PARTITION_SCHEDULE={in_force}, or add to that a time at least a day ahead"
    ))
}

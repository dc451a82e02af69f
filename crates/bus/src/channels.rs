//! Where the events of one installation run: its topics and its consumers' group.

use std::time::Duration;

use model::Timestamp;

use crate::{AtRisk, Bus, BusError, Topic, kafka, log, remembered};

const LOOK_EVERY: Duration = Duration::from_hours(1);

/// The topics of one installation. Cheap to clone.
#[derive(Clone)]
pub struct Channels {
    /// Where the topics are.
    pub bus: Bus,
    /// Operations on events.
    pub events: Topic,
    /// What could not be written, with its reason.
    pub dead_letters: Topic,
    /// Which of them were replayed. Made by the first replay.
    pub replayed: Topic,
    /// What partition schedules of the events were in force.
    pub schedules: Topic,
    /// The consumers' group.
    pub group: String,
    /// How often a process that runs looks which partition schedule is in force.
    pub look_every: Duration,
}

impl Channels {
    /// In a Kafka cluster.
    pub fn kafka(config: kafka::Config) -> Result<Self, BusError> {
        Self::named(&config.clone(), Bus::Kafka(kafka::Kafka::new(config)))
    }

    /// In the embedded log, with the names and limits that they would have in Kafka.
    pub fn log(log: log::Log, config: &kafka::Config) -> Result<Self, BusError> {
        Self::named(config, Bus::Log(log))
    }

    fn named(config: &kafka::Config, bus: Bus) -> Result<Self, BusError> {
        config.check()?;
        Ok(Self {
            bus,
            events: config.events()?,
            dead_letters: config.dead_letters(),
            replayed: config.replayed(),
            schedules: config.schedules(),
            group: config.group_id.clone(),
            look_every: LOOK_EVERY,
        })
    }

    /// Makes sure that the topics of events and dead letters are there and as they must be, and that events
    /// have the partitions that they always had. Returns those that may lose what they hold.
    pub async fn ensure_topics(&self) -> Result<Vec<AtRisk>, BusError> {
        let events = self.bus.ensure_topic(&self.events).await?;
        let dead_letters = self.bus.ensure_topic(&self.dead_letters).await?;
        remembered::check(&self.bus, &self.schedules, &self.events.schedule).await?;
        Ok(events.into_iter().chain(dead_letters).collect())
    }

    /// Returns why this process must end: another one has put a partition schedule in force by which events
    /// would soon have other partitions than by its own.
    pub async fn outdated(&self) -> BusError {
        let Self { bus, events, schedules, look_every, .. } = self;
        loop {
            tokio::time::sleep(*look_every).await;
            // One that is found only at the next look is in time too.
            let now = Timestamp::now();
            match remembered::check_again(bus, schedules, &events.schedule, now, *look_every).await {
                Ok(()) => {}
                Err(error) if error.is_retryable() => {
                    tracing::warn!(%error, "could not look which partition schedule is in force");
                }
                Err(error) => return error,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_ends_when_another_schedule_is_about_to_count() {
        let folder = tempfile::tempdir().unwrap();
        let log = log::Log::open(&folder.path().join("log"), log::Options::default()).unwrap();
        let channels = |schedule: &str| {
            let partition_schedule = Some(schedule.to_owned());
            Channels::log(log.clone(), &kafka::Config { partition_schedule, ..kafka::Config::default() })
                .unwrap()
        };
        let (old, new) = (channels("12"), channels("12,2099-01-02T12:00:00Z=6"));
        old.ensure_topics().await.unwrap();
        new.ensure_topics().await.unwrap();
        let check = async |channels: &Channels, now: &str| {
            let now = Timestamp::parse(now).unwrap();
            let Channels { bus, events, schedules, .. } = channels;
            remembered::check_again(bus, schedules, &events.schedule, now, LOOK_EVERY).await
        };
        // There may be events of times up to a day ahead, and the next look is an hour later.
        check(&old, "2099-01-01T10:59:59Z").await.unwrap();
        let BusError::Refused(reason) = check(&old, "2099-01-01T11:00:00Z").await.unwrap_err() else {
            panic!()
        };
        assert!(reason.contains("KAFKA_PARTITION_SCHEDULE=12,2099-01-02T12:00:00.000Z=6,"), "{reason}");
        check(&new, "2099-01-03T00:00:00Z").await.unwrap();

        let begins_elsewhere = Channels { look_every: Duration::from_millis(1), ..channels("24") };
        let refused = begins_elsewhere.outdated().await;
        assert!(matches!(refused, BusError::Refused(_)), "{refused}");
    }
}

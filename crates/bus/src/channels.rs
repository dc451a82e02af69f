//! Where the events of one installation run: its topics and its consumers' group.

use crate::{AtRisk, Bus, BusError, Topic, kafka, log, remembered};

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
}

//! What can go wrong.

use std::fmt;
use std::time::Duration;

use testing::proxy::Mode;

/// One thing that goes wrong, and has to be mended later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// kill -9 of an API.
    KillApi(usize),
    /// SIGTERM to an API.
    EndApi(usize),
    /// kill -9 of a consumer.
    KillConsumer(usize),
    /// SIGTERM to a consumer.
    EndConsumer(usize),
    /// SIGSTOP of a consumer, for longer than the others wait for it.
    FreezeConsumer(usize),
    /// kill -9 of a broker.
    KillBroker(usize),
    /// kill -9 of the broker that leads this partition of the events.
    KillLeader(i32),
    /// kill -9 of the broker whose controller leads.
    KillController,
    /// SIGSTOP of a broker, for longer than the others wait for it.
    FreezeBroker(usize),
    /// The ways to the brokers go bad: the APIs', a consumer's, or all. The brokers reach each other.
    KafkaNetwork(Victim, Mode),
    /// The way to ClickHouse goes bad: the APIs', a consumer's, or all.
    Network(Victim, Mode),
    /// kill -9 of ClickHouse.
    KillEngine,
    /// A version to come alters the table so that it takes no row of the present one.
    NewerSchema,
}

/// Whose ways to a server they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Victim {
    /// Everybody's.
    All,
    /// That of all APIs.
    Apis,
    /// That of one consumer.
    Consumer(usize),
}

/// What is hit. Two faults of one part never come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The APIs.
    Api,
    /// The consumers.
    Consumer,
    /// The brokers, or the ways there.
    Kafka,
    /// ClickHouse, or the way there.
    ClickHouse,
}

impl Fault {
    /// What it hits.
    pub(super) fn part(self) -> Part {
        match self {
            Self::KillApi(_) | Self::EndApi(_) => Part::Api,
            Self::KillConsumer(_) | Self::EndConsumer(_) | Self::FreezeConsumer(_) => Part::Consumer,
            Self::KillBroker(_)
            | Self::KillLeader(_)
            | Self::KillController
            | Self::FreezeBroker(_)
            | Self::KafkaNetwork(..) => Part::Kafka,
            Self::Network(..) | Self::KillEngine | Self::NewerSchema => Part::ClickHouse,
        }
    }

    /// What kind it is, for counting.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::KillApi(_) => "kill api",
            Self::EndApi(_) => "end api",
            Self::KillConsumer(_) => "kill consumer",
            Self::EndConsumer(_) => "end consumer",
            Self::FreezeConsumer(_) => "freeze consumer",
            Self::KillBroker(_) => "kill broker",
            Self::KillLeader(_) => "kill leader",
            Self::KillController => "kill controller",
            Self::FreezeBroker(_) => "freeze broker",
            Self::KafkaNetwork(_, Mode::Pass) => "kafka network fine",
            Self::KafkaNetwork(_, Mode::Refuse) => "kafka network refuses",
            Self::KafkaNetwork(_, Mode::Hang) => "kafka network hangs",
            Self::KafkaNetwork(_, Mode::Cut) => "kafka network cuts",
            Self::KafkaNetwork(_, Mode::Flaky { .. }) => "kafka network flaky",
            Self::KafkaNetwork(_, Mode::Slow { .. }) => "kafka network slow",
            Self::Network(_, Mode::Pass) => "network fine",
            Self::Network(_, Mode::Refuse) => "network refuses",
            Self::Network(_, Mode::Hang) => "network hangs",
            Self::Network(_, Mode::Cut) => "network cuts",
            Self::Network(_, Mode::Flaky { .. }) => "network flaky",
            Self::Network(_, Mode::Slow { .. }) => "network slow",
            Self::KillEngine => "kill clickhouse",
            Self::NewerSchema => "newer schema",
        }
    }

    /// The shortest and the longest time before it is mended.
    pub(super) fn hold(self) -> (Duration, Duration) {
        let (least, most) = match self {
            Self::KillApi(_) | Self::KillEngine => (0, 3_000),
            Self::EndApi(_) => (0, 1_000),
            Self::KillConsumer(_) => (0, 8_000),
            Self::EndConsumer(_) => (0, 4_000),
            Self::FreezeConsumer(_) => (11_000, 15_000),
            Self::KillBroker(_) | Self::KillLeader(_) | Self::KillController => (500, 6_000),
            Self::FreezeBroker(_) | Self::NewerSchema => (5_000, 12_000),
            Self::KafkaNetwork(..) | Self::Network(..) => (2_000, 8_000),
        };
        (Duration::from_millis(least), Duration::from_millis(most))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::KillApi(index)
            | Self::EndApi(index)
            | Self::KillConsumer(index)
            | Self::EndConsumer(index)
            | Self::FreezeConsumer(index)
            | Self::KillBroker(index)
            | Self::FreezeBroker(index) => write!(f, " {index}"),
            Self::KillLeader(partition) => write!(f, " of partition {partition}"),
            Self::KafkaNetwork(Victim::All, _) | Self::Network(Victim::All, _) => f.write_str(" for all"),
            Self::KafkaNetwork(Victim::Apis, _) | Self::Network(Victim::Apis, _) => {
                f.write_str(" for the apis")
            }
            Self::KafkaNetwork(Victim::Consumer(index), _) | Self::Network(Victim::Consumer(index), _) => {
                write!(f, " for consumer {index}")
            }
            Self::KillController | Self::KillEngine | Self::NewerSchema => Ok(()),
        }
    }
}

//! Several brokers that replicate each other, to be killed and stopped one by one.

use std::path::Path;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::metadata::{Metadata, MetadataTopic};

use super::broker::Broker;
use super::quorum;
use super::settings::{Settings, Way};

const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Three brokers with stock settings: a topic has one replica unless it is made with more. They end when this
/// is dropped or the test process ends.
///
/// Brokers are named by their index, from 0 on.
pub struct Cluster {
    brokers: Vec<Broker>,
}

impl Cluster {
    /// How many brokers there are.
    pub const SIZE: usize = 3;

    /// Starts all brokers, on free ports, and returns once they serve.
    pub fn start() -> Self {
        Self::launch(Default::default(), None)
    }

    /// The same, with further ways to each of them; their output goes to files in the folder `logs`, which stay.
    pub fn start_logging(ways: [Vec<Way>; Self::SIZE], logs: &Path) -> Self {
        Self::launch(ways, Some(logs))
    }

    fn launch(ways: [Vec<Way>; Self::SIZE], logs: Option<&Path>) -> Self {
        let prepare = |settings: &Settings| {
            let log = logs.map(|folder| folder.join(format!("broker-{}.log", settings.node - 1)));
            Broker::prepare(settings, log.as_deref())
        };
        let mut brokers: Vec<_> = Settings::cluster(ways).iter().map(prepare).collect();
        // None of them serves before a majority runs.
        brokers.iter_mut().for_each(Broker::launch);
        brokers.iter_mut().for_each(Broker::wait_until_it_serves);
        Self { brokers }
    }

    /// All their addresses, as in `KAFKA_BROKERS`, by none of the ways.
    pub fn brokers(&self) -> String {
        self.brokers.iter().map(Broker::brokers).collect::<Vec<_>>().join(",")
    }

    /// One of them, to be killed, paused and brought back. Others must go on while it starts again.
    pub fn broker(&mut self, index: usize) -> &mut Broker {
        self.brokers.get_mut(index).expect("an index below the cluster's size")
    }

    /// The broker that leads a partition; `None` while none does or nobody answers. Blocks for at most
    /// some seconds, like the following ones.
    pub fn leader(&self, topic: &str, partition: i32) -> Option<usize> {
        let metadata = self.metadata(Some(topic)).ok()?;
        let partitions = metadata.topics().first()?.partitions();
        let leader = partitions.iter().find(|found| found.id() == partition)?.leader();
        usize::try_from(leader).ok()?.checked_sub(1)
    }

    /// The broker whose controller leads; `None` while none does or nobody answers.
    pub fn controller(&self) -> Option<usize> {
        let ask = |broker: &Broker| quorum::leader(broker.brokers()).ok().flatten();
        self.brokers.iter().find_map(ask)?.checked_sub(1)
    }

    /// Whether every replica of every partition is in sync.
    pub fn is_whole(&self) -> bool {
        self.metadata(None).is_ok_and(|metadata| {
            let mut partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions);
            partitions.all(|partition| partition.isr().len() == partition.replicas().len())
        })
    }

    fn metadata(&self, topic: Option<&str>) -> KafkaResult<Metadata> {
        let client: BaseConsumer = ClientConfig::new().set("bootstrap.servers", self.brokers()).create()?;
        client.fetch_metadata(topic, ANSWER_WITHIN)
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
    use rdkafka::client::DefaultClientContext;
    use rdkafka::producer::{FutureProducer, FutureRecord};

    use super::*;
    use crate::wait::{until, until_some};

    const PATIENCE: Duration = Duration::from_secs(60);

    fn client(cluster: &Cluster) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", cluster.brokers()).set("acks", "all");
        client
    }

    /// Whether a record is acknowledged by enough replicas, within the two seconds that the producer has.
    async fn takes(producer: &FutureProducer) -> bool {
        let record = FutureRecord::<(), _>::to("t").payload("x").partition(0);
        let sent = producer.send_result(record).expect("a place in the queue");
        sent.await.is_ok_and(|sent| sent.is_ok())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_topic_outlives_a_killed_leader_and_a_paused_controller() {
        let mut cluster = Cluster::start();
        let admin: AdminClient<DefaultClientContext> = client(&cluster).create().unwrap();
        let topic = NewTopic::new("t", 1, TopicReplication::Fixed(3)).set("min.insync.replicas", "2");
        for made in admin.create_topics(&[topic], &AdminOptions::new()).await.unwrap() {
            made.unwrap();
        }
        let producer: FutureProducer = client(&cluster).set("message.timeout.ms", "2000").create().unwrap();
        until("all replicas are in sync", PATIENCE, async || cluster.is_whole()).await;
        until("it takes records", PATIENCE, async || takes(&producer).await).await;

        let leader = until_some("it has a leader", PATIENCE, async || cluster.leader("t", 0)).await;
        cluster.broker(leader).stop();
        until("another leads", PATIENCE, async || cluster.leader("t", 0).is_some_and(|now| now != leader))
            .await;
        until("it takes records", PATIENCE, async || takes(&producer).await).await;
        cluster.broker(leader).restart();
        until("it is back", PATIENCE, async || cluster.is_whole()).await;

        let controller = until_some("one controls", PATIENCE, async || cluster.controller()).await;
        cluster.broker(controller).pause();
        until("another controls", PATIENCE, async || {
            cluster.controller().is_some_and(|now| now != controller)
        })
        .await;
        until("it takes records", PATIENCE, async || takes(&producer).await).await;
        cluster.broker(controller).resume();
    }
}

//! A cluster in which not everybody may do everything.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bus::kafka::{Config, Kafka};
use bus::{Bus, BusError, Schedule};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::types::RDKafkaErrorCode;
use testing::kafka::Broker;
use testing::wait::until;
use tokio::time::timeout;

use crate::place::{PATIENCE, topic};

/// Rules count, and what no rule is about is allowed.
const WITH_RULES: &str = "\
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true";

/// Sends a `CreateAclsRequest` version 1: nobody may know of the topic.
fn hide(broker: &Broker, topic: &str) {
    let text = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
    let [key, version, no_client_id] = [30_u16, 1, 0xFFFF].map(u16::to_be_bytes);
    let (number, one_rule) = (7_u32.to_be_bytes(), 1_u32.to_be_bytes());
    let [kind_topic, literal, describe, deny] = [2_u8, 3, 8, 2];
    let request = [
        &key[..],
        &version,
        &number,
        &no_client_id,
        &one_rule,
        &[kind_topic],
        &text(topic),
        &[literal],
        &text("User:ANONYMOUS"),
        &text("*"),
        &[describe, deny],
    ]
    .concat();
    let mut connection = TcpStream::connect(broker.brokers()).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = u32::try_from(request.len()).unwrap();
    connection.write_all(&[&length.to_be_bytes()[..], &request].concat()).unwrap();
    // The length, the request's number, no delay, one result: no error.
    let mut answer = [0; 4 + 4 + 4 + 4 + 2];
    connection.read_exact(&mut answer).unwrap();
    assert_eq!(answer[4..], [0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_there_and_hidden_is_given_up_with_the_reason() {
    let broker = Broker::start_with(WITH_RULES);
    let topic = topic(Schedule::constant(1));
    hide(&broker, &topic.name);
    let asking: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", broker.brokers()).create().unwrap();
    until("the rule counts", PATIENCE, async || {
        let metadata = asking.fetch_metadata(Some(&topic.name), Duration::from_secs(5)).unwrap();
        let error = metadata.topics()[0].error().map(RDKafkaErrorCode::from);
        error == Some(RDKafkaErrorCode::TopicAuthorizationFailed)
    })
    .await;

    let config = Config { brokers: broker.brokers().to_owned(), ..Config::default() };
    let bus = Bus::Kafka(Kafka::new(config));
    // The first call creates it, the second finds that it is there.
    for _ in 0..2 {
        let given_up = timeout(Duration::from_mins(2), bus.ensure_topic(&topic)).await.expect("an end");
        let error = given_up.unwrap_err();
        assert!(matches!(error, BusError::Unavailable { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains(&topic.name) && said.contains("Topic authorization failed"), "{said}");
    }
}

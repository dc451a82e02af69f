//! Records in Kafka that Millrace itself never makes.

use std::ffi::{CStr, CString};

use bus::From;
use rdkafka::ClientConfig;
use rdkafka::bindings::rd_kafka_producev;
use rdkafka::bindings::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
use rdkafka::bindings::rd_kafka_vtype_t::{
    RD_KAFKA_VTYPE_END, RD_KAFKA_VTYPE_HEADER, RD_KAFKA_VTYPE_PARTITION, RD_KAFKA_VTYPE_TOPIC,
};
use rdkafka::producer::{BaseProducer, Producer};
use tokio::time::timeout;

use crate::place::{GROUP, PATIENCE, Place, deliveries, record};

/// A record that has nothing but headers of these names.
#[expect(unsafe_code, reason = "rdkafka's own way to send headers takes no name that is not UTF-8")]
fn send_with_headers(topic: &str, names: [&CStr; 2]) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", testing::kafka::brokers()).create().unwrap();
    let (topic, value) = (CString::new(topic).unwrap(), c"value");
    let length = value.count_bytes();
    // SAFETY: a list of kinds, each with what librdkafka wants of it; it copies all before it returns.
    let sent = unsafe {
        rd_kafka_producev(
            producer.client().native_ptr(),
            RD_KAFKA_VTYPE_TOPIC,
            topic.as_ptr(),
            RD_KAFKA_VTYPE_PARTITION,
            0,
            RD_KAFKA_VTYPE_HEADER,
            names[0].as_ptr(),
            value.as_ptr(),
            length,
            RD_KAFKA_VTYPE_HEADER,
            names[1].as_ptr(),
            value.as_ptr(),
            length,
            RD_KAFKA_VTYPE_END,
        )
    };
    assert_eq!(sent, RD_KAFKA_RESP_ERR_NO_ERROR);
    producer.flush(PATIENCE).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_whose_name_is_not_utf_8_stops_no_reader() {
    let place = Place::kafka();
    let topic = place.topic(1).await;
    let name = topic.name.clone();
    tokio::task::spawn_blocking(move || send_with_headers(&name, [c"\xfftrace\x80", c"\xc3\xa9"]))
        .await
        .unwrap();
    place.send_all(&topic, [record("key", "next")]).await;

    let mut range = place.bus.read_range(&topic, From::Beginning).await.unwrap();
    let mut read = Vec::new();
    while let Some(delivery) = timeout(PATIENCE, range.next()).await.expect("an answer in time") {
        read.push(delivery.unwrap());
    }
    for found in [read, deliveries(&mut place.source(&topic, GROUP), 2).await] {
        let header = |name: &str| (name.to_owned(), b"value".to_vec());
        assert_eq!(found[0].headers, [header("\u{fffd}trace\u{fffd}"), header("\u{e9}")]);
        assert_eq!((&found[1].value, found.len()), (&b"next".to_vec(), 2));
    }
}

//! What one request did is found by its id, in every log and on the topic.

use bus::log::{Log, Options};
use bus::{Channels, From};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testing::wait::until;

use crate::installation::{GRACE, Installation};

/// The line of the log about this, with this request's id.
fn says(output: &str, words: &str, id: &str) -> bool {
    output.lines().any(|line| line.contains(words) && line.contains(&format!("request_id=\"{id}\"")))
}

#[tokio::test]
async fn a_request_is_found_by_its_id_in_the_log_of_the_api_the_record_and_the_log_of_the_consumer() {
    let mut millrace = Installation::embedded().await;
    let ask = async |method: Method, path: &str, id: &str, body: &Value| {
        let request = millrace.client.request(method, format!("{}{path}", millrace.api));
        request.header("x-request-id", id).json(body).send().await.unwrap()
    };
    let event = json!({"conversation_id": "c", "event_name": "event_a"});
    let created = ask(Method::POST, "/event?wait=true", "of-the-create", &event).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let created: Value = created.json().await.unwrap();
    let path = format!("/event/{}", created["data"]["id"].as_str().unwrap());

    // An update of no event, of which the consumer tells.
    let unknown = "/event/019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
    let update = ask(Method::PUT, unknown, "of-the-update", &json!({"output": "x"})).await;
    assert_eq!(update.status(), StatusCode::ACCEPTED);
    millrace.caught_up().await;
    until("the consumer tells of it", GRACE, async || {
        says(&millrace.output(), "messages go to the dead letters", "of-the-update")
    })
    .await;

    // A row that can't be read, of which the API tells.
    let by_hand =
        "ALTER TABLE event_analytics.events UPDATE latency = -1 WHERE true SETTINGS mutations_sync = 1";
    assert_eq!(millrace.clickhouse(by_hand).send().await.unwrap().status(), StatusCode::OK);
    let read = ask(Method::GET, &path, "of-the-read", &json!(null)).await;
    assert_eq!(read.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(read.json::<Value>().await.unwrap()["request_id"], "of-the-read");
    until("the api tells of it", GRACE, async || {
        says(&millrace.output(), "a row could not be read", "of-the-read")
    })
    .await;

    millrace.stop();
    let log = Log::open(&millrace.data().join("log.sqlite"), Options::default()).unwrap();
    let channels = Channels::log(log, &bus::kafka::Config::default()).unwrap();
    let mut records = channels.bus.read_range(&channels.events, From::Beginning).await.unwrap();
    let mut named = Vec::new();
    while let Some(record) = records.next().await {
        named.extend(record.unwrap().headers);
    }
    named.sort();
    let header = |id: &str| ("request-id".to_owned(), id.as_bytes().to_vec());
    assert_eq!(named, [header("of-the-create"), header("of-the-update")]);
}

//! Events that are published by Redis.

use futures_util::StreamExt;
use redis_bridge::Address;
use serde_json::{Value, json};
use testing::redis::Server;

use crate::harness::{App, Part, Setup};
use crate::keys::ENTRIES;

const PATH: &str = "/test/publish-event";

async fn app(redis: &Server, api: api::Config) -> App {
    let api = api::Config { redis_url: Some(Address::new(redis.url())), ..api };
    App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await
}

fn enabled() -> api::Config {
    api::Config { enable_test_endpoints: true, ..api::Config::default() }
}

#[tokio::test]
async fn what_is_missing_is_filled_in_and_what_is_there_published_as_sent() {
    let redis = Server::start();
    let app = app(&redis, enabled()).await;
    let sent = json!({"event_type": "order.created", "tenant_id": "acme", "user_id": "ada", "data": {"total": "64.320"}});
    let unheard = app.post(PATH, &sent).await;
    assert_eq!((unheard.status.as_u16(), &unheard.data()["receivers"]), (200, &json!(0)), "{}", unheard.text);

    let client = redis::Client::open(redis.url()).unwrap();
    let mut subscription = client.get_async_pubsub().await.unwrap();
    subscription.psubscribe("*").await.unwrap();
    let mut messages = subscription.on_message();
    for (sent, channel) in [
        (sent, "events:order:created"),
        (json!({"event_type": "UserCreated"}), "events:user:created"),
        (json!({"event_type": null}), "events:test:event"),
    ] {
        let answer = app.post(PATH, &sent).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let (data, message) = (answer.data(), messages.next().await.unwrap());
        assert_eq!((&data["channel"], &data["receivers"]), (&json!(channel), &json!(1)));
        assert_eq!(message.get_channel_name(), channel);
        let published: Value = serde_json::from_slice(message.get_payload_bytes()).unwrap();
        assert_eq!(published, data["event"]);
        for (name, value) in sent.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()) {
            assert_eq!(published[name], *value, "{name}");
        }
        for name in ["event_id", "event_type", "tenant_id", "timestamp", "data", "metadata"] {
            assert!(!published[name].is_null(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_domain_event_keeps_its_id_and_its_time() {
    let redis = Server::start();
    let app = app(&redis, enabled()).await;
    let at = model::Timestamp::now().to_string();
    let answer = app.post(PATH, &json!({"event_type": "UserCreated", "id": "e-1", "occurred_at": at})).await;
    let event = &answer.data()["event"];
    assert_eq!((&event["id"], &event["occurred_at"]), (&json!("e-1"), &json!(at)), "{}", answer.text);
    assert!(event.get("event_id").is_none() && event.get("timestamp").is_none(), "{event}");
}

#[tokio::test]
async fn it_is_not_there_unless_it_is_enabled_and_there_is_a_redis() {
    let redis = Server::start();
    let without = Setup { api: enabled(), without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() };
    for app in [app(&redis, api::Config::default()).await, App::with(without).await] {
        app.post(PATH, &json!({})).await.refuses(404, "not_found", "no such route");
    }
}

#[tokio::test]
async fn what_no_bridge_could_take_is_refused() {
    let mut redis = Server::start();
    let app = app(&redis, enabled()).await;
    for (sent, code, error) in [
        (json!([]), "invalid_json", "invalid type"),
        (json!({"event_type": 7}), "invalid_field", "event_type must be a string"),
        (json!({"timestamp": "soon"}), "invalid_field", "timestamp must be"),
        (json!({"tenant_id": "no such"}), "invalid_field", "tenant_id must be"),
    ] {
        let answer = app.post(PATH, &sent).await;
        let json = answer.json();
        assert!(json["error"].as_str().unwrap().contains(error), "{json}");
        assert_eq!((answer.status.as_u16(), &json["code"]), (400, &json!(code)), "{json}");
    }
    redis.kill_9();
    assert_eq!(app.post(PATH, &json!({})).await.status, 503);
    redis.restart();
    assert_eq!(app.post(PATH, &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_key_publishes_for_its_own_tenant_alone() {
    let redis = Server::start();
    let app = app(&redis, api::Config { api_keys: ENTRIES.into(), ..enabled() }).await;
    let acme = app.key("acme-ingest");
    let answer = acme.post(PATH, &json!({})).await;
    assert_eq!((answer.status.as_u16(), &answer.data()["event"]["tenant_id"]), (200, &json!("acme")));
    let refused = acme.post(PATH, &json!({"tenant_id": "other"})).await;
    refused.refuses(403, "forbidden", "the key is for another tenant");
    assert_eq!(app.key("acme-read").post(PATH, &json!({})).await.status, 403);
}

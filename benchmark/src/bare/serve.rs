//! A handler that reads JSON, makes an id, sends, and answers once Kafka has acknowledged.

use std::net::Ipv4Addr;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use model::{EventId, Timestamp};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use runtime::threads;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) fn run(brokers: &str, port: u16) -> anyhow::Result<()> {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "lz4")
        .set("linger.ms", "1")
        .set("queue.buffering.max.messages", "10000000")
        .create()?;
    let routes = Router::new()
        .route("/ready", get(async || "ready"))
        .route("/event", post(create))
        .with_state(producer);
    threads::beside_clients()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        Ok(axum::serve(listener, routes).await?)
    })
}

async fn create(State(producer): State<FutureProducer>, body: Bytes) -> (StatusCode, Json<Value>) {
    let Ok(event) = serde_json::from_slice::<Value>(&body) else {
        return (StatusCode::BAD_REQUEST, Json(Value::Null));
    };
    let id = EventId::new(Timestamp::now()).to_string();
    let message = event.to_string();
    match producer.send_result(FutureRecord::to("events").key(&id).payload(&message)) {
        Ok(delivery) => match delivery.await {
            Ok(Ok(written)) => {
                let data = json!({"id": id, "partition": written.partition, "offset": written.offset});
                (StatusCode::ACCEPTED, Json(json!({"success": true, "data": data})))
            }
            _ => (StatusCode::SERVICE_UNAVAILABLE, Json(Value::Null)),
        },
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(Value::Null)),
    }
}

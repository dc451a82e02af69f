//! Alerts: what rules notice in events is listed, acknowledged and told, once, whoever evaluates.

mod evaluation;
mod rules;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::wait::until_some;
use tokio::net::TcpListener;

use crate::harness::{Caller, PATIENCE};

const STOCK: &str = r#"
[[rule]]
name = "low stock"
event = "inventory.low_stock"
key = ["properties.sku"]
resolved_by = "inventory.restocked"
"#;

/// A file of rules, and a receiver of what they notice.
struct Rules {
    folder: TempDir,
    told: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Rules {
    async fn new(text: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let kept = Arc::clone(&told);
        let take = async move |headers: HeaderMap, body: String| {
            let key = headers["idempotency-key"].to_str().unwrap().to_owned();
            assert!(headers["millrace-signature"].to_str().unwrap().starts_with("t="));
            kept.lock().unwrap().push((key, serde_json::from_str(&body).unwrap()));
        };
        let receiver = Router::new().route("/hook", post(take));
        tokio::spawn(async { axum::serve(listener, receiver).await });
        let rules = Self { folder: tempfile::tempdir().unwrap(), told };
        std::fs::write(rules.folder.path().join("secret"), "secret\n").unwrap();
        rules.write(text, address);
        rules
    }

    fn write(&self, text: &str, address: SocketAddr) {
        let webhook = format!("[webhook]\nurl = \"http://{address}/hook\"\nsecret_file = \"secret\"\n");
        std::fs::write(self.file(), [&*webhook, text].concat()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("alerts.toml")
    }

    fn config(&self) -> api::Config {
        api::Config {
            alerts_file: Some(self.file()),
            alerts_interval_ms: 50,
            event_names: "*".into(),
            ..api::Config::default()
        }
    }

    /// What the receiver was told of: ids and states.
    fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().iter().map(|(key, _)| key.clone()).collect()
    }
}

fn stock(event_name: &str, sku: &str) -> Value {
    json!({"conversation_id": "c-1", "event_name": event_name, "properties": {"sku": sku}})
}

/// The alerts of a caller once there are so many in this state.
async fn alerts(api: &Caller, state: &str, count: usize) -> Vec<Value> {
    let path = format!("/alerts?state={state}");
    until_some("there are so many alerts", PATIENCE, async || {
        let alerts = api.get(&path).await.data().as_array().unwrap().clone();
        (alerts.len() == count).then_some(alerts)
    })
    .await
}

async fn evaluates(api: &Caller) -> bool {
    api.get("/pipeline").await.data()["alerts"]["evaluates"] == true
}

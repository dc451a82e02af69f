//! Alerts: what rules notice in events is listed, acknowledged and told, once, whoever evaluates.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use bus::log::{Log, Options};
use bus::{Channels, kafka};
use runtime::metrics;
use runtime::shutdown::Shutdown;
use serde_json::{Value, json};
use store::Store;
use tempfile::TempDir;
use testing::port;
use testing::wait::{until, until_some};
use tokio::net::TcpListener;

use crate::harness::{App, Caller, PATIENCE, Setup};
use crate::keys::{ENTRIES, with_keys};

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

#[tokio::test]
async fn an_alert_fires_is_acknowledged_resolves_and_fires_again() {
    let rules = Rules::new(STOCK).await;
    let app = App::with(Setup { api: rules.config(), ..Setup::default() }).await;
    assert_eq!(app.get("/alerts").await.data(), json!([]));
    app.create(&stock("inventory.low_stock", "a")).await;
    app.create(&stock("inventory.low_stock", "a")).await;
    let [open] = &alerts(&app, "open", 1).await[..] else { panic!() };
    let id = open["id"].as_str().unwrap();
    assert_eq!(
        (&open["rule"], &open["tenant"], &open["key"], &open["state"], &open["value"], &open["message"]),
        (
            &json!("low stock"),
            &json!("default"),
            &json!({"properties.sku": "a"}),
            &json!("open"),
            &Value::Null,
            &json!("inventory.low_stock: properties.sku = a")
        )
    );
    assert!(
        open["fired_at"].is_string() && open["acknowledged_at"].is_null() && open["resolved_at"].is_null()
    );

    let acknowledged = app.post(&format!("/alerts/{id}/ack"), "").await;
    assert_eq!((acknowledged.status.as_u16(), &acknowledged.data()["state"]), (200, &json!("acknowledged")));
    let [again] = &alerts(&app, "acknowledged", 1).await[..] else { panic!() };
    assert_eq!(acknowledged.data(), *again);
    assert_eq!(app.post(&format!("/alerts/{id}/ack"), "").await.data(), *again, "once");

    app.create(&stock("inventory.restocked", "a")).await;
    let [resolved] = &alerts(&app, "resolved", 1).await[..] else { panic!() };
    assert_eq!((&resolved["id"], &resolved["acknowledged_at"]), (&open["id"], &again["acknowledged_at"]));
    assert!(resolved["resolved_at"].is_string());
    assert_eq!(app.post(&format!("/alerts/{id}/ack"), "").await.data(), *resolved);

    app.create(&stock("inventory.low_stock", "a")).await;
    let [second] = &alerts(&app, "open", 1).await[..] else { panic!() };
    assert_ne!(second["id"], open["id"]);
    let newest_first = app.get("/alerts?limit=1").await.data();
    assert_eq!(newest_first, json!([second]));
    until("all was told", PATIENCE, async || rules.told().len() == 4).await;
    let expected = [
        format!("{id}-open"),
        format!("{id}-acknowledged"),
        format!("{id}-resolved"),
        format!("{}-open", second["id"].as_str().unwrap()),
    ];
    let mut told = rules.told();
    told.sort_by_key(|key| expected.iter().position(|known| known == key));
    assert_eq!(told, expected);
}

#[tokio::test]
async fn two_who_evaluate_notice_and_tell_once_and_one_goes_on_for_the_other() {
    let rules = Rules::new(STOCK).await;
    let app = App::with(Setup {
        api: api::Config { event_names: "*".into(), ..api::Config::default() },
        ..Setup::default()
    })
    .await;
    let (one, other) = tokio::join!(app.beside(rules.config()), app.beside(rules.config()));
    app.create(&stock("inventory.low_stock", "a")).await;
    let open = alerts(&app, "open", 1).await;
    let one_evaluates = evaluates(&one).await;
    assert!(one_evaluates != evaluates(&other).await, "one of them");
    let (holder, waiting) = if one_evaluates { (one, other) } else { (other, one) };
    until("it was told", PATIENCE, async || rules.told().len() == 1).await;

    holder.end().await;
    app.create(&stock("inventory.low_stock", "b")).await;
    assert_eq!(alerts(&app, "open", 2).await[1], open[0]);
    assert!(evaluates(&waiting).await);
    // One that is killed gives nothing up: its time has to pass.
    waiting.kill().await;
    app.create(&stock("inventory.restocked", "a")).await;
    app.create(&stock("inventory.low_stock", "c")).await;
    let third = app.beside(rules.config()).await;
    alerts(&third, "open", 2).await;
    assert_eq!(alerts(&third, "resolved", 1).await[0]["id"], open[0]["id"]);
    until("all was told", PATIENCE, async || rules.told().len() == 4).await;
    let mut told = rules.told();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 4, "each once");
    assert_eq!(app.sql("SELECT count() FROM alerts FINAL").await, "4");
}

#[tokio::test]
async fn metrics_silence_and_lag_are_noticed() {
    let text = r#"
[[rule]]
name = "fail"
metric = "error_rate"
window = "1h"
over = 0.4
min_events = 2

[[rule]]
name = "silence"
silence = "1h"

[[rule]]
name = "lag"
lag_over = 2
"#;
    let rules = Rules::new(text).await;
    let mut app = App::with(Setup { api: rules.config(), ..Setup::default() }).await;
    let names = |alerts: &[Value]| {
        let mut names: Vec<_> =
            alerts.iter().map(|alert| alert["rule"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&alerts(&app, "open", 1).await), ["silence"]);
    app.create_all(&[
        json!({"conversation_id": "c-1", "event_name": "pay", "error": "refused"}),
        json!({"conversation_id": "c-1", "event_name": "pay"}),
    ])
    .await;
    assert_eq!(names(&alerts(&app, "resolved", 1).await), ["silence"]);
    let [fail] = &alerts(&app, "open", 1).await[..] else { panic!() };
    assert_eq!((&fail["rule"], &fail["value"], &fail["key"]), (&json!("fail"), &json!(0.5), &json!({})));
    app.stop_consumer().await;
    for _ in 0..3 {
        assert_eq!(
            app.post("/event", json!({"conversation_id": "c-1", "event_name": "pay"})).await.status,
            202
        );
    }
    assert_eq!(names(&alerts(&app, "open", 2).await), ["fail", "lag"]);
}

#[tokio::test]
async fn tenants_see_their_own_alerts_alone() {
    let rules =
        Rules::new(&[STOCK, STOCK.replace("name =", "tenant = \"acme\"\nname =").as_str()].concat()).await;
    let app = App::with(Setup { api: rules.config(), ..Setup::default() }).await;
    let acme = app.tenant("acme");
    acme.create(&stock("inventory.low_stock", "a")).await;
    app.tenant("globex").create(&stock("inventory.low_stock", "g")).await;
    let [alert] = &alerts(&acme, "open", 1).await[..] else { panic!() };
    let ack = format!("/alerts/{}/ack", alert["id"].as_str().unwrap());
    for stranger in [&app.tenant("globex"), &app.tenant("default")] {
        assert_eq!(stranger.get("/alerts").await.data(), json!([]));
        stranger.post(&ack, "").await.refuses(404, "not_found", "alert not found");
    }
    assert_eq!(acme.get("/alerts?state=open").await.data(), json!([alert]));
    assert_eq!(acme.post(&ack, "").await.status, 200);
}

#[tokio::test]
async fn what_can_not_be_asked_is_refused() {
    let app = App::start().await;
    let refuses = async |path: &str, error: &str| app.get(path).await.refuses(400, "invalid_field", error);
    refuses("/alerts?state=closed", "state must be open, acknowledged or resolved").await;
    refuses("/alerts?limit=1001", "limit must be a positive integer of at most 1000").await;
    for id in ["x", "0198a000-0000-8000-8000-000000000000"] {
        app.post(&format!("/alerts/{id}/ack"), "").await.refuses(404, "not_found", "alert not found");
    }
    assert_eq!(app.get("/alerts?state=").await.data(), json!([]));
    assert_eq!(app.get("/pipeline").await.data()["alerts"], Value::Null, "there are no rules");
}

#[tokio::test]
async fn to_acknowledge_takes_a_key_of_an_admin() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let ack = "/alerts/0198a000-0000-8000-8000-000000000000/ack";
    app.key("acme-read").post(ack, "").await.refuses(403, "forbidden", "the key lacks the scope admin");
    assert_eq!(app.post(ack, "").await.status, 401);
}

#[tokio::test]
async fn rules_that_cant_be_read_stop_the_start_and_later_leave_those_before() {
    let rules = Rules::new(STOCK).await;
    let nobody = format!("127.0.0.1:{}", port::free()).parse().unwrap();
    rules.write("[[rule]]\nname = \"bad one\"\nsilence = \"soon\"\n", nobody);
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(&folder.path().join("log"), Options::default()).unwrap();
    let channels = Channels::log(log, &kafka::Config::default()).unwrap();
    let url = Some(format!("http://{nobody}"));
    let store = Store::new(store::Config { url, ..store::Config::default() }).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let started = api::run(rules.config(), channels, store, metrics::registry(), listener, Shutdown::new());
    let error = started.await.unwrap_err().to_string();
    assert!(
        error.starts_with("ALERTS_FILE: ") && error.contains("rule \"bad one\": silence must be"),
        "{error}"
    );

    rules.write(STOCK, nobody);
    let app = App::with(Setup { api: rules.config(), ..Setup::default() }).await;
    let status = async || app.get("/pipeline").await.data()["alerts"].take();
    until("it evaluates", PATIENCE, async || status().await["evaluated_at"].is_string()).await;
    assert_eq!((&status().await["rules"], &status().await["unreadable"]), (&json!(1), &Value::Null));
    rules.write("[[rule]]\nname = \"bad one\"\nsilence = \"soon\"\n", nobody);
    until("it is said", PATIENCE, async || {
        status().await["unreadable"].as_str().is_some_and(|error| error.contains("rule \"bad one\""))
    })
    .await;
    assert_eq!(status().await["rules"], 1);
    let numbers = app.get("/metrics").await.text;
    assert!(numbers.contains("\nmillrace_alert_rules_unreadable 1\n"), "{numbers}");
    app.create(&stock("inventory.low_stock", "a")).await;
    alerts(&app, "open", 1).await;

    rules.write(&[STOCK, "[[rule]]\nname = \"lag\"\nlag_over = 100\n"].concat(), nobody);
    until("the new ones are in force", PATIENCE, async || status().await["rules"] == 2).await;
    assert_eq!(status().await["unreadable"], Value::Null);
}

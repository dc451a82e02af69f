//! Whose alerts they are, who may acknowledge them, and rules that can't be read.

use bus::log::{Log, Options};
use bus::{Channels, kafka};
use runtime::metrics;
use runtime::shutdown::Shutdown;
use serde_json::{Value, json};
use store::Store;
use testing::port;
use testing::wait::{until, until_some};
use tokio::net::TcpListener;

use super::{Rules, STOCK, alerts, stock};
use crate::harness::{App, PATIENCE, Setup};
use crate::keys::{ENTRIES, with_keys};

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
    let rule = json!({"rule": "low stock", "of": "event", "event": "inventory.low_stock", "key": ["properties.sku"],
        "resolved_by": "inventory.restocked"});
    assert_eq!(acme.get("/alerts/rules").await.data(), json!([rule]));
    assert_eq!(app.tenant("globex").get("/alerts/rules").await.data(), json!([]));
    assert_eq!(acme.post(&ack, "").await.status, 200);
}

#[tokio::test]
async fn which_rules_fail_is_told_to_their_own_tenant() {
    let rules =
        Rules::new(&[STOCK, STOCK.replace("name =", "tenant = \"acme\"\nname =").as_str()].concat()).await;
    let app = App::with(Setup { api: rules.config(), ..Setup::default() }).await;
    app.sql("DROP TABLE alert_cursors").await;
    for admin in [&app.tenant("acme"), &app.tenant("default")] {
        let failing = until_some("a rule fails", PATIENCE, async || {
            let failing = admin.get("/pipeline").await.data()["alerts"]["failing"].take();
            failing.as_array().is_some_and(|failing| !failing.is_empty()).then_some(failing)
        })
        .await;
        assert_eq!((&failing[0]["rule"], failing.as_array().unwrap().len()), (&json!("low stock"), 1));
    }
    let others = app.tenant("globex").get("/pipeline").await.data()["alerts"].take();
    assert_eq!((&others["rules"], &others["failing"]), (&json!(2), &json!([])));
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
    assert_eq!(app.get("/alerts/rules").await.data(), json!([]));
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

//! What is noticed, and by whom.

use serde_json::{Value, json};
use testing::wait::until;

use super::{Rules, STOCK, alerts, evaluates, stock};
use crate::harness::{App, PATIENCE, Setup};

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
        (
            app.get(&format!("/event/{}", open["event"].as_str().unwrap())).await.status.as_u16(),
            &open["measured"]
        ),
        (200, &Value::Null)
    );
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
    let measured = &fail["measured"];
    let asked = json!({"metrics": [measured["metric"], "events"], "filters": measured["filters"],
        "from": measured["from"], "to": measured["to"]});
    let series = app.post("/query", asked).await.data()["series"].take();
    assert_eq!((&series[0]["total"], &series[1]["total"]), (&fail["value"], &json!(2)), "of the same events");
    app.stop_consumer().await;
    for _ in 0..3 {
        assert_eq!(
            app.post("/event", json!({"conversation_id": "c-1", "event_name": "pay"})).await.status,
            202
        );
    }
    assert_eq!(names(&alerts(&app, "open", 2).await), ["fail", "lag"]);
}

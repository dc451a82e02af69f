//! `millrace demo`: a shop of the last weeks and of now, whatever happens to it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use model::Timestamp;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::Process;
use testing::wait::until;

use crate::installation::{Installation, embedded_environment};

const GRACE: Duration = Duration::from_secs(120);
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A small shop that was opened 30 days before this time, of which nothing was sent yet.
fn begin(data: &Path, to: i64) {
    let opened = to - to.rem_euclid(DAY) - 30 * DAY;
    let state = json!({"opened": opened, "users": 300, "from": to, "to": to});
    fs::write(data.join("demo.json"), state.to_string()).unwrap();
}

/// Events by day, of a shop whose events up to now are all there.
async fn days(api: &str) -> Vec<u64> {
    let question = json!({"metrics": ["events"], "days": 32, "interval": "day"});
    let answer = Client::new().post(format!("{api}/query")).json(&question).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let values = answer["data"]["series"][0]["values"].as_array().unwrap_or_else(|| panic!("{answer}"));
    values.iter().map(|value| value.as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_is_filled_in_and_goes_on_after_a_power_cut() {
    let (data, port) = (TempDir::new().unwrap(), testing::port::free());
    let api = format!("http://127.0.0.1:{port}");
    begin(data.path(), Timestamp::now().millis() - 5 * HOUR);
    let mut demo = Process::start_with("millrace", &["demo"], &embedded_environment(data.path(), port, 0));
    until("the last week is there", GRACE, async || {
        demo.output().contains("demo: 7 of 30 days are filled in")
    })
    .await;
    demo.kill_9();
    demo.restart();
    let all = format!("demo: all is filled in, and the shop goes on: {api}/");
    until("all is there", GRACE, async || demo.output().contains(&all)).await;
    let pipeline = async || -> Value {
        reqwest::get(format!("{api}/pipeline")).await.unwrap().json::<Value>().await.unwrap()["data"].take()
    };
    until("all is visible", GRACE, async || pipeline().await["lag"] == 0).await;
    assert_eq!(pipeline().await["dead_letters"], 0);
    // Its rules are in force, and have noticed what goes wrong there.
    let alerts = async || -> Value {
        reqwest::get(format!("{api}/alerts")).await.unwrap().json::<Value>().await.unwrap()
    };
    until("an alert fired", GRACE, async || !alerts().await["data"].as_array().unwrap().is_empty()).await;
    let rules = pipeline().await["alerts"].take();
    assert_eq!(
        (&rules["rules"], &rules["failing"], &rules["unreadable"]),
        (&json!(4), &json!([]), &Value::Null)
    );
    let days = days(&api).await;
    assert!(days.iter().filter(|events| **events > 20).count() >= 30, "{days:?}");
    demo.terminate();
    assert!(demo.wait_exit(GRACE).success());
}

#[tokio::test]
async fn a_folder_with_other_events_is_left_alone() {
    let mut millrace = Installation::embedded().await;
    millrace.stop();
    let mut demo = Process::start_with("millrace", &["demo"], &embedded_environment(millrace.data(), 0, 0));
    assert!(!demo.wait_exit(GRACE).success());
    assert!(demo.output().contains("holds other events than those of a demo"), "{}", demo.output());
}

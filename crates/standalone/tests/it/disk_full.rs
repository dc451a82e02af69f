//! What users see while the disk is full, and afterwards.

use std::fs;
use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::Process;
use testing::wait::until;

use crate::installation::embedded_environment;

const PATIENCE: Duration = Duration::from_secs(60);
const DISK_MIB: u32 = 160;
const BALLAST: usize = 90 << 20;

/// The folder as the process sees it.
fn seen_by(process: &Process, folder: &Path) -> std::path::PathBuf {
    process.root().join(folder.strip_prefix("/").unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_costs_no_acknowledged_event_and_space_is_all_it_takes_to_go_on() {
    let disk = TempDir::new().unwrap();
    let (api, engine) = (testing::port::free(), testing::port::free());
    let environment = embedded_environment(&disk.path().join("data"), api, engine);
    let process = Process::start_on_small_disk("millrace", disk.path(), DISK_MIB, &environment);
    let client = Client::new();
    let get = async |path: &str| client.get(format!("http://127.0.0.1:{api}{path}")).send().await;
    until("it is ready", PATIENCE, async || get("/ready").await.is_ok_and(|answer| answer.status() == 200))
        .await;
    let ballast = seen_by(&process, disk.path()).join("ballast");
    fs::write(&ballast, vec![1; BALLAST]).unwrap();

    // Text that does not get much smaller when it is compressed.
    let noise: String =
        (0..20_000_u64).map(|n| char::from(b'a' + (n.wrapping_mul(n) % 8_191 % 26) as u8)).collect();
    let post = async |number: usize| -> Response {
        let input = format!("{number} {}", &noise[number % 9_000..]);
        let event = json!({"conversation_id": "c-1", "event_name": "event_a", "input": input});
        client.post(format!("http://127.0.0.1:{api}/event")).json(&event).send().await.unwrap()
    };
    let mut acknowledged = 0;
    loop {
        let answer = post(acknowledged).await;
        if answer.status() != 202 {
            assert_eq!(answer.status(), 503);
            assert!(answer.headers().contains_key("retry-after"));
            break;
        }
        acknowledged += 1;
        assert!(acknowledged < 100_000, "the disk should get full");
    }
    assert!(acknowledged > 0);
    assert_eq!(get("/health").await.unwrap().status(), 200);

    fs::remove_file(ballast).unwrap();
    until("writes are taken again", PATIENCE, async || post(0).await.status() == 202).await;
    acknowledged += 1;
    let query = "SELECT count() FROM event_analytics.events FINAL";
    let endpoints = fs::read_to_string(seen_by(&process, &disk.path().join("data/endpoints.json"))).unwrap();
    let endpoints: Value = serde_json::from_str(&endpoints).unwrap();
    let password = endpoints["clickhouse_password"].as_str().unwrap();
    let count = || {
        let asked = client.post(format!("http://127.0.0.1:{engine}")).basic_auth("default", Some(password));
        asked.body(query).send()
    };
    until("every acknowledged event is visible", PATIENCE, async || {
        let pipeline = get("/pipeline").await.unwrap().json::<Value>().await.unwrap();
        let counted = count().await.unwrap();
        pipeline["data"]["lag"] == 0 && counted.text().await.unwrap().trim() == acknowledged.to_string()
    })
    .await;
}

//! How the standalone starts, stops and starts again.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use testing::Process;
use testing::wait::{until, until_some};

use crate::installation::{Installation, embedded_environment};

const GRACE: Duration = Duration::from_secs(30);

/// Waits for a start that must fail, and gives what it said on its last line.
fn last_words(mut process: Process) -> String {
    assert!(!process.wait_exit(GRACE).success());
    process.output().trim_end().lines().last().unwrap().to_owned()
}

#[tokio::test]
async fn a_second_start_finds_the_same_data() {
    let mut millrace = Installation::embedded().await;
    let event = json!({"conversation_id": "c", "event_name": "event_a", "input": "kept"});
    let created: Value = millrace.post("/event", &event).await.json().await.unwrap();
    let id = created["data"]["id"].as_str().unwrap().to_owned();
    millrace.stop();
    assert!(!millrace.data().join("endpoints.json").exists());
    millrace.start_all().await;
    millrace.caught_up().await;
    let found = millrace.get(&format!("/event/{id}")).await.unwrap();
    assert_eq!(found.status(), 200);
    assert_eq!(found.json::<Value>().await.unwrap()["data"]["input"], "kept");
    let banner = format!("API         {}", millrace.api);
    until("the banner is printed", GRACE, async || millrace.output().contains(&banner)).await;
}

#[tokio::test]
async fn port_0_picks_free_ports_and_the_endpoints_file_names_them() {
    let data = TempDir::new().unwrap();
    let process = Process::start("millrace", &embedded_environment(data.path(), 0, 0));
    let file = data.path().join("endpoints.json");
    let endpoints: Value = until_some("the endpoints are written", GRACE, async || {
        serde_json::from_str(&fs::read_to_string(&file).ok()?).ok()
    })
    .await;
    let ask = async |url: &Value, path: &str| reqwest::get(format!("{}{path}", url.as_str().unwrap())).await;
    // What it names is there already.
    assert_eq!(ask(&endpoints["clickhouse"], "/ping").await.unwrap().text().await.unwrap(), "Ok.\n");
    assert_eq!(ask(&endpoints["api"], "/health").await.unwrap().status(), 200);
    until("the banner is printed", GRACE, async || process.output().contains("Millrace is ready")).await;
    assert_eq!(ask(&endpoints["api"], "/ready").await.unwrap().status(), 200);
    assert_eq!(ask(&endpoints["clickhouse"], "/?query=SELECT%201").await.unwrap().status(), 403);
    let password = endpoints["clickhouse_password"].as_str().unwrap();
    let asked = format!("/?query=SELECT%201&user=default&password={password}");
    let answer = ask(&endpoints["clickhouse"], &asked).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "1\n");
    drop(process);
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_reach_the_embedded_engine() {
    let millrace = Installation::embedded().await;
    let ask = async |name: &str, value: &str| {
        let request = millrace.clickhouse("DROP TABLE event_analytics.events").header(name, value);
        request.send().await.unwrap().status()
    };
    assert_eq!(ask("Origin", "http://evil.example").await, 403);
    assert_eq!(ask("Origin", "null").await, 403);
    assert_eq!(ask("Host", "evil.example").await, 403);
    assert_eq!(millrace.count().await, 0);
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for (api, engine, variable) in [(port, 0, "API_PORT"), (0, port, "MILLRACE_ENGINE_PORT")] {
        let data = TempDir::new().unwrap();
        // Of one that was killed; the port may be the one that is somebody else's now.
        let endpoints = data.path().join("endpoints.json");
        fs::write(&endpoints, "{}").unwrap();
        let said = last_words(Process::start("millrace", &embedded_environment(data.path(), api, engine)));
        assert!(!endpoints.exists());
        assert!(
            said.starts_with(&format!("error: port {port} of 127.0.0.1 can't be used"))
                && said.contains(variable),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_data_folder_in_use_is_one_clear_line() {
    let millrace = Installation::embedded().await;
    let said = last_words(Process::start("millrace", &embedded_environment(millrace.data(), 0, 0)));
    assert!(said.starts_with("error: ") && said.contains(millrace.data().to_str().unwrap()), "{said}");
    assert!(millrace.data().join("endpoints.json").exists(), "that of the one which runs");
    assert_eq!(millrace.get("/health").await.unwrap().status(), 200);
}

#[test]
fn a_variable_that_does_not_parse_is_named() {
    for (binary, variable) in [
        ("millrace", "API_PORT"),
        ("millrace-api", "KAFKA_PARTITIONS"),
        ("millrace-api", "MAX_BODY_BYTES"),
        ("millrace-consumer", "CONSUMER_BATCH_SIZE"),
        ("millrace-consumer", "CLICKHOUSE_PORT"),
    ] {
        let data = TempDir::new().unwrap();
        let mut environment = embedded_environment(data.path(), 0, 0);
        environment.retain(|(name, _)| *name != variable);
        environment.push((variable, "many".into()));
        let said = last_words(Process::start(binary, &environment));
        assert!(said.contains(variable) && said.contains("many"), "{binary}: {said}");
    }
}

#[test]
fn the_native_port_of_clickhouse_is_answered_with_a_hint() {
    let said = last_words(Process::start("millrace-api", &[("CLICKHOUSE_PORT", "9000".into())]));
    assert!(said.contains("8123"), "{said}");
}

/// There are no keys: whoever reaches the API may do everything.
#[tokio::test]
async fn an_api_that_others_reach_by_any_name_warns_of_it() {
    for (host, allowed, warns) in
        [("0.0.0.0", "", true), ("0.0.0.0", "api.example", false), ("127.0.0.1", "", false)]
    {
        let port = testing::port::free();
        let environment = [
            ("API_HOST", host.to_owned()),
            ("API_PORT", port.to_string()),
            ("ALLOWED_HOSTS", allowed.to_owned()),
            ("ALLOW_ANONYMOUS", "true".to_owned()),
            ("KAFKA_BROKERS", format!("127.0.0.1:{}", testing::port::free())),
        ];
        let process = Process::start("millrace-api", &environment);
        let health = format!("http://127.0.0.1:{port}/health");
        until("it serves", GRACE, async || reqwest::get(&health).await.is_ok()).await;
        let output = process.output();
        let warning = output.lines().find(|line| line.contains("ALLOWED_HOSTS is not set"));
        assert_eq!(warning.is_some(), warns, "{host} {allowed}: {output}");
        assert!(warning.is_none_or(|line| line.contains("WARN") && line.contains(host)), "{output}");
    }
}

#[tokio::test]
async fn an_api_that_others_reach_asks_for_keys_unless_everyone_is_meant_to_be_let_in() {
    let port = testing::port::free();
    let environment = |keys: &str| {
        [
            ("API_HOST", "0.0.0.0".to_owned()),
            ("API_PORT", port.to_string()),
            ("API_KEYS", keys.to_owned()),
            ("KAFKA_BROKERS", format!("127.0.0.1:{}", testing::port::free())),
        ]
    };
    let said = last_words(Process::start("millrace-api", &environment("")));
    for word in ["API_HOST=0.0.0.0", "API_KEYS", "ALLOW_ANONYMOUS"] {
        assert!(said.contains(word), "{said}");
    }
    let mut printed = Process::start_with("millrace-api", &["keys", "new", "--tenant", "acme"], &[]);
    assert!(printed.wait_exit(GRACE).success());
    let output = printed.output();
    let (key, entry) = output.trim().split_once('\n').unwrap();
    let _process = Process::start("millrace-api", &environment(entry.trim()));
    let status = async |key: &str| {
        let asked = reqwest::Client::new().get(format!("http://127.0.0.1:{port}/metrics")).bearer_auth(key);
        asked.send().await.ok().map(|answer| answer.status().as_u16())
    };
    until("the key lets in", GRACE, async || status(key).await == Some(200)).await;
    assert_eq!(status("other").await, Some(401));
}

//! The embedded log, and the standalone, on a machine whose clock is set back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use audit::ledger::Ledger;
use audit::operation::{Kind, Operation, Place};
use audit::{Table, audit};
use bus::log::{Log, Options};
use bus::{Channels, kafka};
use model::{EventKey, Timestamp};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use testing::Process;
use testing::wait::until;
use tokio::net::TcpStream;

use crate::site::{PATIENCE, Site, create, delete, new_key, update};

const HOUR_MS: i64 = 3_600_000;

static STEPPED_BACK_MS: AtomicI64 = AtomicI64::new(0);

fn clock() -> i64 {
    Timestamp::now().millis() - STEPPED_BACK_MS.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_between_crashes_changes_no_order() {
    let options = || Options { delivery_timeout: PATIENCE, clock, ..Options::default() };
    let mut site = Site::with(options()).await;
    let mut ledger = Ledger::default();
    let keys: Vec<_> = (0..30).map(|_| new_key()).collect();
    for hour in 0..4 {
        let consumer = site.consume();
        for (n, key) in keys.iter().enumerate() {
            let text = format!("event {n} hour {hour}");
            let mut operations = vec![create(key, &text), update(key, &format!("{text} changed"))];
            // Some are deleted in each hour, and go on being written to.
            if n % 5 == hour {
                operations.push(delete(key));
                operations.push(update(key, "too late"));
            }
            site.send(&operations, &mut ledger).await;
        }
        consumer.crash().await;
        STEPPED_BACK_MS.fetch_add(HOUR_MS, Ordering::Relaxed);
        site.reopen(options()).await;
    }

    let consumer = site.consume();
    let report = site.audit(&ledger).await;
    assert_eq!(report.findings, []);
    assert_eq!((report.live, report.deleted), (6, 24));
    consumer.stop().await;
}

/// libfaketime, wherever the system's libraries are.
fn faketime() -> String {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path());
    let libraries = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    let found = libraries.into_iter().find(|library| library.exists());
    found.expect("libfaketime: scripts/install-test-tools.sh installs it").display().to_string()
}

/// The standalone on this data folder, with its clock so many hours behind.
struct Standalone {
    process: Process,
    url: String,
    client: Client,
}

impl Standalone {
    async fn start(data: &Path, hours_behind: usize) -> Self {
        let (api, engine) = (testing::port::free(), testing::port::free());
        let environment = [
            ("MILLRACE_DATA", data.display().to_string()),
            ("MILLRACE_ENGINE_LIB", engine::default_library().display().to_string()),
            ("MILLRACE_ENGINE_PORT", engine.to_string()),
            ("API_PORT", api.to_string()),
            ("LD_PRELOAD", faketime()),
            ("FAKETIME", format!("-{hours_behind}h")),
        ];
        let process = Process::start("millrace", &environment);
        let standalone = Self { process, url: format!("http://127.0.0.1:{api}"), client: Client::new() };
        until("it is ready", PATIENCE, async || {
            let ready = standalone.client.get(format!("{}/ready", standalone.url)).send().await;
            ready.is_ok_and(|ready| ready.status() == 200)
        })
        .await;
        standalone
    }

    async fn write(&self, ledger: &mut Ledger, kind: Kind, key: &EventKey, input: &str) {
        let id = key.id.to_string();
        let (method, path, body) = match kind {
            Kind::Create => {
                let event =
                    json!({"id": id, "conversation_id": "c", "event_name": "event_a", "input": input});
                (Method::POST, "/event".to_owned(), Some(event))
            }
            Kind::Update => (Method::PUT, format!("/event/{id}"), Some(json!({"input": input}))),
            Kind::Delete => (Method::DELETE, format!("/event/{id}"), None),
        };
        let request = self.client.request(method, format!("{}{path}", self.url));
        let body = body.as_ref().map_or(String::new(), Value::to_string);
        let answer = request.body(body).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let answer: Value = answer.json().await.unwrap();
        let number = |name: &str| answer["data"][name].as_i64().unwrap();
        let partition = i32::try_from(number("partition")).unwrap();
        let input = (kind != Kind::Delete).then(|| input.to_owned());
        let operation = Operation::new(kind, key.clone(), input);
        ledger.acknowledge(Place { partition, offset: number("offset") }, operation);
    }

    async fn caught_up(&self) {
        until("the lag is 0", PATIENCE, async || {
            let pipeline = self.client.get(format!("{}/pipeline", self.url)).send().await.unwrap();
            pipeline.json::<Value>().await.unwrap()["data"]["lag"] == 0
        })
        .await;
    }
}

/// ClickHouse alone on what a standalone left behind.
async fn engine(data: PathBuf) -> (Process, store::Config) {
    let address = format!("127.0.0.1:{}", testing::port::free());
    let library = engine::default_library().display().to_string();
    let data = data.display().to_string();
    let process =
        Process::start_with("millrace-engine", &[&data, &address], &[("MILLRACE_ENGINE_LIB", library)]);
    until("it serves", PATIENCE, async || TcpStream::connect(&address).await.is_ok()).await;
    (process, store::Config { url: Some(format!("http://{address}")), ..store::Config::default() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_standalone_killed_and_started_an_hour_earlier_keeps_every_order() {
    let data = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::default();
    let keys: Vec<_> = (0..20).map(|_| new_key()).collect();
    for hour in 0..3 {
        let mut standalone = Standalone::start(data.path(), hour).await;
        for (n, key) in keys.iter().enumerate() {
            let text = format!("event {n} hour {hour}");
            standalone.write(&mut ledger, Kind::Create, key, &text).await;
            standalone.write(&mut ledger, Kind::Update, key, &format!("{text} changed")).await;
            if n % 4 == hour {
                standalone.write(&mut ledger, Kind::Delete, key, "").await;
            }
        }
        if hour < 2 {
            standalone.process.kill_9();
        } else {
            standalone.caught_up().await;
            standalone.process.terminate();
            assert!(standalone.process.wait_exit(PATIENCE).success());
        }
    }

    let (_engine, clickhouse) = engine(data.path().join("clickhouse")).await;
    let log = Log::open(&data.path().join("log.sqlite"), Options::default()).unwrap();
    let channels = Channels::log(log, &kafka::Config::default()).unwrap();
    let report = audit(&channels, &Table::new(&clickhouse).unwrap(), &ledger, PATIENCE).await.unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.live, report.deleted), (5, 15));
    assert_eq!(ledger.acknowledged(), 135);
}

//! The tool against `millrace`.

use std::time::Duration;

use benchmark::http::{Client, Target};
use tempfile::TempDir;
use testing::Process;
use testing::wait::until;

use crate::tool::run;

struct Millrace {
    url: String,
    _process: Process,
    _data: TempDir,
}

impl Millrace {
    async fn start() -> Self {
        let data = TempDir::new().unwrap();
        let port = testing::port::free();
        let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
        let process = Process::start(
            "millrace",
            &[
                ("MILLRACE_DATA", path(data.path())),
                ("MILLRACE_ENGINE_LIB", path(&engine::default_library())),
                ("MILLRACE_ENGINE_PORT", "0".to_owned()),
                ("API_PORT", port.to_string()),
            ],
        );
        let url = format!("http://127.0.0.1:{port}");
        let mut client = Client::new(&Target::parse(&url, &[]).unwrap());
        until("millrace is ready", Duration::from_secs(60), async || {
            client.get("/ready").await.is_ok_and(|answer| answer.status == 200)
        })
        .await;
        Self { url, _process: process, _data: data }
    }
}

#[tokio::test]
async fn everything_that_is_written_is_verified_and_reported() {
    let millrace = Millrace::start().await;
    let counts = ["--inserts", "3000", "--updates", "1000", "--deletes", "1000", "--sample", "20"];
    let ended = run(&millrace.url, &[&counts[..], &["--concurrency", "16"]].concat()).await;
    assert_eq!(ended.code, 0, "{}", ended.printed);
    assert_eq!(ended.json["verification"]["events"], 2_000);
    assert_eq!(ended.json["verification"]["looked_up"], 60);
    let phases = ended.json["phases"].as_array().unwrap();
    let accepted: Vec<_> = phases.iter().map(|phase| phase["accepted"].as_u64().unwrap()).collect();
    assert_eq!(accepted, [3_000, 1_000, 1_000]);
    for phase in phases {
        assert!(phase["latency"]["p50"].as_f64().unwrap() > 0.0);
        assert!(
            phase["visible_at"].as_f64().unwrap() <= ended.json["seconds_until_visible"].as_f64().unwrap()
        );
    }
    assert!(ended.json["lag"].as_array().is_some_and(|samples| samples.len() >= 4));
    assert_eq!(ended.html.matches("<svg").count(), 3);

    let batches = ["--batch", "100", "--embeddings", "16", "--payload", "300,3000"];
    let ended = run(&millrace.url, &[&counts[..], &batches].concat()).await;
    assert_eq!(ended.code, 0, "{}", ended.printed);
    assert_eq!(ended.json["phases"][0]["requests"], 30);

    for (dialect, batch) in
        [("segment", "1"), ("segment", "100"), ("event-service", "1"), ("event-service", "100")]
    {
        let others = ["--dialect", dialect, "--payload", "600", "--batch", batch];
        let ended = run(&millrace.url, &[&counts[..], &others].concat()).await;
        assert_eq!(ended.code, 0, "{}", ended.printed);
        assert_eq!(ended.json["verification"]["events"], 2_000);
        assert_eq!(ended.json["verification"]["looked_up"], 60);
    }

    let ended = run(&millrace.url, &["reads", "--calls", "3", "--long-calls", "2"]).await;
    assert_eq!(ended.code, 0, "{}", ended.printed);
    for name in ["by id", "by conversation", "errors of 7 days", "slowest of all", "most errors of all"] {
        assert!(ended.printed.contains(name), "{}", ended.printed);
    }

    // The shop's names are none that this installation allows.
    let ended = run(&millrace.url, &["generate", "commerce", "--days", "1", "--users", "20"]).await;
    assert_eq!(ended.code, 1, "{}", ended.printed);
    assert!(ended.printed.contains("EVENT_NAMES='*'"), "{}", ended.printed);
}

//! Requests of real clients, recorded: sent again they give the same rows, and sent twice no new ones.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::Value;
use testing::wait::until;

use crate::harness::{Answer, App, Ask, PATIENCE, Setup};

/// Those that the decoder's tests read too.
fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures/segment");
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 25, "{files:?}");
    files
}

/// Sends what a client sent, as it did.
async fn send(app: &App, tenant: &str, recorded: &Value) -> Answer {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let body = if recorded["body_text"].is_string() { &recorded["body_text"] } else { &recorded["body"] };
    let mut body = if body.is_null() { Vec::new() } else { text(body).into_bytes() };
    let method = Method::from_bytes(text(&recorded["method"]).as_bytes()).unwrap();
    let mut request = app.request(method, &text(&recorded["path"])).header("x-tenant", tenant);
    for (name, value) in recorded["headers"].as_object().unwrap() {
        // What this client sends by itself, and what would be a page of another site.
        if ["host", "content-length", "connection", "origin", "accept-encoding"]
            .contains(&&*name.to_lowercase())
        {
            continue;
        }
        request = request.header(name, text(value));
    }
    if recorded["headers"]["Content-Encoding"] == "gzip" {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&body).unwrap();
        body = packed.finish().unwrap();
    }
    request.body(body).ask().await
}

/// The rows of a tenant whose events bear an id of their client's, once all is written that was taken in.
async fn rows(app: &App, tenant: &str) -> String {
    until("all is written", PATIENCE, async || app.get("/pipeline").await.data()["lag"] == 0).await;
    let columns = "kind, event_name, message_id, created_at, user_id, anonymous_id, conversation_id, subjects, \
        error, properties, context";
    app.sql(&format!(
        "SELECT {columns} FROM events FINAL WHERE tenant = '{tenant}' AND message_id != '' \
         ORDER BY created_at, message_id FORMAT JSONEachRow SETTINGS output_format_json_escape_forward_slashes = 0"
    ))
    .await
}

#[tokio::test]
async fn every_recording_gives_its_rows_once_however_often_it_is_sent() {
    let app = App::with(Setup {
        api: api::Config { max_event_age_days: 7_300, ..api::Config::default() },
        ..Setup::default()
    })
    .await;
    for file in recordings() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let recording: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let mut before = None;
        for _ in 0..2 {
            for recorded in recording["requests"].as_array().unwrap() {
                let answer = send(&app, name, recorded).await;
                let expected = if recorded["method"] == "OPTIONS" { 405 } else { 200 };
                assert_eq!(answer.status, expected, "{name}: {}", answer.text);
            }
            let rows = rows(&app, name).await;
            assert_eq!(before.get_or_insert_with(|| rows.clone()), &rows, "{name}");
        }
        assert_snapshot!(name, before.unwrap());
    }
}

//! A server that is not there, does not answer, or turns us away.

use std::time::Duration;

use model::Tenant;
use model::wire::event_service::Query;
use store::queries::Page;
use store::{Config, Range, Store, StoreError};
use testing::wait::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::database::{Database, created, new_key, saying, scope};

const TIMEOUT_MS: u64 = 300;
/// What a limited wait may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn store_at(url: String) -> Store {
    Store::new(Config {
        url: Some(url),
        timeout_ms: TIMEOUT_MS,
        ddl_timeout_ms: TIMEOUT_MS,
        ..Config::default()
    })
    .unwrap()
}

/// What each question says.
async fn errors(store: &Store) -> Vec<(&'static str, StoreError)> {
    let (key, now, tenant) = (new_key(), model::Timestamp::now(), Tenant::default());
    let scope = scope(store, &tenant, Range::new(now.days_before(1), now, now).unwrap());
    let page = Page { after: None, limit: 10, with_embeddings: false };
    let rows = [created(&key, 1, saying("x"))];
    vec![
        ("ping", store.ping().await.unwrap_err()),
        ("migrate", store.migrate().await.unwrap_err()),
        ("lookup", store.lookup(&[key], usize::MAX).await.unwrap_err()),
        ("insert", store.insert(&rows).await.unwrap_err()),
        ("conversation", store.conversation(&tenant, "c", page).next().await.unwrap_err()),
        (
            "event_service",
            store.event_service(&scope, Query::default(), 1, 0).unwrap().next().await.unwrap_err(),
        ),
        ("error_counts", store.error_counts(&scope).await.unwrap_err()),
        ("latency", store.latency(&scope, 10).await.unwrap_err()),
        ("top_error_sessions", store.top_error_sessions(&scope, 1, 10).await.unwrap_err()),
    ]
}

#[tokio::test]
async fn a_server_that_is_away_may_come_back_and_refuses_nothing() {
    let store = store_at(format!("http://127.0.0.1:{}", testing::port::free()));
    for (question, error) in errors(&store).await {
        assert!(matches!(error, StoreError::Away(_)), "{question}: {error:?}");
        assert!(error.is_retryable() && !error.is_refusal(), "{question}");
        let text = error.to_string();
        assert!(text.starts_with("ClickHouse is away: ") && text.contains("refused"), "{question}: {text}");
    }
}

#[tokio::test]
async fn a_server_that_accepts_and_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store_at(format!("http://{}", listener.local_addr().unwrap()));
    let silent = tokio::spawn(async move {
        let mut connections = Vec::new();
        loop {
            connections.push(listener.accept().await.unwrap());
        }
    });
    let errors = tokio::time::timeout(PATIENCE, errors(&store)).await.expect("every wait has a limit");
    for (question, error) in errors {
        assert!(matches!(error, StoreError::Away(_)), "{question}: {error:?}");
        assert!(error.to_string().contains("no answer within"), "{question}: {error}");
    }
    silent.abort();
}

#[tokio::test]
async fn a_table_may_take_another_time_than_an_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Some(format!("http://{}", listener.local_addr().unwrap()));
    for (timeout_ms, ddl_timeout_ms) in [(TIMEOUT_MS, 400), (400, TIMEOUT_MS)] {
        let config = Config { url: url.clone(), timeout_ms, ddl_timeout_ms, ..Config::default() };
        let store = Store::new(config).unwrap();
        let (made, answered) = (store.migrate().await.unwrap_err(), store.check_schema().await.unwrap_err());
        assert!(made.to_string().ends_with(&format!("no answer within {ddl_timeout_ms}ms")), "{made}");
        assert!(answered.to_string().ends_with(&format!("no answer within {timeout_ms}ms")), "{answered}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insert_that_gets_stuck_is_given_up() {
    let database = Database::new().await;
    let relay = Relay::to(testing::engine::url()).await;
    let config = Config { url: Some(relay.url.clone()), ..database.config.clone() };
    let patient = Store::new(config.clone()).unwrap();
    let store = Store::new(Config { timeout_ms: TIMEOUT_MS, ..config }).unwrap();
    let small = created(&new_key(), 1, saying("x"));
    patient.insert(std::slice::from_ref(&small)).await.unwrap();

    relay.hold();
    // More than the sockets' buffers take: it hangs on the way there, the other in wait for the end.
    let large: Vec<_> = (0..64).map(|n| created(&new_key(), n, saying(&"x".repeat(1 << 20)))).collect();
    for rows in [std::slice::from_ref(&small), &large] {
        let given_up =
            tokio::time::timeout(PATIENCE, store.insert(rows)).await.expect("every wait has a limit");
        assert!(matches!(given_up, Err(StoreError::Away(_))), "{given_up:?}");
    }

    relay.go_on();
    until("the server is back", PATIENCE, async || patient.insert(&large).await.is_ok()).await;
    assert_eq!(database.sql("SELECT count() FROM {db}.events FINAL").await, "65");
}

#[tokio::test]
async fn a_wrong_password_is_told_in_the_servers_words() {
    // The embedded engine has no users; this is what a server of 25.8 answers.
    const TEXT: &str = "Code: 516. DB::Exception: millrace: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED) (version 25.8.2.29 (official build))\n";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store_at(format!("http://{}", listener.local_addr().unwrap()));
    let server = tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 64 << 10];
            let _ = connection.read(&mut head).await;
            let length = TEXT.len();
            let answer = format!(
                "HTTP/1.1 403 Forbidden\r\nX-ClickHouse-Exception-Code: 516\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{TEXT}"
            );
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    for (question, error) in errors(&store).await {
        assert!(matches!(error, StoreError::Server { code: 516, .. }), "{question}: {error:?}");
        assert!(
            error.detail().contains("millrace: Authentication failed: password is incorrect"),
            "{question}"
        );
        assert!(error.to_string().contains("AUTHENTICATION_FAILED"), "{question}: {error}");
        // Somebody may set it right while we try.
        assert!(error.is_retryable() && !error.is_refusal(), "{question}");
    }
    server.abort();
}

/// Passes on what comes, until it is told to hold still: then bytes stay where they are.
struct Relay {
    url: String,
    holds: watch::Sender<bool>,
}

impl Relay {
    async fn to(server: &str) -> Self {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (holds, held) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (server, mut held) = (server.clone(), held.clone());
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    let stuck = tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => false,
                        () = turned(&mut held, true) => true,
                    };
                    if stuck {
                        // Kept open without a word until it goes on; then they are cut.
                        turned(&mut held, false).await;
                    }
                });
            }
        });
        Self { url, holds }
    }

    fn hold(&self) {
        self.holds.send_replace(true);
    }

    fn go_on(&self) {
        self.holds.send_replace(false);
    }
}

async fn turned(held: &mut watch::Receiver<bool>, to: bool) {
    let _ = held.wait_for(|held| *held == to).await;
}

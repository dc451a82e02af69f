//! One engine for all tests of the process, and what they ask it with. Each test has a database of
//! its own.

use std::{
    future::pending,
    sync::{OnceLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use engine::{Config, Engine};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::{net::TcpListener, runtime::Runtime};

/// What a request to the engine should be over within, on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The engine's address.
pub(crate) fn url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let data = tempfile::tempdir().expect("a temporary directory");
            let config =
                Config { data: data.path().to_owned(), library: engine::default_library(), password: None };
            let engine = Engine::open(&config).unwrap_or_else(|error| panic!("{error}"));
            Runtime::new().expect("a runtime").block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let url = format!("http://{}", listener.local_addr().expect("an address"));
                sender.send(url).expect("someone who asked");
                engine.serve(listener, pending()).await.expect("an engine that serves");
            });
        });
        receiver.recv().expect("the engine did not start; `scripts/fetch-engine.sh` fetches its library")
    })
}

/// A `POST` with the statement as its body.
pub(crate) fn post(statement: impl Into<String>) -> RequestBuilder {
    Client::new().post(url()).timeout(PATIENCE).body(statement.into())
}

/// A `POST` with the statement in the URL and rows as its body.
pub(crate) fn post_rows(statement: &str, rows: impl Into<reqwest::Body>) -> RequestBuilder {
    Client::new().post(url()).timeout(PATIENCE).query(&[("query", statement)]).body(rows)
}

/// A `GET` with the statement in the URL.
pub(crate) fn get(statement: &str) -> RequestBuilder {
    Client::new().get(url()).timeout(PATIENCE).query(&[("query", statement)])
}

/// The response's text, if it is a success.
pub(crate) async fn text(request: RequestBuilder) -> String {
    let response = request.send().await.expect("a response");
    let status = response.status();
    let text = response.text().await.expect("a whole response");
    assert_eq!(status, StatusCode::OK, "{text}");
    text
}

/// The statement's result, if it has one.
pub(crate) async fn query(statement: impl Into<String>) -> String {
    text(post(statement)).await
}

/// The value of a response's header.
pub(crate) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Makes a database for the test and returns its name.
pub(crate) async fn database(name: &str) -> &str {
    query(format!("CREATE DATABASE {name}")).await;
    name
}

/// Asks until the answer is the expected one.
pub(crate) async fn until(statement: &str, expected: &str) {
    let begun = Instant::now();
    while query(statement).await != expected {
        assert!(begun.elapsed() < PATIENCE, "not in time: {statement} = {expected}");
    }
}

/// How many queries with this id are running.
pub(crate) fn running(query_id: &str) -> String {
    format!("SELECT count() FROM system.processes WHERE Settings['log_comment'] = '{query_id}'")
}

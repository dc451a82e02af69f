//! How many questions at once, and what becomes of those that nobody waits for.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use serde_json::json;
use testing::wait::until;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Client, call};
use crate::harness::{App, PATIENCE, Setup};

#[tokio::test]
async fn a_tenant_has_as_few_places_as_over_http() {
    let api = api::Config { max_questions: 1, ..api::Config::default() };
    let app = App::with(Setup { api, ..Setup::default() }).await;
    let (client, other) = (Client::of(&app).await, Client::of(&app.tenant("other")).await);
    let question = json!({"metrics": ["events"]});
    // Its body never comes, so that it keeps its place.
    let mut waiting = TcpStream::connect(app.address).await.unwrap();
    waiting.write_all(b"POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n").await.unwrap();
    until("the place is taken", PATIENCE, async || app.get("/analytics/latency").await.status == 429).await;
    for (tool, arguments) in
        [("query", question.clone()), ("search", json!({"q": "x"})), ("schema", json!({}))]
    {
        let (words, code) = client.complaint(tool, arguments).await;
        let said = "1 questions of this tenant are being answered: please retry";
        assert_eq!((&*words, code), (said, json!("too_many_questions")), "{tool}");
    }
    other.answer("query", question.clone()).await;
    // It takes none of these places.
    client.answer("conversation", json!({"conversation_id": "c-1"})).await;
    assert_eq!(client.0.list_all_tools().await.unwrap().len(), 6);
    drop(waiting);
    until("the place is given back", PATIENCE, async || {
        client.call("query", question.clone()).await.is_error == Some(false)
    })
    .await;
    // By the route that answers: an operator sees which questions are refused.
    let numbers = app.get("/metrics").await.text;
    for line in ["route=\"search_events\",status=\"429\"} 1", "route=\"read_conversation\",status=\"200\"} 1"]
    {
        assert!(numbers.contains(line), "{line} is not in {numbers}");
    }
}

#[tokio::test]
async fn a_message_takes_one_place() {
    let api = api::Config { max_reads: 1, ..api::Config::default() };
    let app = App::with(Setup { api, ..Setup::default() }).await;
    Client::of(&app).await.answer("query", json!({"metrics": ["events"]})).await;
}

/// Says that a question has ended when it is dropped.
struct Ends(mpsc::UnboundedSender<&'static str>);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.send("ended");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_its_question() {
    let (tell, mut told) = mpsc::unbounded_channel();
    // Stands in for the table's server, which has yet to answer.
    let server = Router::new().fallback(move |request: Request| {
        let tell = tell.clone();
        async move {
            let address = request.uri().to_string();
            let question = to_bytes(request.into_body(), usize::MAX).await.unwrap();
            if !address.contains("hung-up") && !String::from_utf8_lossy(&question).contains("hung-up") {
                return StatusCode::SERVICE_UNAVAILABLE;
            }
            tell.send("asked").unwrap();
            let _ends = Ends(tell);
            std::future::pending().await
        }
    });
    let app = App::before(server).await;
    let body = call("conversation", json!({"conversation_id": "hung-up"})).to_string();
    let head = format!("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut client = TcpStream::connect(app.address).await.unwrap();
    client.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    assert_eq!(timeout(PATIENCE, told.recv()).await, Ok(Some("asked")));
    drop(client);
    assert_eq!(timeout(PATIENCE, told.recv()).await, Ok(Some("ended")));
}

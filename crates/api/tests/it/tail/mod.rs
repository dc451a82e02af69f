//! `GET /tail`: what is done to events, while it is taken in.

mod changes;
mod life;
mod places;
mod slow;

use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{Ask, Caller, PATIENCE};

/// A tail that is being watched.
pub(crate) struct Watch {
    response: Response,
    /// What came behind the last frame that was read.
    rest: Vec<u8>,
}

/// A server-sent event.
#[derive(Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) event: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Caller {
    /// Watches; what is done from now on is seen.
    pub(crate) async fn tail(&self, query: &str) -> Watch {
        self.tail_after(query, "").await
    }

    /// The same from behind a message on.
    pub(crate) async fn tail_after(&self, query: &str, last_seen: &str) -> Watch {
        let request = self.request(Method::GET, &format!("/tail?{query}"));
        let response = request.header("last-event-id", last_seen).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Watch { response, rest: Vec::new() }
    }

    /// The value of a number that is shown.
    async fn number(&self, name: &str) -> u64 {
        let text = self.request(Method::GET, "/metrics").ask().await.text;
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("millrace_{name} ")));
        line.unwrap().parse().unwrap()
    }
}

impl Watch {
    /// The next frame, comments among them; `None` at the end.
    async fn frame(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
                let frame = self.rest.drain(..end + 2).collect();
                return Some(String::from_utf8(frame).unwrap());
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.unwrap();
            self.rest.extend(chunk.ok().flatten()?);
        }
    }

    /// The next message; `None` at the end.
    pub(crate) async fn message(&mut self) -> Option<Message> {
        loop {
            let frame = self.frame().await?;
            if frame.starts_with(':') {
                continue;
            }
            let field = |name: &str| {
                let line = frame.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
                line.unwrap_or_default().to_owned()
            };
            let data = serde_json::from_str(&field("data")).unwrap();
            return Some(Message { event: field("event"), id: field("id"), data });
        }
    }

    /// The next message, which is there.
    pub(crate) async fn next(&mut self) -> Message {
        // Comments alone are no message in time.
        timeout(PATIENCE, self.message()).await.unwrap().unwrap()
    }
}

/// Filters as a query string.
fn filters(filters: &Value) -> String {
    let encoded: String = form_urlencoded::byte_serialize(filters.to_string().as_bytes()).collect();
    format!("filters={encoded}")
}

//! A client of the API.

use std::net::SocketAddr;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Ask};

/// Calls the API, as one tenant. Each request's id is `test`.
pub(crate) struct Caller {
    pub(crate) address: SocketAddr,
    http: Client,
}

impl Caller {
    pub(crate) fn new(address: SocketAddr, header: Option<(&'static str, &str)>) -> Self {
        let mut headers =
            HeaderMap::from_iter([("x-request-id".parse().unwrap(), HeaderValue::from_static("test"))]);
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        Self { address, http: Client::builder().default_headers(headers).build().unwrap() }
    }

    /// The same API, as another tenant.
    pub(crate) fn tenant(&self, tenant: &str) -> Self {
        Self::new(self.address, Some(("x-tenant", tenant)))
    }

    /// The same API, with a key.
    pub(crate) fn key(&self, key: &str) -> Self {
        Self::new(self.address, Some(("x-api-key", key)))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// What calls it, with the headers of whoever it calls as.
    pub(crate) fn http(&self) -> Client {
        self.http.clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).ask().await
    }

    pub(crate) async fn post(&self, path: &str, body: impl ToString) -> Answer {
        self.request(Method::POST, path).body(body.to_string()).ask().await
    }

    pub(crate) async fn put(&self, path: &str, body: impl ToString) -> Answer {
        self.request(Method::PUT, path).body(body.to_string()).ask().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).ask().await
    }

    /// Creates an event, which is visible when this returns; gives its id.
    pub(crate) async fn create(&self, event: &Value) -> String {
        let answer = self.post("/event?wait=30s", event).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.id()
    }

    /// Creates many, which are visible when this returns; gives their ids.
    pub(crate) async fn create_all(&self, events: &[Value]) -> Vec<String> {
        let answer = self.post("/events?wait=30s", json!({ "events": events })).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let results = answer.data()["results"].take();
        results.as_array().unwrap().iter().map(|result| result["id"].as_str().unwrap().to_owned()).collect()
    }

    /// An event that is there.
    pub(crate) async fn event(&self, id: &str) -> Value {
        let answer = self.get(&format!("/event/{id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.data()
    }

    /// The events of a conversation; `rest` is the path behind `/events/conversation/`.
    pub(crate) async fn conversation(&self, rest: &str) -> Vec<Value> {
        let answer = self.get(&format!("/events/conversation/{rest}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.data().as_array().unwrap().clone()
    }

    /// One field of the events of a conversation.
    pub(crate) async fn column(&self, conversation: &str, field: &str) -> Vec<Value> {
        self.conversation(conversation).await.iter_mut().map(|event| event[field].take()).collect()
    }
}

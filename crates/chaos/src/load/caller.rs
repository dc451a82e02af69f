//! One client: draws, calls, writes down what came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::body;
use super::books::{Books, Outcome};
use super::draw::draw;
use super::pool::Pool;
use crate::operation::{Kind, Operation, Place};

/// Longer than the API may take to say that it can't.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How often a create is sent again.
const RETRIES: usize = 5;
/// A pause after a call that failed, at least and at most, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 50..300;

pub(super) fn client() -> reqwest::Result<Client> {
    Client::builder().timeout(ANSWER_WITHIN).build()
}

pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) apis: Vec<String>,
    pub(super) dice: StdRng,
    pub(super) pool: Arc<Pool>,
    /// Of the next operation, of all callers.
    pub(super) number: Arc<AtomicU64>,
    pub(super) books: Arc<Books>,
}

#[derive(Deserialize)]
struct Answer {
    data: Written,
}

#[derive(Deserialize)]
struct Written {
    partition: i32,
    offset: i64,
}

impl Caller {
    pub(super) async fn run(mut self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let (kind, key) = draw(&self.pool, &mut self.dice);
            let input = format!("operation {}", self.number.fetch_add(1, Ordering::Relaxed));
            let id = key.id.to_string();
            let body = match kind {
                Kind::Create => body::create(id, &input, &mut self.dice),
                Kind::Update => body::update(&input, &mut self.dice),
                Kind::Delete => String::new(),
            };
            let input = (kind != Kind::Delete).then_some(input);
            self.carry_out(&Operation { kind, key, input }, body).await;
        }
    }

    /// A create that may not have been kept is sent again: the same id makes it the same event.
    async fn carry_out(&mut self, operation: &Operation, body: String) {
        let attempts = if operation.kind == Kind::Create { 1 + RETRIES } else { 1 };
        let first = self.dice.random_range(..self.apis.len().max(1));
        for attempt in 0..attempts {
            let Some(api) = self.apis.iter().cycle().nth(first + attempt) else { return };
            let begun = Instant::now();
            let outcome = self.call(api, operation, body.clone()).await;
            self.books.enter(operation, &outcome, begun.elapsed());
            if matches!(outcome, Outcome::Acknowledged(_) | Outcome::Unexpected(_)) {
                return;
            }
            sleep(Duration::from_millis(self.dice.random_range(PAUSE_MS))).await;
        }
    }

    async fn call(&self, api: &str, operation: &Operation, body: String) -> Outcome {
        let Operation { kind, key, .. } = operation;
        let (method, path) = match kind {
            Kind::Create => (Method::POST, "/event".to_owned()),
            Kind::Update => (Method::PUT, format!("/event/{}", key.id)),
            Kind::Delete => (Method::DELETE, format!("/event/{}", key.id)),
        };
        let request = self.client.request(method, format!("{api}{path}"));
        let Ok(answer) = request.header("x-tenant", key.tenant.as_str()).body(body).send().await else {
            return Outcome::Silent;
        };
        let status = answer.status();
        let Ok(text) = answer.text().await else { return Outcome::Silent };
        match (status, serde_json::from_str(&text)) {
            (StatusCode::ACCEPTED, Ok(Answer { data: Written { partition, offset } })) => {
                Outcome::Acknowledged(Place { partition, offset })
            }
            (StatusCode::SERVICE_UNAVAILABLE, _) => Outcome::Unavailable,
            _ => Outcome::Unexpected(format!("{status} {}", text.chars().take(200).collect::<String>())),
        }
    }
}

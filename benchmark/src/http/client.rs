//! Single questions.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;
use tokio::time::sleep;

use super::{Answer, Connection, Head, Target};

const TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Asks one thing after the other, over one connection.
pub struct Client {
    connection: Connection,
    head: Head,
    request: Vec<u8>,
}

impl Client {
    /// Of this server.
    pub fn new(target: &Target) -> Self {
        let connection = Connection::new(target.address());
        Self { connection, head: target.head("GET", ""), request: Vec::new() }
    }

    /// The answer, whatever it is.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Answer<'_>> {
        self.head.write(path, b"", &mut self.request);
        self.connection.call(&self.request).await.with_context(|| format!("GET {path}"))
    }

    /// The answer's JSON, or `None` if there is no such thing. Asks again a few times while the server
    /// can't answer.
    pub async fn read<T: for<'de> Deserialize<'de>>(&mut self, path: &str) -> anyhow::Result<Option<T>> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            if self.get(path).await.is_ok_and(|answer| answer.status < 500) {
                break;
            }
            sleep(pause).await;
            pause *= 2;
        }
        let answer = self.get(path).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        ensure!(answer.status == 200, "GET {path}: {}", String::from_utf8_lossy(answer.body));
        serde_json::from_slice(answer.body).map(Some).with_context(|| format!("GET {path}"))
    }
}

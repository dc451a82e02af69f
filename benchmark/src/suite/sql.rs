//! Questions to the engine, past Millrace.

use std::time::Duration;

use anyhow::{Context, ensure};
use benchmark::http::{Connection, Head, Target};

const PARTS: &str =
    "SELECT count() FROM system.parts WHERE active AND database = 'event_analytics' AND table = 'events'";

/// ClickHouse's HTTP interface.
pub(crate) struct Sql {
    target: Target,
    head: Head,
}

impl Sql {
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        let target = Target::parse(url, &[])?;
        Ok(Self { head: target.head("POST", "/"), target })
    }

    /// What the engine answers, however long that takes.
    pub(crate) async fn run(&self, statement: &str) -> anyhow::Result<String> {
        let mut connection = Connection::new(self.target.address()).patient(Duration::from_mins(20));
        let mut request = Vec::new();
        self.head.write("", statement.as_bytes(), &mut request);
        let answer = connection.call(&request).await.context("asking the engine")?;
        let text = String::from_utf8_lossy(answer.body).trim_end().to_owned();
        ensure!(answer.status == 200, "{text}");
        Ok(text)
    }

    /// A question with a number for an answer.
    pub(crate) async fn number(&self, statement: &str) -> anyhow::Result<u64> {
        let text = self.run(statement).await?;
        text.parse().with_context(|| format!("{statement}: {text}"))
    }

    /// How many active parts the table of events has.
    pub(crate) async fn parts(&self) -> anyhow::Result<u64> {
        self.number(PARTS).await
    }
}

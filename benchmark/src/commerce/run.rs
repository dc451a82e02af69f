//! `millrace-benchmark generate commerce`.

use std::sync::atomic::{AtomicI64, Ordering};

use serde::Serialize;
use shop::{Action, Operation, Plan, Shop};

use super::send::Sender;
use super::write::Lines;
use crate::options::{Commerce, Server};
use crate::progress::Progress;

/// As many operations go at once, and as many bytes, or one operation more.
const MOST: usize = 10_000;
const MOST_BYTES: usize = 16 << 20;

/// What was sent or written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Events.
    pub creates: u64,
    /// Changes of events.
    pub updates: u64,
    /// Deleted events.
    pub deletes: u64,
}

/// Where operations go.
enum Sink {
    File(Lines),
    Api(Sender),
}

/// Makes the whole shop and puts it where the options say.
pub async fn generate(server: &Server, options: &Commerce) -> anyhow::Result<Counts> {
    let server = &options.server(server);
    let plan = options.plan(server)?;
    let mut sink = match options.file()? {
        Some(file) => Sink::File(Lines::create(file)?),
        None => Sink::Api(Sender::open(&server.target()?, options.concurrency).await?),
    };
    let (start, until) = (plan.start(), plan.until);
    let now = AtomicI64::new(start);
    // In minutes of the shop's time, for how many events there will be is not known.
    let minutes = |at: i64| u64::try_from((at - start) / 60_000).unwrap_or_default();
    let position = || minutes(now.load(Ordering::Relaxed));
    let work = async {
        let counts = put(plan, &mut sink, &now).await?;
        now.store(until, Ordering::Relaxed);
        if let Sink::File(lines) = sink {
            lines.finish()?;
        }
        Ok(counts)
    };
    Progress::new(server.quiet).follow("minutes", minutes(until), position, work).await
}

async fn put(plan: Plan, sink: &mut Sink, now: &AtomicI64) -> anyhow::Result<Counts> {
    let mut shop = Shop::new(plan);
    let mut counts = Counts::default();
    loop {
        let part = part(&mut shop);
        let Some(last) = part.last() else { return Ok(counts) };
        let at = last.at;
        for operation in &part {
            *counts.of(&operation.action) += 1;
        }
        match sink {
            Sink::File(lines) => {
                lines.write(&part)?;
                // Lets the progress be shown.
                tokio::task::yield_now().await;
            }
            Sink::Api(sender) => sender.send(part).await?,
        }
        now.store(at, Ordering::Relaxed);
    }
}

/// The next operations.
fn part(shop: &mut Shop) -> Vec<Operation> {
    let mut bytes = 0;
    let mut part = Vec::new();
    while part.len() < MOST && bytes < MOST_BYTES {
        let Some(operation) = shop.next() else { break };
        bytes += operation.bytes();
        part.push(operation);
    }
    part
}

impl Counts {
    fn of(&mut self, action: &Action) -> &mut u64 {
        match action {
            Action::Create(_) | Action::Track(_) => &mut self.creates,
            Action::Update(_) => &mut self.updates,
            Action::Delete => &mut self.deletes,
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { creates, updates, deletes } = self;
        writeln!(f, "{creates} events, {updates} updates, {deletes} deletes")
    }
}

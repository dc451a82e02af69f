//! Watchers of a tail under load, one of whom stops reading.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use reqwest::{Client, Response};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::callers::{beside, creates};
use super::finding::Findings;
use super::site::Site;
use super::{Scale, memory};

const WATCHERS: usize = 8;
const EVENTS_PER_SECOND: u32 = 5_000;
/// Ticks of a second, in each of which one batch is sent.
const BATCHES_PER_SECOND: u32 = 50;
const SECONDS: u32 = 20;
/// Of each event's input.
const INPUT_BYTES: usize = 1_000;
/// Beside it good callers create in the default tenant.
const TENANT: &str = "watched";
/// The buffer of 16 MiB, what waits for it, and the bodies of the batches.
const MOST_MIB: u64 = 96;
const ALL_WITHIN: Duration = Duration::from_secs(60);

/// 8 watchers see 5,000 events a second, each event once or counted as missed; one of them does not read meanwhile.
pub(super) async fn watch_all(site: &mut Site, scale: Scale) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    // What the first requests need anyhow is not the tails' work.
    findings.saw(creates(site.api, 200).await, &[202]);
    let api = site.api;
    let batch_events = scale.rate(EVENTS_PER_SECOND) / BATCHES_PER_SECOND;
    let work = async {
        let (all_sent, sent) = watch::channel(None);
        let stopped = Tail::begin(api).await?;
        let mut reading = JoinSet::new();
        for _ in 1..WATCHERS {
            let (tail, sent) = (Tail::begin(api).await?, sent.clone());
            reading.spawn(tail.read_all(sent));
        }
        let (seen, taken) = beside(api, scale.rate(100), send(api, batch_events as usize)).await;
        let (events, took) = taken?;
        all_sent.send_replace(Some(events));
        let mut counts = Vec::new();
        while let Some(count) = reading.join_next().await {
            counts.push(count??);
        }
        anyhow::Ok((seen, events, took, counts, stopped.read_all(sent).await?))
    };
    let (grown, done) = memory::growth(&[site.api_process()?], work).await?;
    let (seen, events, took, counts, stopped) = done?;
    findings.saw(seen, &[202]);
    let rate = f64::from(u32::try_from(events)?) / took.as_secs_f64();
    findings.notes.push(format!("{events} events in {took:.1?}, {rate:.0} a second"));
    for Count { received, missed } in &counts {
        findings.notes.push(format!("a watcher received {received} and missed {missed}"));
    }
    let Count { received, missed } = stopped;
    findings.notes.push(format!("the one that stopped received {received} and missed {missed}"));
    findings.grew(grown, MOST_MIB);
    if scale.strict {
        findings.must(missed > 0, || "the one that stopped missed nothing: it was kept for it".to_owned());
        if rate < f64::from(EVENTS_PER_SECOND) * 0.95 {
            findings.slow.push(format!("{rate:.0} events a second were taken, not {EVENTS_PER_SECOND}"));
        }
    }
    site.must_be_alive()?;
    Ok(findings)
}

/// Sends batches at an even rate. Gives how many events were taken, which is all, and how long that took.
async fn send(api: SocketAddr, batch_events: usize) -> anyhow::Result<(usize, Duration)> {
    let input = "x".repeat(INPUT_BYTES);
    let event = format!(r#"{{"conversation_id":"tail","event_name":"event_a","input":"{input}"}}"#);
    let body = vec![event; batch_events].join("\n");
    let (client, url) = (Client::new(), format!("http://{api}/events"));
    let (begun, mut due) = (Instant::now(), interval(Duration::from_secs(1) / BATCHES_PER_SECOND));
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sending = JoinSet::new();
    for _ in 0..SECONDS * BATCHES_PER_SECOND {
        due.tick().await;
        let request = client.post(&url).header("x-tenant", TENANT).body(body.clone());
        sending.spawn(async move { anyhow::Ok(request.send().await?.status().as_u16()) });
    }
    let mut events = 0;
    while let Some(status) = sending.join_next().await {
        let status = status??;
        ensure!(status == 202, "a batch was answered {status}");
        events += batch_events;
    }
    Ok((events, begun.elapsed()))
}

/// What a watcher was given and told.
struct Count {
    received: usize,
    missed: usize,
}

struct Tail {
    response: Response,
    rest: Vec<u8>,
    ids: HashSet<String>,
    missed: usize,
}

#[derive(Deserialize)]
struct Missed {
    count: usize,
}

impl Tail {
    async fn begin(api: SocketAddr) -> anyhow::Result<Self> {
        let request = Client::new().get(format!("http://{api}/tail")).header("x-tenant", TENANT);
        let response = request.send().await?;
        ensure!(response.status() == 200, "a tail was answered {}", response.status());
        Ok(Self { response, rest: Vec::new(), ids: HashSet::new(), missed: 0 })
    }

    /// Reads until each event that was sent was received or is told to be missed; an error if that does not come
    /// about in time, or there are more.
    async fn read_all(mut self, mut sent: watch::Receiver<Option<usize>>) -> anyhow::Result<Count> {
        loop {
            let all = *sent.borrow_and_update();
            if all == Some(self.ids.len() + self.missed) {
                return Ok(Count { received: self.ids.len(), missed: self.missed });
            }
            let counted = || format!("{} received, {} missed of {all:?}", self.ids.len(), self.missed);
            ensure!(all.is_none_or(|all| self.ids.len() + self.missed < all), counted());
            tokio::select! {
                chunk = timeout(ALL_WITHIN, self.response.chunk()) => {
                    let chunk = chunk.with_context(counted)??.context("a tail ended")?;
                    self.take(&chunk)?;
                }
                // Whoever sends does not go before it has told.
                _ = sent.changed(), if all.is_none() => {}
            }
        }
    }

    /// Counts the messages that are whole.
    fn take(&mut self, chunk: &[u8]) -> anyhow::Result<()> {
        self.rest.extend(chunk);
        let Some(end) = self.rest.windows(2).rposition(|pair| pair == b"\n\n") else { return Ok(()) };
        let whole: Vec<u8> = self.rest.drain(..end + 2).collect();
        let text = String::from_utf8(whole)?;
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            match line {
                "event: created" => {
                    let id = lines.next().and_then(|line| line.strip_prefix("id: ")).context("no id")?;
                    ensure!(self.ids.insert(id.to_owned()), "{id} came twice");
                }
                "event: missed" => {
                    let data =
                        lines.next().and_then(|line| line.strip_prefix("data: ")).context("no data")?;
                    self.missed += serde_json::from_str::<Missed>(data)?.count;
                }
                other if other.starts_with("event: ") => bail!("{other}"),
                _ => {}
            }
        }
        Ok(())
    }
}

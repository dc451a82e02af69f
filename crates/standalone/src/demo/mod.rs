//! `millrace demo`: a standalone with a made-up shop in it, of the last weeks and of now.
//!
//! What happens in the shop follows from when it was opened, which a file in the data folder keeps beside how much of it
//! was sent. It goes on the topic as the API would put it there.

mod history;
mod record;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bus::{Channels, PartitionPosition, Positions, Producer};
use model::Timestamp;
use runtime::config;
use runtime::shutdown::Shutdown;
use shop::Operation;
use tokio::task::{block_in_place, yield_now};
use tokio::time::{Instant, sleep};

use self::history::{DAYS, Past, Present, Sent, USERS};
use crate::embedded::{self, is_set};
use crate::{Config, private, run};

/// In the data folder.
const STATE: &str = "demo.json";

/// The rules of alerts, in the data folder, and what they are at first.
const RULES: (&str, &str) = ("alerts.toml", include_str!("alerts.toml"));

/// How long something is waited for between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often the state is written while nothing but the present is sent.
const KEEP_EVERY: Duration = Duration::from_secs(10);

/// Operations that wait to become visible; more are sent when there are fewer.
const MOST_AHEAD: i64 = 50_000;

/// Runs a standalone until `shutdown`, on `data/demo` where `MILLRACE_DATA` names no folder, and sends the shop meanwhile.
pub async fn demo(config: Config, shutdown: Shutdown) -> anyhow::Result<()> {
    let data = if is_set("MILLRACE_DATA") { config.data } else { PathBuf::from("data/demo") };
    let state = data.join(STATE);
    let sent = match fs::read_to_string(&state) {
        Ok(text) => {
            serde_json::from_str(&text).with_context(|| format!("{} can't be read", state.display()))?
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            ensure!(
                !embedded::has_log(&data),
                "{} holds other events than those of a demo: name a folder for it by MILLRACE_DATA",
                data.display()
            );
            Sent::nothing(Timestamp::now().millis(), USERS)
        }
        Err(error) => bail!("{} can't be read: {error}", state.display()),
    };
    let mut api: api::Config = config::load("")?;
    if !is_set("EVENT_NAMES") {
        api.event_names = "*".into();
    }
    if api.alerts_file.is_none() {
        api.alerts_file = Some(rules(&data)?);
    }
    let config = Config { data, ..config };
    run::beside(config, api, shutdown, async |channels, address| {
        Demo::new(channels, state, sent)?.send(&format!("http://{address}/")).await
    })
    .await
}

/// The file of the rules of alerts. It stays as somebody has changed it.
fn rules(data: &Path) -> anyhow::Result<PathBuf> {
    let file = data.join(RULES.0);
    if !file.exists() {
        private::folder(data)?;
        private::write(&file, RULES.1)?;
    }
    Ok(file)
}

/// Sends the shop.
struct Demo {
    producer: Producer,
    positions: Positions,
    state: PathBuf,
    sent: Sent,
    kept: Instant,
}

impl Demo {
    fn new(channels: &Channels, state: PathBuf, sent: Sent) -> anyhow::Result<Self> {
        let Channels { bus, events, group, .. } = channels;
        let (producer, positions) = (bus.producer(events)?, bus.positions(events, group)?);
        Ok(Self { producer, positions, state, sent, kept: Instant::now() })
    }

    /// What is left of the past, the last week first; what happens meanwhile, and from then on without an end.
    async fn send(mut self, page: &str) -> anyhow::Result<()> {
        self.keep()?;
        let sent = self.sent;
        let mut past = Past::new(sent);
        if !sent.is_whole() {
            println!("demo: filling in what is missing of {DAYS} days, the last week first");
            self.send_part(&mut past, None).await?;
        }
        let mut present = Present::new(sent);
        while !self.sent.is_whole() {
            println!("demo: {} of {DAYS} days are filled in: {page}", self.sent.days());
            self.send_part(&mut past, Some(&mut present)).await?;
        }
        self.send_present(&mut present).await?;
        println!("demo: all is filled in, and the shop goes on: {page}");
        loop {
            sleep(LOOK_EVERY).await;
            self.send_present(&mut present).await?;
        }
    }

    /// A part of the past, and what happens meanwhile. It is visible when this returns.
    async fn send_part(&mut self, past: &mut Past, mut present: Option<&mut Present>) -> anyhow::Result<()> {
        while past.from() == self.sent.from {
            let next = block_in_place(|| past.next());
            self.put(&next).await?;
            if let Some(present) = &mut present {
                self.send_present(present).await?;
            }
            yield_now().await;
        }
        self.wait_for(0).await?;
        self.sent.from = past.from();
        self.keep()
    }

    /// What has happened by now.
    async fn send_present(&mut self, present: &mut Present) -> anyhow::Result<()> {
        loop {
            let now = Timestamp::now();
            let (next, to) = block_in_place(|| present.next(now.millis(), self.sent.from));
            self.put(&next).await?;
            self.sent.to = to;
            if self.kept.elapsed() >= KEEP_EVERY {
                self.keep()?;
            }
            if to == now.millis() {
                return Ok(());
            }
            yield_now().await;
        }
    }

    /// Returns once they are on the topic and the consumer is not far behind.
    async fn put(&self, operations: &[Operation]) -> anyhow::Result<()> {
        if operations.is_empty() {
            return Ok(());
        }
        let records: Vec<_> = operations.iter().map(record::of).collect::<Result<_, _>>()?;
        // All of them again, so that those of an event stay in their order: what is there already changes nothing.
        while let Some(error) =
            self.producer.send_all(records.clone()).await.into_iter().find_map(Result::err)
        {
            ensure!(error.is_retryable(), error);
            sleep(LOOK_EVERY).await;
        }
        self.wait_for(MOST_AHEAD).await
    }

    /// Returns once at most so many operations wait to become visible.
    async fn wait_for(&self, most: i64) -> anyhow::Result<()> {
        loop {
            let partitions = self.positions.partitions().await?;
            if partitions.iter().map(PartitionPosition::lag).sum::<i64>() <= most {
                return Ok(());
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Writes down how much was sent.
    fn keep(&mut self) -> anyhow::Result<()> {
        self.kept = Instant::now();
        Ok(private::write(&self.state, &serde_json::to_string(&self.sent)?)?)
    }
}

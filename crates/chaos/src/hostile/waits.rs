//! Many who wait for what doesn't come: ClickHouse is away.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Scale;
use super::callers::{Seen, beside};
use super::finding::Findings;
use super::site::Site;
use super::wire::{self, request};
use testing::proxy::Mode;

/// Longer than a wait, so that those who wait pile up to as many as ever.
const AWAY: Duration = Duration::from_secs(12);
const WAITS_PER_SECOND: u32 = 500;
const AT_ONCE: usize = 1_000;
const EVENT: &str = r#"{"conversation_id":"waits","event_name":"event_a"}"#;

/// 500 creates a second that wait for ten seconds each, then a thousand at once, while plain creates go on.
pub(super) async fn clickhouse_away(site: &mut Site, scale: Scale) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let proxy = site.proxy.as_ref().context("there is a proxy on Kafka")?;
    proxy.set(Mode::Refuse);
    let (seen, mut waits) = beside(site.api, scale.rate(1_000), wait_at_rate(site.api)).await;
    findings.saw(seen, &[202]);
    let (seen, at_once) = beside(site.api, scale.rate(1_000), wait_at_once(site.api)).await;
    findings.saw(seen, &[202]);
    findings.p99_within(Duration::from_millis(100));
    proxy.set(Mode::Pass);
    waits.merge(at_once);
    findings.notes.push(format!("those who waited were answered {:?}", waits.statuses()));
    findings.must(waits.all(&[202]), || format!("those who waited were answered {:?}", waits.statuses()));
    site.must_be_alive()?;
    site.all_visible(Duration::from_secs(60)).await?;
    Ok(findings)
}

async fn wait_at_rate(api: SocketAddr) -> Seen {
    let (begun, mut waits) = (Instant::now(), JoinSet::new());
    let mut ticks = interval(Duration::from_secs(1) / WAITS_PER_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while begun.elapsed() < AWAY {
        ticks.tick().await;
        waits.spawn(wait(api));
    }
    together(waits).await
}

async fn wait_at_once(api: SocketAddr) -> Seen {
    let mut waits = JoinSet::new();
    for _ in 0..AT_ONCE {
        waits.spawn(wait(api));
    }
    together(waits).await
}

async fn wait(api: SocketAddr) -> (u16, Duration) {
    let begun = Instant::now();
    let answer = wire::call(api, request("POST", "/event?wait=true", "Connection: close\r\n", EVENT)).await;
    (answer.map_or(0, |answer| answer.status), begun.elapsed())
}

async fn together(waits: JoinSet<(u16, Duration)>) -> Seen {
    let mut all = Seen::default();
    for (status, time) in waits.join_all().await {
        all.enter(status, time);
    }
    all
}

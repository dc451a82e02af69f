//! Bodies that don't come, or come a byte at a time.

use std::time::Duration;

use anyhow::anyhow;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::callers::{beside, creates};
use super::finding::Findings;
use super::site::Site;
use super::wire::{Wire, shown};

const CHUNKED: usize = 40;
/// Each announces half as much as the one before: together they would fill any budget to the brim.
const ANNOUNCED: [usize; 12] =
    [1_048_576, 524_288, 262_144, 131_072, 65_536, 32_768, 16_384, 8_192, 4_096, 2_048, 1_024, 1_000];
const TREMOR: Duration = Duration::from_secs(2);
const SENDERS: usize = 20;
const ENDS_WITHIN: Duration = Duration::from_secs(45);

/// Heads are sent whose bodies never come.
pub(super) async fn idle(site: &mut Site) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let mut idle = JoinSet::new();
    let chunked = (0..CHUNKED).map(|index| {
        let path = if index < 12 { "/events" } else { "/event" };
        (path, "Transfer-Encoding: chunked".to_owned())
    });
    let announced = ANNOUNCED.map(|length| ("/event", format!("Content-Length: {length}")));
    for (path, body) in chunked.chain(announced) {
        let mut wire = Wire::connect(site.api).await?;
        // The interim answer to this tells that the body is waited for.
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n{body}\r\n\r\n");
        wire.send(head).await?;
        wire.stirs(TREMOR).await;
        idle.spawn(async move {
            std::future::pending::<()>().await;
            drop(wire);
        });
    }
    findings.saw(creates(site.api, 100).await, &[202]);
    findings.p99_within(Duration::from_millis(50));
    Ok(findings)
}

/// Bodies come a byte a second: such a client is told that it is too slow.
pub(super) async fn slow(site: &mut Site) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let mut wire = Wire::connect(site.api).await?;
        wire.send("POST /event HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{").await?;
        senders.spawn(timeout(ENDS_WITHIN, async move {
            while !wire.stirs(Duration::from_secs(1)).await && wire.send(" ").await.is_ok() {}
            wire.answer().await
        }));
    }
    let (seen, ended) = beside(site.api, 200, senders.join_all()).await;
    findings.saw(seen, &[202]);
    for answer in ended {
        let answer = answer.unwrap_or_else(|_| Err(anyhow!("it goes on after {ENDS_WITHIN:?}")));
        let told = answer.as_ref().is_ok_and(|answer| answer.status == 408 && answer.code().is_some());
        findings
            .must(told, || format!("a slow sender has to be told so, and was answered {}", shown(&answer)));
    }
    // A body that comes slowly, but whole, is taken.
    let mut wire = Wire::connect(site.api).await?;
    let event = r#"{"conversation_id":"slow","event_name":"event_a"}"#;
    let length = event.len();
    wire.send(format!("POST /event HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n")).await?;
    for half in [event.get(..20), event.get(20..)].into_iter().flatten() {
        sleep(Duration::from_millis(500)).await;
        wire.send(half).await?;
    }
    let answer = wire.answer().await?;
    findings.must(answer.status == 202, || format!("a body in two halves was answered {}", answer.status));
    Ok(findings)
}

//! Readers who ask for much and then don't read it.

use std::time::Duration;

use anyhow::ensure;

use super::callers::beside;
use super::finding::Findings;
use super::site::Site;
use super::wire::{self, Wire, request};

const READERS: usize = 100;
const EVENTS: usize = 100;
const EVENT_BYTES: usize = 100_000;
const BATCH: usize = 50;
/// Of an answer that nobody reads the system takes in about so much.
const NARROW: u32 = 4_096;
const VISIBLE_WITHIN: Duration = Duration::from_secs(60);
const BEGINS_WITHIN: Duration = Duration::from_secs(5);

/// 100 readers of ten megabytes stop after the first bytes; ingestion goes on.
pub(super) async fn stop(site: &mut Site) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let text = "x".repeat(EVENT_BYTES);
    let event = format!(r#"{{"conversation_id":"long","event_name":"event_a","input":"{text}"}}"#);
    for _ in 0..EVENTS / BATCH {
        let answer =
            wire::call(site.api, request("POST", "/events", "", vec![event.as_str(); BATCH].join("\n")))
                .await?;
        ensure!(answer.status == 202, "a batch was answered {}", answer.status);
    }
    site.all_visible(VISIBLE_WITHIN).await?;
    let mut readers = Vec::with_capacity(READERS);
    for _ in 0..READERS {
        let mut reader = Wire::connect_narrow(site.api, NARROW).await?;
        reader.send(request("GET", "/events/conversation/long", "", "")).await?;
        readers.push(reader);
    }
    // Some may be told that there is no place for them; all the others have begun to read then.
    let mut begun = 0;
    for reader in &mut readers {
        begun += usize::from(reader.peeks(BEGINS_WITHIN).await);
    }
    findings.notes.push(format!("{begun} readers were answered before they stopped"));
    let (seen, visible) = beside(site.api, 100, site.create_visible()).await;
    findings.saw(seen, &[202]);
    match visible {
        Ok(took) => findings.within("a create was visible", took, Duration::from_secs(2)),
        Err(error) => findings.faults.push(format!("beside readers that stopped, {error}")),
    }
    drop(readers);
    site.must_be_alive()?;
    Ok(findings)
}

//! Readers who ask for much and then don't read it.

use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::json;

use super::callers::{Seen, beside, creates};
use super::finding::Findings;
use super::memory;
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

const PAGE_EVENTS: usize = 300;
/// With what is around it, as much as one event may have.
const PAGE_EVENT_BYTES: usize = 1_000_000;
/// A body has to stay below 10 MiB.
const PAGE_BATCH: usize = 10;
const PAGE_MOST_MIB: u64 = 64;

/// An event of a page.
#[derive(Deserialize)]
struct Found {
    #[serde(rename = "eventId")]
    event_id: String,
    data: String,
}

/// A client asks for a page of 300 MB and reads nothing of it, and then all; the API's memory stays bounded.
pub(super) async fn unread_page(site: &mut Site) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let text = "x".repeat(PAGE_EVENT_BYTES);
    let event = |number: usize| {
        let at = format!("2026-11-20T10:{:02}:{:02}", number / 60, number % 60);
        json!({"EventId": number.to_string(), "Topic": "large", "CreatedDateUtc": at, "Data": text})
    };
    for begin in (0..PAGE_EVENTS).step_by(PAGE_BATCH) {
        let batch: Vec<_> = (begin..begin + PAGE_BATCH).map(event).collect();
        let batch = serde_json::to_vec(&batch)?;
        let answer = wire::call(site.api, request("POST", "/api/v2.0/EventService", "", batch)).await?;
        ensure!(answer.status == 200, "a batch was answered {}: {}", answer.status, answer.body);
    }
    site.all_visible(VISIBLE_WITHIN).await?;
    // What the first requests need anyhow is not the page's work.
    findings.saw(creates(site.api, 200).await, &[202]);
    let url = format!("http://{}/api/v2.0/QueryService/Events?limit=1000", site.api);
    let work = async {
        let page = Client::new().post(url).body(r#"{"Topic":"large"}"#).send().await?;
        ensure!(page.status() == 200, "the page was answered {}", page.status());
        let seen = creates(site.api, 1_000).await;
        anyhow::Ok((seen, ids(page).await?))
    };
    let (grown, done) = memory::growth(&[site.api_process()?], work).await?;
    let (seen, ids): (Seen, Vec<String>) = done?;
    findings.saw(seen, &[202]);
    findings.grew(grown, PAGE_MOST_MIB);
    let all: Vec<_> = (0..PAGE_EVENTS).rev().map(|number| number.to_string()).collect();
    findings.must(ids == all, || format!("of the page {} events came", ids.len()));
    site.must_be_alive()?;
    Ok(findings)
}

/// The ids of a page whose events are whole.
async fn ids(page: Response) -> anyhow::Result<Vec<String>> {
    let page = page.bytes().await.context("the page broke off")?;
    let found: Vec<Found> = serde_json::from_slice(&page)?;
    ensure!(found.iter().all(|event| event.data.len() == PAGE_EVENT_BYTES), "an event is not as it was sent");
    Ok(found.into_iter().map(|event| event.event_id).collect())
}

//! Updates of events that are much larger than those before.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::ensure;
use model::{EventId, Timestamp};
use tokio::task::JoinSet;

use super::Scale;
use super::callers::{Seen, creates};
use super::finding::Findings;
use super::memory;
use super::site::Site;
use super::wire::{ANSWER_WITHIN, Wire, request};

const SMALL: usize = 200;
const CALLERS: usize = 16;
const LARGE_BYTES: usize = 100_000;
/// A batch of large events has to stay below 10 MiB.
const BATCH: usize = 80;
const VISIBLE_WITHIN: Duration = Duration::from_secs(300);
const MOST_MIB: u64 = 400;
const CHANGED: &str = "SELECT count() FROM event_analytics.events FINAL WHERE output = 'changed'";

/// 200 updates of small events, then as many of large ones as the scale says. On Kafka the consumer gets
/// them all at once.
pub(super) async fn updates(site: &mut Site, scale: Scale) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let large = scale.of(6_000, 1_500);
    let (small_ids, large_ids) = (ids(SMALL), ids(large));
    create(site.api, &small_ids, 10).await?;
    for ids in large_ids.chunks(BATCH) {
        create(site.api, ids, LARGE_BYTES).await?;
    }
    site.all_visible(VISIBLE_WITHIN).await?;
    let mut answers = update(site.api, &small_ids).await;
    site.all_visible(VISIBLE_WITHIN).await?;

    let processes = site.process_ids();
    let work = async {
        let consumer = site.consumer();
        consumer.inspect(|consumer| consumer.pause());
        let answers = update(site.api, &large_ids).await;
        consumer.inspect(|consumer| consumer.resume());
        anyhow::Ok((answers, site.all_visible(VISIBLE_WITHIN).await?))
    };
    let (grown, done) = memory::growth(&processes, work).await?;
    let (large_answers, visible) = done?;
    answers.merge(large_answers);
    findings.must(answers.all(&[202]), || format!("updates were answered {:?}", answers.statuses()));
    findings
        .notes
        .push(format!("{large} updates of large events visible after {:.1} s", visible.as_secs_f64()));
    findings.grew(grown, MOST_MIB);
    let (changed, all) = (site.engine.number(CHANGED).await?, u64::try_from(SMALL + large)?);
    findings.must(changed == all, || format!("{changed} of {all} updates are visible"));
    site.must_be_alive()?;
    findings.saw(creates(site.api, 100).await, &[202]);
    Ok(findings)
}

fn ids(count: usize) -> Arc<[EventId]> {
    (0..count).map(|_| EventId::new(Timestamp::now())).collect()
}

async fn create(api: SocketAddr, ids: &[EventId], bytes: usize) -> anyhow::Result<()> {
    let text = "x".repeat(bytes);
    let event =
        |id| format!(r#"{{"id":"{id}","conversation_id":"growth","event_name":"event_a","input":"{text}"}}"#);
    let events: Vec<_> = ids.iter().map(event).collect();
    let answer = super::wire::call(api, request("POST", "/events", "", events.join("\n"))).await?;
    ensure!(answer.status == 202 && !answer.body.contains("error"), "a batch was answered {answer:?}");
    Ok(())
}

async fn update(api: SocketAddr, ids: &Arc<[EventId]>) -> Seen {
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (ids, next) = (Arc::clone(ids), Arc::clone(&next));
        callers.spawn(async move {
            let mut seen = Seen::default();
            let Ok(mut wire) = Wire::connect(api).await else { return seen };
            while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                let put = request("PUT", &format!("/event/{id}"), "", r#"{"output":"changed"}"#);
                match wire.call(put).await {
                    Ok(answer) => seen.enter(answer.status, Duration::ZERO),
                    Err(_) => {
                        seen.enter(0, ANSWER_WITHIN);
                        return seen;
                    }
                }
            }
            seen
        });
    }
    let mut all = Seen::default();
    for seen in callers.join_all().await {
        all.merge(seen);
    }
    all
}

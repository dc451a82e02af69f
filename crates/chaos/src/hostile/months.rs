//! Deletes whose ids name every month that there is.

use std::time::Duration;

use model::{EventId, Timestamp};
use tokio::task::JoinSet;

use super::callers::{Seen, creates};
use super::finding::Findings;
use super::site::Site;
use super::wire::{Wire, request};

const DELETES: i64 = 2_000;
const CALLERS: i64 = 16;
/// From 1970, the first year that an id can name, to 2298, almost the last.
const SPAN_MS: i64 = 329 * 365 * 86_400_000;
const PARTS: &str =
    "SELECT count() FROM system.parts WHERE active AND table = 'events' AND database = 'event_analytics'";
const MOST_PARTS: u64 = 100;

/// 2,000 deletes, each of an id of another month, as far back and ahead as ids go.
pub(super) async fn deletes(site: &mut Site) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let mut wire = Wire::connect(site.api).await?;
        callers.spawn(async move {
            let mut seen = Seen::default();
            for index in (caller..DELETES).step_by(usize::try_from(CALLERS).unwrap_or(1)) {
                let time = Timestamp::from_millis(SPAN_MS / DELETES * index).unwrap_or_default();
                let path = format!("/event/{}", EventId::new(time));
                let answer = wire.call(request("DELETE", &path, "", "")).await;
                seen.enter(answer.map_or(0, |answer| answer.status), Duration::ZERO);
            }
            seen
        });
    }
    let mut answers = Seen::default();
    for seen in callers.join_all().await {
        answers.merge(seen);
    }
    findings.notes.push(format!("the deletes were answered {:?}", answers.statuses()));
    findings.must(answers.all(&[202, 404]), || format!("deletes were answered {:?}", answers.statuses()));
    findings.within("the next create was visible", site.create_visible().await?, Duration::from_secs(2));
    site.all_visible(Duration::from_secs(60)).await?;
    let parts = site.engine.number(PARTS).await?;
    findings.notes.push(format!("{parts} active parts"));
    findings.must(parts < MOST_PARTS, || format!("{parts} parts are active, {MOST_PARTS} are too many"));
    findings.saw(creates(site.api, 100).await, &[202]);
    Ok(findings)
}

//! Heads of requests that are never finished.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Scale;
use super::callers::beside;
use super::finding::Findings;
use super::site::Site;
use super::wire::Wire;

const HEADS: usize = 1_000;
const GONE_WITHIN: Duration = Duration::from_secs(30);
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// A thousand half heads go, good callers don't notice, and the end does not wait for others of the kind.
pub(super) async fn half(site: &mut Site, scale: Scale) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let heads = send(site, HEADS).await?;
    let mut ends = JoinSet::new();
    for mut head in heads {
        ends.spawn(async move { timeout(GONE_WITHIN, head.ended()).await.is_ok() });
    }
    let (seen, ended) = beside(site.api, scale.rate(2_000), ends.join_all()).await;
    findings.saw(seen, &[202]);
    findings.p99_within(Duration::from_millis(100));
    let left = ended.iter().filter(|ended| !**ended).count();
    findings.must(left == 0, || format!("{left} half heads were still there after {GONE_WITHIN:?}"));

    let _heads = send(site, HEADS / 10).await?;
    match site.end_api(ENDS_WITHIN).await {
        Ok(took) => findings.within("the end", took, Duration::from_secs(2)),
        Err(error) => findings.faults.push(format!("with half heads open, {error}")),
    }
    Ok(findings)
}

async fn send(site: &Site, count: usize) -> anyhow::Result<Vec<Wire>> {
    let mut heads = Vec::with_capacity(count);
    for _ in 0..count {
        let mut head = Wire::connect(site.api).await?;
        head.send("POST /event HTTP/1.1\r\nHost: loc").await?;
        heads.push(head);
    }
    Ok(heads)
}

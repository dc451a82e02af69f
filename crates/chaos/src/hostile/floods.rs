//! Many calls at once that are dear to answer.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::callers::{Seen, beside};
use super::finding::Findings;
use super::site::Site;
use super::wire::{self, Wire, request};

const ASKING: usize = 512;
const ASKS_FOR: Duration = Duration::from_secs(5);
const WAITING: usize = 500;
const EVENT: &str = r#"{"conversation_id":"floods","event_name":"event_a"}"#;

/// 512 callers ask for `/pipeline`, again and again.
pub(super) async fn pipeline(site: &mut Site) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let end = Instant::now() + ASKS_FOR;
    let mut asking = JoinSet::new();
    for _ in 0..ASKING {
        asking.spawn(ask(site.api, end));
    }
    let flood = async { (site.create_visible().await, asking.join_all().await) };
    let (seen, (visible, asked)) = beside(site.api, 100, flood).await;
    findings.saw(seen, &[202]);
    findings.within("a create was visible", visible?, Duration::from_secs(2));
    let mut answers = Seen::default();
    for seen in asked {
        answers.merge(seen);
    }
    findings.notes.push(format!("/pipeline was answered {:?}", answers.statuses()));
    findings.must(answers.all(&[200, 503]), || format!("/pipeline was answered {:?}", answers.statuses()));
    findings.must(answers.statuses().contains_key(&200), || "/pipeline was never answered".into());
    Ok(findings)
}

async fn ask(api: SocketAddr, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let Ok(mut wire) = Wire::connect(api).await else {
        seen.enter(0, Duration::ZERO);
        return seen;
    };
    while Instant::now() < end {
        let begun = Instant::now();
        let answer = wire.call(request("GET", "/pipeline", "", "")).await;
        seen.enter(answer.as_ref().map_or(0, |answer| answer.status), begun.elapsed());
        if answer.is_err() {
            break;
        }
    }
    seen
}

/// 500 creates wait at once; all of them are answered, and see their event on a machine that is quick enough.
pub(super) async fn waits(site: &mut Site) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let mut waiting = JoinSet::new();
    for _ in 0..WAITING {
        let api = site.api;
        waiting.spawn(async move {
            let begun = Instant::now();
            let answer = wire::call(api, request("POST", "/event?wait=15s", "", EVENT)).await;
            (answer.map_or(0, |answer| answer.status), begun.elapsed())
        });
    }
    let (seen, waited) = beside(site.api, 100, waiting.join_all()).await;
    findings.saw(seen, &[202]);
    let mut answers = Seen::default();
    for (status, time) in waited {
        answers.enter(status, time);
    }
    findings.must(answers.all(&[201, 202]), || format!("500 waits were answered {:?}", answers.statuses()));
    if !answers.all(&[201]) {
        findings.slow.push(format!("500 waits were answered {:?}", answers.statuses()));
    }
    findings.within("the last wait", answers.percentile(100), Duration::from_secs(2));
    Ok(findings)
}

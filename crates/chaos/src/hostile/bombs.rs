//! Small bodies that unpack to large ones.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::callers::{Seen, beside, creates};
use super::finding::Findings;
use super::memory;
use super::site::Site;
use super::wire::{Wire, request};

const BOMBS: usize = 600;
/// About ten kilobytes when packed.
const UNPACKED: usize = 10 << 20;
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);
const MOST_MIB: u64 = 300;

/// 600 bombs at once.
pub(super) async fn gzip(site: &mut Site) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let bombs = [
        // Just fits, and is no JSON.
        packed(b"", b" ", UNPACKED)?,
        packed(b"", b" ", UNPACKED + 1)?,
        // Millions of events, of a byte or none.
        packed(b"[", b",", UNPACKED)?,
        packed(b"[1", b",1", UNPACKED)?,
        packed(b"1", b"\n1", UNPACKED)?,
        packed(b"{\"events\":[1", b",1", UNPACKED)?,
    ];
    findings.notes.push(format!("bombs of {} bytes", bombs.iter().map(Vec::len).max().unwrap_or_default()));
    // What the first requests need anyhow is not the bombs' work.
    creates(site.api, 200).await;
    let processes = site.process_ids();
    let throwing = beside(site.api, 20, throw(site.api, &bombs));
    let (grown, (beside, answers)) = memory::growth(&processes, throwing).await?;
    findings.saw(beside, &[202]);
    // A machine that is too slow to see them all off in time says so.
    findings
        .must(answers.all(&[400, 413, 503]), || format!("the bombs were answered {:?}", answers.statuses()));
    if !answers.all(&[400, 413]) {
        findings.slow.push(format!("the bombs were answered {:?}", answers.statuses()));
    }
    findings.grew(grown, MOST_MIB);
    site.must_be_alive()?;
    findings.saw(creates(site.api, 100).await, &[202]);
    Ok(findings)
}

async fn throw(api: SocketAddr, bombs: &[Vec<u8>]) -> Seen {
    let mut thrown = JoinSet::new();
    for bomb in bombs.iter().cycle().take(BOMBS) {
        let bomb = request("POST", "/events", "Content-Encoding: gzip\r\n", bomb);
        thrown.spawn(async move {
            let answer = timeout(ANSWERED_WITHIN, async {
                let mut wire = Wire::connect(api).await?;
                wire.send(bomb).await?;
                wire.answer_however_late().await
            });
            answer.await.ok().and_then(Result::ok).map_or(0, |answer| answer.status)
        });
    }
    let mut answers = Seen::default();
    for status in thrown.join_all().await {
        answers.enter(status, Duration::ZERO);
    }
    answers
}

/// So many bytes at most: a beginning, this again and again, and what closes the brackets of the beginning.
fn packed(begin: &[u8], again: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
    let end: &[u8] = match begin.first() {
        Some(b'[') => b"]",
        Some(b'{') => b"]}",
        _ => b"",
    };
    let count = (length - begin.len() - end.len()) / again.len();
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&[begin, &again.repeat(count), end].concat())?;
    packer.finish()
}

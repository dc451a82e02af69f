//! How much memory processes hold, by what the kernel says of them.

use std::fs;
use std::time::Duration;

use anyhow::ensure;
use tokio::time::{MissedTickBehavior, interval};

const LOOK_EVERY: Duration = Duration::from_millis(20);
const MIB: u64 = 1 << 20;

/// Does `work`, and gives by how many MiB these processes together grew at most meanwhile. An error if nothing
/// tells what they hold.
pub(super) async fn growth<T>(processes: &[u32], work: impl Future<Output = T>) -> anyhow::Result<(u64, T)> {
    let before = resident(processes);
    ensure!(before > 0, "what the processes {processes:?} hold of memory can't be read");
    let (mut most, mut looks) = (before, interval(LOOK_EVERY));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(((most.max(resident(processes)) - before) / MIB, done)),
            _ = looks.tick() => most = most.max(resident(processes)),
        }
    }
}

/// In bytes.
fn resident(processes: &[u32]) -> u64 {
    processes.iter().filter_map(|process| of(*process)).sum()
}

fn of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_that_can_not_be_read_is_an_error() {
        // No process has this id.
        assert!(growth(&[u32::MAX], async {}).await.is_err());
    }

    #[tokio::test]
    async fn memory_that_is_held_for_a_moment_is_seen() {
        let (grown, ()) = growth(&[std::process::id()], async {
            let held = vec![1_u8; 64 << 20];
            // Each wakes the looking too: however late that is, it comes before the end of the second.
            for _ in 0..2 {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            drop(held);
        })
        .await
        .unwrap();
        assert!(grown >= 60, "{grown} MiB");
    }
}

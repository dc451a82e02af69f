//! Reading topics to their ends, and waiting until a group has.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::{Bus, BusError, Channels, Delivery, From, Offsets, Positions, Span, Topic};
use tokio::time::{Instant, sleep};

use crate::AuditError;

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a broker may be away.
const TRY_FOR: Duration = Duration::from_secs(60);

/// Hands every record to `take`, those of one partition in their order. Gives what was read.
pub(crate) async fn read(
    bus: &Bus,
    topic: &Topic,
    from: From,
    mut take: impl FnMut(Delivery),
) -> Result<BTreeMap<i32, Span>, BusError> {
    let mut patience = Instant::now() + TRY_FOR;
    let mut range = bus.read_range(topic, from).await?;
    while let Some(delivery) = range.next().await {
        match delivery {
            Ok(delivery) => {
                patience = Instant::now() + TRY_FOR;
                take(delivery);
            }
            Err(error) if error.is_retryable() && Instant::now() < patience => sleep(LOOK_EVERY).await,
            Err(error) => return Err(error),
        }
    }
    Ok(range.spans().clone())
}

/// Waits until the group has committed all that is on the topic now; gives the topic's ends.
pub(crate) async fn caught_up(channels: &Channels, within: Duration) -> Result<Offsets, AuditError> {
    let positions = channels.bus.positions(&channels.events, &channels.group)?;
    let deadline = Instant::now() + within;
    let ends: Offsets = positions.partitions().await?.into_iter().map(|at| (at.partition, at.end)).collect();
    loop {
        let behind = behind(&positions, &ends).await?;
        if behind == 0 {
            return Ok(ends);
        }
        if Instant::now() >= deadline {
            return Err(AuditError::Behind { behind, within });
        }
        sleep(LOOK_EVERY).await;
    }
}

/// How many offsets before these ends the group has yet to commit, where there is a record left.
async fn behind(positions: &Positions, ends: &Offsets) -> Result<i64, BusError> {
    let all = positions.partitions().await?;
    let oldest = positions.oldest_uncommitted(&all).await?;
    let behind = all.into_iter().filter(|at| oldest.contains_key(&at.partition)).map(|at| {
        let end = ends.get(&at.partition).copied().unwrap_or_default();
        (end - at.committed).max(0)
    });
    Ok(behind.sum())
}

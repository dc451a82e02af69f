//! Follows a topic of the log from its end.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::reader::{Turn, read};
use super::topics::{missing, standings};
use super::wakeup::WakeOnDrop;
use super::{Log, file};
use crate::follower::Follower;
use crate::{BusError, Topic};

/// See [`Bus::follow`](crate::Bus::follow).
pub(crate) async fn follow(log: &Log, topic: &Topic, max_queued_bytes: usize) -> Result<Follower, BusError> {
    let (log, topic) = (log.clone(), topic.name.clone());
    let begun = spawn_blocking(move || begin(&log, &topic, max_queued_bytes)).await;
    begun.map_err(|stopped| BusError::unavailable("following the log", stopped))?
}

fn begin(log: &Log, topic: &str, max_queued_bytes: usize) -> Result<Follower, BusError> {
    let file = file::open_to_read(&log.0.path)?;
    // Of no group: only the ends are asked for.
    let standings = standings(&file, topic, "");
    let standings = standings.map_err(|error| BusError::unavailable("following the log", error))?;
    if standings.is_empty() {
        return Err(missing(topic));
    }
    let turns = standings.iter().map(|at| Turn { partition: at.partition, slot: at.slot, next: at.end });
    let (signals, _) = read(log, file, topic, turns.collect(), max_queued_bytes, None)?;
    Ok(Follower::new(signals, Some(WakeOnDrop(Arc::clone(&log.0.wakeup)))))
}

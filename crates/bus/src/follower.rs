//! Follows a topic: every record that is appended after the beginning, of all partitions, without a group.

use crate::Signal;
use crate::log::WakeOnDrop;
use crate::signals::Receiver;

/// Reads what is appended to a topic, in the order of offsets within a partition. It commits nothing, so what the
/// log removes before it is read is a [`Signal::Gap`]. A log that is away is waited for. Reading ends when this is
/// dropped.
pub struct Follower {
    // Dropped first: a thread that is woken is to find it gone.
    signals: Receiver,
    _wake: Option<WakeOnDrop>,
}

impl Follower {
    pub(crate) fn new(signals: Receiver, wake: Option<WakeOnDrop>) -> Self {
        Self { signals, _wake: wake }
    }

    /// The next record, gap or trouble; `None` once the log has ended for good. Cancel-safe.
    pub async fn next(&mut self) -> Option<Signal> {
        self.signals.next().await
    }

    /// The next that is there already.
    pub fn try_next(&mut self) -> Option<Signal> {
        self.signals.try_next()
    }
}

//! From a reading thread to whoever takes what it reads: many at a time, since handing over may wake the
//! other side.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec;

use tokio::sync::mpsc;

use crate::budget::Budget;
use crate::{Delivery, Offsets, Signal};

/// Deliveries are handed over at the latest when there are so many.
const AT_ONCE: usize = 64;

/// The two ends. Deliveries between them count against the budget.
pub(crate) fn channel(budget: &Arc<Budget>) -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let waiting = Vec::new().into_iter();
    let revocations = Revocations::default();
    (
        Sender {
            gathered: Mutex::default(),
            sender,
            budget: Arc::clone(budget),
            revocations: revocations.clone(),
        },
        Receiver { receiver, waiting, budget: Arc::clone(budget), revocations },
    )
}

/// How many revocations of each partition wait to be taken. Whoever takes the signals may be busy for long, and
/// what it commits meanwhile must not be of an assignment that has ended.
#[derive(Clone, Default)]
pub(crate) struct Revocations(Arc<Mutex<HashMap<i32, usize>>>);

impl Revocations {
    /// The offsets of partitions whose revocation does not wait.
    pub(crate) fn spare(&self, mut offsets: Offsets) -> Offsets {
        let waiting = self.waiting();
        offsets.retain(|partition, _| !waiting.contains_key(partition));
        offsets
    }

    fn said(&self, partitions: &[i32]) {
        let mut waiting = self.waiting();
        for partition in partitions {
            *waiting.entry(*partition).or_default() += 1;
        }
    }

    fn taken(&self, partitions: &[i32]) {
        let mut waiting = self.waiting();
        for partition in partitions {
            if let Some(count) = waiting.get_mut(partition) {
                *count -= 1;
                if *count == 0 {
                    waiting.remove(partition);
                }
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<i32, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Sender {
    gathered: Mutex<Vec<Signal>>,
    sender: mpsc::UnboundedSender<Vec<Signal>>,
    budget: Arc<Budget>,
    revocations: Revocations,
}

impl Sender {
    /// Gathers a delivery. Whoever has no more for now must [`Sender::flush`].
    pub(crate) fn gather(&self, delivery: Delivery) {
        self.budget.take(delivery.bytes());
        let mut gathered = self.gathered();
        gathered.push(Signal::Delivery(delivery));
        if gathered.len() >= AT_ONCE {
            self.hand_over(gathered);
        }
    }

    /// Hands over anything else, behind what was gathered before it.
    pub(crate) fn say(&self, signal: Signal) {
        if let Signal::Revoked(partitions) = &signal {
            self.revocations.said(partitions);
        }
        let mut gathered = self.gathered();
        gathered.push(signal);
        self.hand_over(gathered);
    }

    /// Hands over what was gathered.
    pub(crate) fn flush(&self) {
        let gathered = self.gathered();
        if !gathered.is_empty() {
            self.hand_over(gathered);
        }
    }

    /// Whether nobody takes anything any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    fn gathered(&self) -> MutexGuard<'_, Vec<Signal>> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That nobody takes it is found by [`Sender::is_closed`].
    fn hand_over(&self, mut gathered: MutexGuard<'_, Vec<Signal>>) {
        let _ = self.sender.send(std::mem::take(&mut *gathered));
    }
}

pub(crate) struct Receiver {
    receiver: mpsc::UnboundedReceiver<Vec<Signal>>,
    /// What came with the last that was taken.
    waiting: vec::IntoIter<Signal>,
    budget: Arc<Budget>,
    revocations: Revocations,
}

impl Receiver {
    /// The next signal; `None` when the sender is gone. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Signal> {
        loop {
            if let Some(signal) = self.take_waiting() {
                return Some(signal);
            }
            self.waiting = self.receiver.recv().await?.into_iter();
        }
    }

    /// The next that is there already.
    pub(crate) fn try_next(&mut self) -> Option<Signal> {
        if let Some(signal) = self.take_waiting() {
            return Some(signal);
        }
        self.waiting = self.receiver.try_recv().ok()?.into_iter();
        self.take_waiting()
    }

    /// Which revocations wait here.
    pub(crate) fn revocations(&self) -> Revocations {
        self.revocations.clone()
    }

    fn take_waiting(&mut self) -> Option<Signal> {
        let signal = self.waiting.next()?;
        match &signal {
            Signal::Delivery(delivery) => self.budget.give_back(delivery.bytes()),
            Signal::Revoked(partitions) => self.revocations.taken(partitions),
            _ => {}
        }
        Some(signal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(offset: i64) -> Delivery {
        Delivery {
            partition: 0,
            offset,
            append_ms: None,
            key: None,
            value: vec![0; 100],
            headers: Vec::new(),
        }
    }

    #[test]
    fn signals_come_in_order_and_deliveries_count_until_they_are_taken() {
        let budget = Arc::new(Budget::new(3 * delivery(0).bytes()));
        let (sender, mut receiver) = channel(&budget);
        sender.gather(delivery(0));
        sender.gather(delivery(1));
        assert!(receiver.try_next().is_none(), "nothing was handed over yet");
        sender.say(Signal::Revoked(vec![0]));
        sender.gather(delivery(2));
        assert!(budget.is_full());
        for offset in [0, 1] {
            assert!(matches!(receiver.try_next(), Some(Signal::Delivery(next)) if next.offset == offset));
        }
        assert!(budget.is_half_free());
        assert!(matches!(receiver.try_next(), Some(Signal::Revoked(_))));
        assert!(receiver.try_next().is_none());
        sender.flush();
        assert!(matches!(receiver.try_next(), Some(Signal::Delivery(next)) if next.offset == 2));
    }

    #[test]
    fn many_deliveries_do_not_wait_for_more() {
        let (sender, mut receiver) = channel(&Arc::new(Budget::new(usize::MAX)));
        let count = i64::try_from(AT_ONCE).unwrap();
        (0..count).for_each(|offset| sender.gather(delivery(offset)));
        for offset in 0..count {
            assert!(matches!(receiver.try_next(), Some(Signal::Delivery(next)) if next.offset == offset));
        }
    }

    #[tokio::test]
    async fn the_end_comes_after_what_was_handed_over() {
        let (sender, mut receiver) = channel(&Arc::new(Budget::new(usize::MAX)));
        sender.say(Signal::Assigned(vec![0]));
        drop(sender);
        assert!(matches!(receiver.next().await, Some(Signal::Assigned(_))));
        assert!(receiver.next().await.is_none());
    }
}

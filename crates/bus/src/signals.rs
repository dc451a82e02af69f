//! From a reading thread to whoever takes what it reads: many at a time, since handing over may wake the
//! other side.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::vec;

use tokio::sync::mpsc;

use crate::budget::Budget;
use crate::{Delivery, Offsets, Signal, locked};

/// Deliveries are handed over at the latest when there are so many.
const AT_ONCE: usize = 64;

/// The newest trouble that waits to be taken, if any does. A log that is away may tell of trouble many times a
/// second, to a receiver that takes nothing for as long as the table is away too: one of them must do.
type Trouble = Arc<Mutex<Option<String>>>;

/// The two ends. Deliveries between them count against the budget.
pub(crate) fn channel(budget: &Arc<Budget>) -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let waiting = Vec::new().into_iter();
    let (revocations, trouble) = (Revocations::default(), Trouble::default());
    (
        Sender {
            gathered: Mutex::default(),
            sender,
            budget: Arc::clone(budget),
            revocations: revocations.clone(),
            trouble: Arc::clone(&trouble),
        },
        Receiver { receiver, waiting, budget: Arc::clone(budget), revocations, trouble },
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
        locked(&self.0)
    }
}

pub(crate) struct Sender {
    gathered: Mutex<Vec<Signal>>,
    sender: mpsc::UnboundedSender<Vec<Signal>>,
    budget: Arc<Budget>,
    revocations: Revocations,
    trouble: Trouble,
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

    /// Hands over anything else, behind what was gathered before it. Trouble takes the place of trouble that
    /// still waits.
    pub(crate) fn say(&self, mut signal: Signal) {
        if let Signal::Revoked(partitions) = &signal {
            self.revocations.said(partitions);
        }
        // The signal itself only keeps the place.
        if let Signal::Trouble(reason) = &mut signal
            && locked(&self.trouble).replace(std::mem::take(reason)).is_some()
        {
            return self.flush();
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
        locked(&self.gathered)
    }

    /// That nobody takes it is found by [`Sender::is_closed`].
    fn hand_over(&self, mut gathered: MutexGuard<'_, Vec<Signal>>) {
        let _ = self.sender.send(std::mem::take(&mut *gathered));
    }
}

pub(crate) struct Receiver {
    receiver: mpsc::UnboundedReceiver<Vec<Signal>>,
    /// Signals that were handed over together with the last one that was taken.
    waiting: vec::IntoIter<Signal>,
    budget: Arc<Budget>,
    revocations: Revocations,
    trouble: Trouble,
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
        let mut signal = self.waiting.next()?;
        match &mut signal {
            Signal::Delivery(delivery) => self.budget.give_back(delivery.bytes()),
            Signal::Revoked(partitions) => self.revocations.taken(partitions),
            Signal::Trouble(reason) => *reason = locked(&self.trouble).take().unwrap_or_default(),
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

    #[test]
    fn of_trouble_that_waits_the_newest_is_left() {
        let (sender, mut receiver) = channel(&Arc::new(Budget::new(usize::MAX)));
        let trouble = |reason: &str| Signal::Trouble(reason.to_owned());
        let is_trouble = |signal: Option<Signal>, with: &str| matches!(signal, Some(Signal::Trouble(reason)) if reason == with);
        for reason in ["first", "second", "third"] {
            sender.say(trouble(reason));
            sender.gather(delivery(0));
        }
        sender.say(trouble("newest"));
        assert!(is_trouble(receiver.try_next(), "newest"));
        for _ in 0..3 {
            assert!(matches!(receiver.try_next(), Some(Signal::Delivery(_))));
        }
        assert!(receiver.try_next().is_none());
        sender.say(trouble("later"));
        assert!(is_trouble(receiver.try_next(), "later"));
        assert!(receiver.try_next().is_none());
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

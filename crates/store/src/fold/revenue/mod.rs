//! What shops take in, by bucket, currency and location: orders, payments and refunds, to the last digit.

mod hour;
mod said;

use std::collections::{BTreeMap, HashMap};
use std::ops::{AddAssign, SubAssign};

use super::orders::{Order, OrderHash, Orders};
use super::{Held, TooMuch};
use crate::money::Money;

pub(crate) use hour::{Hour, QUARTER_MS};
pub(crate) use said::Said;

/// The names of the events that it is made of.
pub(crate) const NAMES: [&str; 3] = ["order.created", "payment.processed", "payment.refunded"];

/// What is summed up together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// When the bucket begins, in milliseconds.
    pub(crate) start: i64,
    /// Empty if nobody says.
    pub(crate) currency: String,
    /// Empty if nobody says, and everywhere where locations are not told apart.
    pub(crate) location_id: String,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Of all kinds.
    pub(crate) events: u64,
    pub(crate) orders: u64,
    pub(crate) revenue: Money,
    pub(crate) paid: Money,
    pub(crate) refunded: Money,
    /// Events whose amount can't be read.
    pub(crate) unreadable: u64,
}

/// A payment or a refund that may take something from its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) order: OrderHash,
    /// Among which sums it is by its own words.
    pub(crate) entry: u32,
    pub(crate) part: Part,
    pub(crate) amount: Money,
}

/// What a payment or a refund adds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Paid,
    Refunded,
    /// Its amount can't be read.
    Unreadable,
}

/// Sums that grow event by event, or hour by hour. Each event is among those of its own words, until the orders are
/// known: then those that lack something are moved.
#[derive(Default)]
pub(crate) struct Revenue {
    by_location: bool,
    entries: Vec<(Key, Sums)>,
    places: HashMap<Key, u32>,
    waiting: Vec<Waiting>,
    held: Held,
}

impl Revenue {
    pub(crate) fn new(by_location: bool) -> Self {
        Self { by_location, ..Self::default() }
    }

    /// Whether locations are told apart.
    pub(crate) fn is_by_location(&self) -> bool {
        self.by_location
    }

    /// Adds what an event says to the bucket that begins then, and returns its entry.
    pub(crate) fn add(&mut self, start: i64, said: &Said<'_>) -> Result<u32, TooMuch> {
        let key =
            Key { start, currency: said.currency.to_string(), location_id: said.location_id.to_string() };
        let entry = self.sum(key, said.sums())?;
        if let Some((order, part)) = said.order.zip(said.part()) {
            self.wait(Waiting { order, entry, part, amount: said.amount.unwrap_or_default() })?;
        }
        Ok(entry)
    }

    /// Adds what events of one key come to, and returns their entry.
    fn sum(&mut self, mut key: Key, sums: Sums) -> Result<u32, TooMuch> {
        if !self.by_location {
            key.location_id.clear();
        }
        let entry = self.entry(key)?;
        if let Some((_, sum)) = at(&mut self.entries, entry) {
            *sum += sums;
        }
        Ok(entry)
    }

    /// The entry of a key.
    fn entry(&mut self, key: Key) -> Result<u32, TooMuch> {
        if let Some(entry) = self.places.get(&key) {
            return Ok(*entry);
        }
        // It is held twice.
        let Key { currency, location_id, .. } = &key;
        self.held.add([currency.as_str(), location_id, currency, location_id])?;
        self.held.bytes(size_of::<(Key, Sums)>())?;
        let entry = u32::try_from(self.entries.len()).map_err(|_| TooMuch)?;
        self.entries.push((key.clone(), Sums::default()));
        self.places.insert(key, entry);
        Ok(entry)
    }

    /// Adds a payment or a refund of an entry, if that lacks something.
    fn wait(&mut self, waiting: Waiting) -> Result<(), TooMuch> {
        if at(&mut self.entries, waiting.entry).is_some_and(|(key, _)| key.lacks_something(self.by_location))
        {
            self.held.bytes(size_of::<Waiting>())?;
            self.waiting.push(waiting);
        }
        Ok(())
    }

    /// The orders of payments and refunds that lack something, each as often as there are such.
    pub(crate) fn wanted(&self) -> impl ExactSizeIterator<Item = OrderHash> {
        self.waiting.iter().map(|waiting| waiting.order)
    }

    /// The sums, given what is known of orders.
    pub(crate) fn sums(mut self, orders: &Orders) -> Result<BTreeMap<Key, Sums>, TooMuch> {
        // Where what is of an entry goes if its order says what is at a place.
        let mut moves: HashMap<(u32, u32), u32> = HashMap::new();
        for waiting in std::mem::take(&mut self.waiting) {
            let Some(place) = orders.place_of(waiting.order) else { continue };
            let Waiting { entry: from, .. } = waiting;
            let to = match moves.get(&(from, place)) {
                Some(to) => *to,
                None => {
                    let Some((key, _)) = at(&mut self.entries, from) else { continue };
                    let mut key = key.clone();
                    key.take(orders.at(place), self.by_location);
                    let to = self.entry(key)?;
                    moves.insert((from, place), to);
                    to
                }
            };
            let sums = waiting.sums();
            if let Some((_, sum)) = at(&mut self.entries, from) {
                *sum -= sums;
            }
            if let Some((_, sum)) = at(&mut self.entries, to) {
                *sum += sums;
            }
        }
        Ok(self.entries.into_iter().filter(|(_, sums)| sums.events > 0).collect())
    }
}

fn at<T>(all: &mut [T], place: u32) -> Option<&mut T> {
    all.get_mut(usize::try_from(place).ok()?)
}

impl Key {
    fn lacks_something(&self, by_location: bool) -> bool {
        self.currency.is_empty() || by_location && self.location_id.is_empty()
    }

    /// Takes what it lacks from an order.
    fn take(&mut self, order: Option<&Order>, by_location: bool) {
        let Some(order) = order else { return };
        if self.currency.is_empty() {
            self.currency.clone_from(&order.currency);
        }
        if by_location && self.location_id.is_empty() {
            self.location_id.clone_from(&order.location_id);
        }
    }
}

impl Waiting {
    fn sums(&self) -> Sums {
        let sums = Sums { events: 1, ..Sums::default() };
        match self.part {
            Part::Paid => Sums { paid: self.amount, ..sums },
            Part::Refunded => Sums { refunded: self.amount, ..sums },
            Part::Unreadable => Sums { unreadable: 1, ..sums },
        }
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.orders += other.orders;
        self.revenue += other.revenue;
        self.paid += other.paid;
        self.refunded += other.refunded;
        self.unreadable += other.unreadable;
    }
}

impl SubAssign for Sums {
    fn sub_assign(&mut self, other: Self) {
        self.events -= other.events;
        self.orders -= other.orders;
        self.revenue = self.revenue - other.revenue;
        self.paid = self.paid - other.paid;
        self.refunded = self.refunded - other.refunded;
        self.unreadable -= other.unreadable;
    }
}

#[cfg(test)]
mod tests;

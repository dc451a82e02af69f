//! What orders say of their payments and refunds.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use sha2::{Digest, Sha256};

use super::{Held, TooMuch};

const HOUR_MS: i64 = 3_600_000;

/// An order by its id: the first 8 bytes of the id's SHA-256 as a number with the first byte in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct OrderHash(pub(crate) u64);

impl OrderHash {
    /// Of an id; none of an empty one.
    pub(crate) fn of(order_id: &str) -> Option<Self> {
        let number = |digest: &[u8]| digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        (!order_id.is_empty()).then(|| Self(number(&Sha256::digest(order_id))))
    }
}

/// Something of the first order of each id. Orders of one hour are added in the order of events.
#[derive(Default)]
pub(crate) struct Firsts {
    /// The order's hour since 1970, and what it is.
    of: HashMap<OrderHash, (u32, u32), BuildHasherDefault<AsItIs>>,
    held: Held,
}

impl Firsts {
    /// Memory of one, in bytes.
    const BYTES: usize = 32;

    /// Adds an order of any millisecond of its hour.
    pub(crate) fn add(&mut self, order: OrderHash, at_ms: i64, what: u32) -> Result<(), TooMuch> {
        let hour = u32::try_from(at_ms / HOUR_MS).unwrap_or_default();
        match self.of.get_mut(&order) {
            Some(first) if first.0 <= hour => {}
            Some(first) => *first = (hour, what),
            None => {
                self.held.bytes(Self::BYTES)?;
                self.of.insert(order, (hour, what));
            }
        }
        Ok(())
    }

    /// What the first order of an id is.
    pub(crate) fn get(&self, order: OrderHash) -> Option<u32> {
        self.of.get(&order).map(|(_, what)| *what)
    }

    /// All of them, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (OrderHash, u32)> {
        self.of.iter().map(|(order, (_, what))| (*order, *what))
    }
}

/// What an order says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Order {
    pub(crate) currency: String,
    pub(crate) location_id: String,
}

/// What the first order of each id says.
#[derive(Default)]
pub(crate) struct Orders {
    firsts: Firsts,
    /// Different orders say the same: a few currencies and locations.
    said: Vec<Order>,
    places: HashMap<Order, u32>,
    held: Held,
}

impl Orders {
    /// The place of what an order says.
    pub(crate) fn place(&mut self, currency: &str, location_id: &str) -> Result<u32, TooMuch> {
        let said = Order { currency: currency.to_owned(), location_id: location_id.to_owned() };
        if let Some(place) = self.places.get(&said) {
            return Ok(*place);
        }
        // It is held twice.
        self.held.add([currency, location_id, currency, location_id])?;
        let place = u32::try_from(self.said.len()).map_err(|_| TooMuch)?;
        self.said.push(said.clone());
        self.places.insert(said, place);
        Ok(place)
    }

    /// Adds an order of any millisecond of its hour, which says what is at a place.
    pub(crate) fn add(&mut self, order: OrderHash, at_ms: i64, place: u32) -> Result<(), TooMuch> {
        self.firsts.add(order, at_ms, place)
    }

    /// The place of what the first order of an id says.
    pub(super) fn place_of(&self, order: OrderHash) -> Option<u32> {
        self.firsts.get(order)
    }

    /// What is at a place.
    pub(super) fn at(&self, place: u32) -> Option<&Order> {
        self.said.get(usize::try_from(place).ok()?)
    }
}

/// Which orders are looked for.
pub(crate) enum Wanted {
    /// Those.
    Few(BTreeSet<OrderHash>),
    /// Those, and some that pass for them.
    Many(Sieve),
}

impl Wanted {
    /// As many as are named in a question; each takes 20 bytes of an address that may have 64 KiB.
    const MOST_NAMED: usize = 2_000;

    /// These, each as often as one likes.
    pub(crate) fn of(orders: impl ExactSizeIterator<Item = OrderHash>) -> Self {
        if orders.len() <= Self::MOST_NAMED {
            return Self::Few(orders.collect());
        }
        let mut sieve = Sieve::new(orders.len());
        orders.for_each(|order| sieve.insert(order));
        Self::Many(sieve)
    }

    /// Whether an order is one of them, or passes for one.
    pub(crate) fn has(&self, order: OrderHash) -> bool {
        match self {
            Self::Few(few) => few.contains(&order),
            Self::Many(sieve) => sieve.passes(order),
        }
    }
}

/// A bit for each order of a set, which others may share.
pub(crate) struct Sieve(Vec<u64>);

impl Sieve {
    /// Bits for each of the set, so that one in so many others passes.
    const BITS: usize = 16;

    fn new(count: usize) -> Self {
        Self(vec![0; (count * Self::BITS).div_ceil(64).next_power_of_two()])
    }

    fn insert(&mut self, order: OrderHash) {
        let (word, bit) = self.place(order);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn passes(&self, order: OrderHash) -> bool {
        let (word, bit) = self.place(order);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    fn place(&self, OrderHash(hash): OrderHash) -> (usize, u64) {
        let word = usize::try_from(hash >> 6).unwrap_or_default() & (self.0.len() - 1);
        (word, 1 << (hash & 63))
    }
}

/// A hash is its own hash.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_orders_of_one_id_the_first_counts() {
        let mut firsts = Firsts::default();
        let hour = HOUR_MS;
        for (at_ms, what) in [(2 * hour + 1, 1), (2 * hour, 2), (hour + 9, 3), (hour, 4), (3 * hour, 5)] {
            firsts.add(OrderHash(9), at_ms, what).unwrap();
        }
        assert_eq!(firsts.get(OrderHash(9)), Some(3));
        assert_eq!(firsts.get(OrderHash(8)), None);
    }

    #[test]
    fn orders_are_told_apart_by_the_sha_256_of_their_ids() {
        // printf o-1 | sha256sum
        assert_eq!(OrderHash::of("o-1"), Some(OrderHash(0x5cbd_cb74_2069_a582)));
        assert_eq!(OrderHash::of(""), None);
    }

    #[test]
    fn what_is_looked_for_passes_and_little_else() {
        let hash = |n: u64| OrderHash::of(&n.to_string()).unwrap();
        for (count, most_others) in [(2_000, 0), (3_000, 1_000)] {
            let wanted = Wanted::of((0..count).map(hash).collect::<Vec<_>>().into_iter());
            assert!((0..count).all(|n| wanted.has(hash(n))));
            let others = (count..count + 10_000).filter(|n| wanted.has(hash(*n))).count();
            assert!(others <= most_others, "{others}");
        }
    }
}

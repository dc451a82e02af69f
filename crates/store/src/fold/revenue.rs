//! What shops take in, by bucket, currency and location: orders, payments and refunds, to the last digit.

use std::collections::{BTreeMap, HashMap};

use model::Text;

use super::{Held, TooMuch};
use crate::money::Money;
use crate::typed::Fields;

/// The names of the events that it is made of.
pub(crate) const NAMES: [&str; 3] = ["order.created", "payment.processed", "payment.refunded"];

/// What is summed up together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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
    pub(crate) orders: u64,
    pub(crate) revenue: Money,
    pub(crate) paid: Money,
    pub(crate) refunded: Money,
    /// Events whose amount can't be read.
    pub(crate) unreadable: u64,
}

/// What is known of an order where its payments don't say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) currency: String,
    pub(crate) location_id: String,
}

/// Sums that grow event by event.
#[derive(Default)]
pub(crate) struct Revenue {
    by_location: bool,
    sums: BTreeMap<Key, Sums>,
    /// Payments and refunds that take something from their order.
    waiting: Vec<Waiting>,
    held: Held,
}

struct Waiting {
    key: Key,
    order_id: String,
    sums: Sums,
}

impl Revenue {
    pub(crate) fn new(by_location: bool) -> Self {
        Self { by_location, ..Self::default() }
    }

    /// Adds an event of one of the [`NAMES`] to the bucket that begins then.
    pub(crate) fn add(&mut self, start: i64, event_name: &str, properties: &str) -> Result<(), TooMuch> {
        let fields = Fields::of(properties);
        let mut sums = Sums::default();
        let amount = match event_name {
            "order.created" => {
                sums.orders = 1;
                fields.money("total_amount").inspect(|amount| sums.revenue = *amount)
            }
            "payment.processed" => fields.money("amount").inspect(|amount| sums.paid = *amount),
            _ => fields.money("refund_amount").inspect(|amount| sums.refunded = *amount),
        };
        sums.unreadable = u64::from(amount.is_none());
        let key = Key {
            start,
            currency: fields.text("currency").to_string(),
            location_id: if self.by_location {
                fields.text("location_id").to_string()
            } else {
                String::new()
            },
        };
        let order_id = if sums.orders == 0 { fields.text("order_id") } else { Text::default() };
        let complete = !key.currency.is_empty() && (!self.by_location || !key.location_id.is_empty());
        if complete || order_id.is_empty() {
            if !self.sums.contains_key(&key) {
                self.held.add([key.currency.as_str(), &key.location_id])?;
            }
            self.sums.entry(key).or_default().add(sums);
        } else {
            self.held.add([key.currency.as_str(), &key.location_id, &*order_id])?;
            self.waiting.push(Waiting { key, order_id: order_id.to_string(), sums });
        }
        Ok(())
    }

    /// Whether payments or refunds take something from their orders.
    pub(crate) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The sums, given what is known of orders by their ids.
    pub(crate) fn sums(mut self, orders: &HashMap<String, Order>) -> BTreeMap<Key, Sums> {
        for Waiting { mut key, order_id, sums } in self.waiting {
            if let Some(order) = orders.get(&order_id) {
                if key.currency.is_empty() {
                    key.currency.clone_from(&order.currency);
                }
                if self.by_location && key.location_id.is_empty() {
                    key.location_id.clone_from(&order.location_id);
                }
            }
            self.sums.entry(key).or_default().add(sums);
        }
        self.sums
    }
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.orders += other.orders;
        self.revenue += other.revenue;
        self.paid += other.paid;
        self.refunded += other.refunded;
        self.unreadable += other.unreadable;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        Money::read(text).unwrap()
    }

    fn key(start: i64, currency: &str, location_id: &str) -> Key {
        Key { start, currency: currency.into(), location_id: location_id.into() }
    }

    const EVENTS: [(i64, &str, &str); 7] = [
        (
            0,
            "order.created",
            r#"{"order_id":"o-1","total_amount":"64.32","currency":"EUR","location_id":"k"}"#,
        ),
        (0, "order.created", r#"{"order_id":"o-2","total_amount":12345678901234.5678,"currency":"EUR"}"#),
        (0, "order.created", r#"{"order_id":"o-3","total_amount":"1,234.50","currency":"USD"}"#),
        (0, "payment.processed", r#"{"order_id":"o-1","amount":64.32}"#),
        (9, "payment.processed", r#"{"order_id":"o-9","amount":1,"location_id":"m"}"#),
        (9, "payment.refunded", r#"{"order_id":"o-1","refund_amount":"19.47","location_id":"m"}"#),
        (9, "payment.refunded", r#"{"order_id":"o-1","currency":"USD"}"#),
    ];

    fn sums(by_location: bool) -> Vec<(Key, Sums)> {
        let mut revenue = Revenue::new(by_location);
        for (start, name, properties) in EVENTS {
            revenue.add(start, name, properties).unwrap();
        }
        assert!(revenue.waits());
        let order = Order { currency: "EUR".into(), location_id: "k".into() };
        revenue.sums(&HashMap::from([("o-1".to_owned(), order)])).into_iter().collect()
    }

    #[test]
    fn amounts_add_up_by_bucket_and_currency() {
        let none = Sums::default();
        assert_eq!(
            sums(false),
            [
                (
                    key(0, "EUR", ""),
                    Sums { orders: 2, revenue: money("12345678901298.8878"), paid: money("64.32"), ..none }
                ),
                (key(0, "USD", ""), Sums { orders: 1, unreadable: 1, ..none }),
                (key(9, "", ""), Sums { paid: money("1"), ..none }),
                (key(9, "EUR", ""), Sums { refunded: money("19.47"), ..none }),
                (key(9, "USD", ""), Sums { unreadable: 1, ..none }),
            ]
        );
    }

    #[test]
    fn a_payment_takes_what_it_lacks_from_its_order() {
        let places = sums(true).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        let expected = [
            key(0, "EUR", ""),
            key(0, "EUR", "k"),
            key(0, "USD", ""),
            key(9, "", "m"),
            key(9, "EUR", "m"),
            key(9, "USD", "k"),
        ];
        assert_eq!(places, expected);
    }
}

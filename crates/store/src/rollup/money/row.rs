//! An hour as a row of `rollup_money`.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::fold::orders::OrderHash;
use crate::fold::revenue::{Hour, Key, Part, Sums, Waiting};
use crate::money::Money;

/// An element of `entries`: quarter, currency, location, events, orders, revenue, paid, refunded, unreadable.
pub(super) type Entry<'a> = (u8, &'a str, &'a str, u64, u64, i128, i128, i128, u64);

/// An element of `no_currency` or `no_location`: order, entry, part, amount.
pub(super) type Waits = (u64, u32, u8, i128);

/// All columns, in the order of the table.
#[derive(PartialEq, Row, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct MoneyRow<'a> {
    tenant: &'a str,
    hour: u32,
    pub(super) covered: u64,
    entries: Vec<Entry<'a>>,
    no_currency: Vec<Waits>,
    no_location: Vec<Waits>,
    /// Ascending.
    orders: Vec<(u64, u32)>,
}

impl<'a> MoneyRow<'a> {
    pub(super) fn new(tenant: &'a str, hour: u32, covered: u64, fold: &'a Hour) -> Self {
        let entries = fold.entries();
        let has_currency = |waiting: &&Waiting| {
            let entry = usize::try_from(waiting.entry).ok().and_then(|entry| entries.get(entry));
            entry.is_some_and(|(key, _)| !key.currency.is_empty())
        };
        let (no_location, no_currency): (Vec<_>, Vec<_>) = fold.waiting().iter().partition(has_currency);
        let mut orders: Vec<_> = fold.orders().map(|(OrderHash(order), entry)| (order, entry)).collect();
        orders.sort_unstable();
        let waits = |waiting: Vec<&Waiting>| waiting.into_iter().map(waits).collect();
        Self {
            tenant,
            hour,
            covered,
            entries: entries.iter().map(entry).collect(),
            no_currency: waits(no_currency),
            no_location: waits(no_location),
            orders,
        }
    }
}

fn entry((key, sums): &(Key, Sums)) -> Entry<'_> {
    (
        u8::try_from(key.start).unwrap_or_default(),
        &key.currency,
        &key.location_id,
        sums.events,
        sums.orders,
        sums.revenue.parts(),
        sums.paid.parts(),
        sums.refunded.parts(),
        sums.unreadable,
    )
}

/// What an element of `entries` stands for, in a bucket.
pub(super) fn entry_of(start: i64, entry: Entry<'_>) -> (Key, Sums) {
    let (_, currency, location_id, events, orders, revenue, paid, refunded, unreadable) = entry;
    let key = Key { start, currency: currency.to_owned(), location_id: location_id.to_owned() };
    let [revenue, paid, refunded] = [revenue, paid, refunded].map(Money::of_parts);
    (key, Sums { events, orders, revenue, paid, refunded, unreadable })
}

fn waits(waiting: &Waiting) -> Waits {
    let part = match waiting.part {
        Part::Paid => 0,
        Part::Refunded => 1,
        Part::Unreadable => 2,
    };
    (waiting.order.0, waiting.entry, part, waiting.amount.parts())
}

/// What an element of `no_currency` or `no_location` stands for.
pub(super) fn waiting_of((order, entry, part, amount): Waits) -> Waiting {
    let part = match part {
        0 => Part::Paid,
        1 => Part::Refunded,
        _ => Part::Unreadable,
    };
    Waiting { order: OrderHash(order), entry, part, amount: Money::of_parts(amount) }
}

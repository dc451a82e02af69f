//! Whatever hours are rolled up, sums are those of all events, told by a model that looks each order up by its id.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

#[derive(Clone, Debug)]
struct Event {
    at_ms: i64,
    name: &'static str,
    order: Option<u8>,
    currency: Option<&'static str>,
    location_id: Option<&'static str>,
    /// In ten-thousandths; none can't be read.
    amount: Option<i64>,
}

impl Event {
    fn properties(&self) -> String {
        let mut fields = Map::new();
        let mut field =
            |name: &str, value: Option<Value>| value.map(|value| fields.insert(name.to_owned(), value));
        field("order_id", self.order.map(|order| json!(format!("o-{order}"))));
        field("currency", self.currency.map(Value::from));
        field("location_id", self.location_id.map(Value::from));
        let amount =
            self.amount.map_or(json!("1,5"), |amount| json!(Money::of_parts(amount.into()).to_string()));
        for name in ["total_amount", "amount", "refund_amount"] {
            field(name, Some(amount.clone()));
        }
        Value::from(fields).to_string()
    }

    fn hour(&self) -> i64 {
        self.at_ms / HOUR_MS
    }

    /// A field, or else that of the first order of its id.
    fn says(&self, all: &[Event], field: impl Fn(&Event) -> Option<&'static str>) -> String {
        let is_its_order = |other: &&Event| other.name == NAMES[0] && other.order == self.order;
        let order = all.iter().filter(is_its_order).min_by_key(|order| order.at_ms);
        let of_order = || {
            let order = order.filter(|_| self.order.is_some() && self.name != NAMES[0]);
            order.and_then(&field)
        };
        field(self).or_else(of_order).unwrap_or_default().to_owned()
    }

    fn sums(&self) -> Sums {
        let amount = Money::of_parts(self.amount.unwrap_or_default().into());
        let mut sums = Sums { events: 1, unreadable: u64::from(self.amount.is_none()), ..Sums::default() };
        match self.name {
            "order.created" => (sums.orders, sums.revenue) = (1, amount),
            "payment.processed" => sums.paid = amount,
            _ => sums.refunded = amount,
        }
        sums
    }
}

/// What one asks about: from one hour up to another, with buckets of so many milliseconds.
#[derive(Clone, Debug)]
struct Asked {
    hours: std::ops::Range<i64>,
    bucket_ms: i64,
    by_location: bool,
}

impl Asked {
    fn start(&self, at_ms: i64) -> i64 {
        at_ms / self.bucket_ms * self.bucket_ms
    }

    fn of_all(&self, all: &[Event]) -> BTreeMap<Key, Sums> {
        let mut sums: BTreeMap<Key, Sums> = BTreeMap::new();
        for event in all.iter().filter(|event| self.hours.contains(&event.hour())) {
            let location_id = event.says(all, |event| event.location_id);
            let key = Key {
                start: self.start(event.at_ms),
                currency: event.says(all, |event| event.currency),
                location_id: if self.by_location { location_id } else { String::new() },
            };
            *sums.entry(key).or_default() += event.sums();
        }
        sums
    }

    /// With the events of some hours rolled up.
    fn with_rollups(&self, all: &[Event], rolled: &BTreeSet<i64>) -> BTreeMap<Key, Sums> {
        let (mut revenue, mut orders) = (Revenue::new(self.by_location), Orders::default());
        let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();
        for event in all {
            let (properties, counts) = (event.properties(), self.hours.contains(&event.hour()));
            let said = Said::of(event.name, &properties);
            if rolled.contains(&event.hour()) {
                hours.entry(event.hour()).or_default().add(event.at_ms % HOUR_MS, &said).unwrap();
                continue;
            }
            if counts {
                revenue.add(self.start(event.at_ms), &said).unwrap();
            }
            if let Some(order) = said.order.filter(|_| said.is_order()) {
                let place = orders.place(&said.currency, &said.location_id).unwrap();
                orders.add(order, event.at_ms, place).unwrap();
            }
        }
        for (hour, fold) in &hours {
            for (order, entry) in fold.orders() {
                let (key, _) = &fold.entries()[entry as usize];
                let place = orders.place(&key.currency, &key.location_id).unwrap();
                orders.add(order, hour * HOUR_MS, place).unwrap();
            }
            if self.hours.contains(hour) {
                let start = |quarter: i64| self.start(hour * HOUR_MS + quarter * QUARTER_MS);
                let of_bucket =
                    |(key, sums): &(Key, Sums)| (Key { start: start(key.start), ..key.clone() }, *sums);
                revenue
                    .add_hour(fold.entries().iter().map(of_bucket), fold.waiting().iter().copied())
                    .unwrap();
            }
        }
        revenue.sums(&orders).unwrap()
    }
}

fn event() -> impl Strategy<Value = Event> {
    let currency = option::of(prop_oneof![Just("EUR"), Just("USD")]);
    let location_id = option::of(prop_oneof![Just("k"), Just("m")]);
    let name = prop_oneof![Just(NAMES[0]), Just(NAMES[1]), Just(NAMES[2])];
    let amount = option::of(-1_000_000_000_000_i64..1_000_000_000_000);
    let at_ms = (0_i64..30, 0_i64..8, 0_i64..200)
        .prop_map(|(hour, part, ms)| hour * HOUR_MS + part * QUARTER_MS / 2 + ms);
    (at_ms, name, option::of(0_u8..5), currency, location_id, amount).prop_map(
        |(at_ms, name, order, currency, location_id, amount)| Event {
            at_ms,
            name,
            order,
            currency,
            location_id,
            amount,
        },
    )
}

fn asked() -> impl Strategy<Value = Asked> {
    let bucket_ms = prop_oneof![Just(QUARTER_MS), Just(HOUR_MS), Just(DAY_MS)];
    (0_i64..20, 1_i64..20, bucket_ms, any::<bool>()).prop_map(|(from, length, bucket_ms, by_location)| {
        Asked { hours: from..from + length, bucket_ms, by_location }
    })
}

proptest! {
    #[test]
    fn sums_are_the_same_whatever_is_rolled_up(
        mut events in vec(event(), 0..60), rolled in vec(any::<bool>(), 30), asked in asked(),
    ) {
        // The model knows the order of events by their times alone.
        events.sort_by_key(|event| event.at_ms);
        events.dedup_by_key(|event| event.at_ms);
        let rolled = (0_i64..).zip(&rolled).filter(|(_, is_rolled)| **is_rolled).map(|(hour, _)| hour).collect();
        prop_assert_eq!(asked.with_rollups(&events, &rolled), asked.of_all(&events));
    }
}

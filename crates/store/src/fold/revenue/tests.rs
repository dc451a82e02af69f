//! By hand, and against all events at once.

mod rolled;

use super::*;

fn money(text: &str) -> Money {
    Money::read(text).unwrap()
}

fn key(start: i64, currency: &str, location_id: &str) -> Key {
    Key { start, currency: currency.into(), location_id: location_id.into() }
}

const EVENTS: [(i64, &str, &str); 7] = [
    (0, "order.created", r#"{"order_id":"o-1","total_amount":"64.32","currency":"EUR","location_id":"k"}"#),
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
        revenue.add(start, &Said::of(name, properties)).unwrap();
    }
    assert!(revenue.wanted().any(|order| Some(order) == OrderHash::of("o-1")));
    let mut orders = Orders::default();
    let place = orders.place("EUR", "k").unwrap();
    orders.add(OrderHash::of("o-1").unwrap(), 0, place).unwrap();
    revenue.sums(&orders).unwrap().into_iter().collect()
}

#[test]
fn amounts_add_up_by_bucket_and_currency() {
    let none = Sums::default();
    assert_eq!(
        sums(false),
        [
            (
                key(0, "EUR", ""),
                Sums {
                    events: 3,
                    orders: 2,
                    revenue: money("12345678901298.8878"),
                    paid: money("64.32"),
                    ..none
                }
            ),
            (key(0, "USD", ""), Sums { events: 1, orders: 1, unreadable: 1, ..none }),
            (key(9, "", ""), Sums { events: 1, paid: money("1"), ..none }),
            (key(9, "EUR", ""), Sums { events: 1, refunded: money("19.47"), ..none }),
            (key(9, "USD", ""), Sums { events: 1, unreadable: 1, ..none }),
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

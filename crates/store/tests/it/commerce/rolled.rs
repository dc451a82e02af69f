//! Revenue of hours that are rolled up: whatever is dirty, the answers are those without.

use model::{Content, EventKey, Stored};
use serde_json::json;
use store::{Dirty, Interval, Read, Reading, Scope};

use super::{Shop, event, lines, sent};
use crate::database::{created, deleted, id_at, tenant, updated};

fn order(at: &str, properties: &str) -> (String, Content<'static>) {
    sent(at, "u-1", "order.created", properties)
}

fn refund(at: &str, properties: &str) -> (String, Content<'static>) {
    sent(at, "u-1", "payment.refunded", properties)
}

impl Shop {
    /// Rolls up the dirty hours that are chosen.
    async fn roll_up(&self, chosen: impl Fn(&Dirty) -> bool) {
        let dirty = self.database.store.dirty_hours(10_000).await.unwrap();
        for name in ["acme", "globex"] {
            let hours = dirty.iter().filter(|dirty| dirty.hour.tenant.as_str() == name && chosen(dirty));
            self.database.store.roll_up(&hours.cloned().collect::<Vec<_>>()).await.unwrap();
        }
    }

    /// What was read for the answers, which are the same as those by events alone, in all the ways that one can ask.
    async fn same_as_without(&self, interval: Interval) -> Read {
        let (acme, mut read) = (tenant("acme"), Read::default());
        for (from, to) in [("2026-03-29", "2026-04-01"), ("2026-03-29T10:20:30Z", "2026-03-30T10:00:00.001Z")]
        {
            for zone in ["UTC", "Europe/Berlin", "Asia/Kathmandu"] {
                let asked = self.asked(from, to, zone, interval).await;
                for by_location in [false, true] {
                    let ask = async |reading| {
                        let scope = Scope { reading, ..self.scope(&acme, &asked) };
                        self.database.store.revenue(&scope, &asked.grid, by_location).await.unwrap()
                    };
                    let raw = ask(Reading::Raw).await;
                    assert_eq!(raw.read, Read::default());
                    for reading in [Reading::Bounded, Reading::Exact] {
                        let found = ask(reading).await;
                        assert_eq!(
                            lines(&found.data),
                            lines(&raw.data),
                            "{from} {zone} {by_location} {reading:?}"
                        );
                        read = read.and(found.read);
                    }
                }
            }
        }
        read
    }

    async fn insert(&self, rows: &[(EventKey, Stored<'static>)]) {
        self.database.store.insert(rows).await.unwrap();
    }
}

/// What floats get wrong, what can't be read, and what others have to say.
fn events() -> Vec<(String, Content<'static>)> {
    vec![
        order(
            "2026-03-29T10:00:00Z",
            r#"{"order_id":"o-1","total_amount":"0.1","currency":"EUR","location_id":"k"}"#,
        ),
        order("2026-03-29T10:14:59.999Z", r#"{"order_id":"o-2","total_amount":0.2,"currency":"EUR"}"#),
        order(
            "2026-03-29T10:15:00Z",
            r#"{"order_id":"o-3","total_amount":12345678901234.5678,"currency":"EUR"}"#,
        ),
        order(
            "2026-03-29T10:45:00Z",
            r#"{"order_id":"o-4","total_amount":-99999999999999999999.9999,"currency":"USD"}"#,
        ),
        order(
            "2026-03-29T11:00:00Z",
            r#"{"order_id":"o-5","total_amount":null,"currency":"USD","location_id":"m"}"#,
        ),
        order("2026-03-29T11:00:00Z", r#"{"order_id":"o-6","total_amount":"1,5"}"#),
        order("2026-03-29T11:30:00Z", r#"{"total_amount":3}"#),
        // Twice: the first of them counts for what is of it.
        order(
            "2026-03-29T12:00:00Z",
            r#"{"order_id":"o-7","total_amount":1,"currency":"CHF","location_id":"z"}"#,
        ),
        order(
            "2026-03-30T12:00:00Z",
            r#"{"order_id":"o-7","total_amount":1,"currency":"EUR","location_id":"k"}"#,
        ),
        order("2026-03-30T12:00:01Z", r#"{"order_id":"o-8","total_amount":1,"currency":"CHF"}"#),
        order("2026-03-30T12:00:02Z", r#"{"order_id":"o-8","total_amount":1,"currency":"EUR"}"#),
        // Ids are texts, or the digits of numbers.
        order(
            "2026-01-01T00:00:00Z",
            r#"{"order_id":1002,"total_amount":5,"currency":"USD","location_id":"nyc"}"#,
        ),
        order("2026-01-01T00:00:01Z", r#"{"order_id":"1.50","total_amount":5,"currency":"SEK"}"#),
        order(
            "2026-01-01T00:00:02Z",
            r#"{"order_id":12345678901234567890123,"total_amount":5,"currency":"NOK"}"#,
        ),
        order(
            "2026-04-20T00:00:00Z",
            r#"{"order_id":"late","total_amount":5,"currency":"DKK","location_id":"cph"}"#,
        ),
        event(
            "2026-03-29T13:00:00Z",
            "u-1",
            "payment.processed",
            json!({"order_id": "o-1", "amount": "0.3", "currency": "EUR"}),
        ),
        event("2026-03-29T13:00:00Z", "u-1", "payment.processed", json!({"order_id": "o-5", "amount": 0})),
        event("2026-03-29T13:00:00Z", "u-1", "payment.failed", json!({"order_id": "o-5", "amount": 7})),
        refund("2026-03-29T13:59:59.999Z", r#"{"order_id":"o-1","refund_amount":"0.01"}"#),
        refund("2026-03-29T14:00:00Z", r#"{"order_id":"o-7","refund_amount":"x"}"#),
        refund("2026-03-30T13:00:00Z", r#"{"order_id":"o-8","refund_amount":2}"#),
        refund("2026-03-30T13:00:00Z", r#"{"order_id":"1002","refund_amount":5,"location_id":"sf"}"#),
        refund("2026-03-30T13:00:00Z", r#"{"order_id":1.50,"refund_amount":5}"#),
        refund("2026-03-30T13:00:00Z", r#"{"order_id":"12345678901234567890123","refund_amount":5}"#),
        refund("2026-03-30T13:00:00Z", r#"{"order_id":"late","refund_amount":1}"#),
        refund("2026-03-30T13:00:00Z", r#"{"order_id":"none","refund_amount":6}"#),
        refund("2026-03-30T13:00:00Z", r#"{"refund_amount":7}"#),
    ]
}

#[tokio::test]
async fn revenue_is_the_same_whatever_is_rolled_up() {
    let shop = Shop::with(events()).await;
    let of = |at: &str, properties: &str| {
        (EventKey { tenant: tenant("acme"), id: id_at(at) }, order(at, properties).1)
    };
    let (moved, moved_says) =
        of("2026-03-29T09:00:00Z", r#"{"order_id":"o-9","total_amount":9,"currency":"EUR"}"#);
    let (gone, gone_says) = of(
        "2026-03-28T09:00:00Z",
        r#"{"order_id":"o-1","total_amount":9,"currency":"JPY","location_id":"t"}"#,
    );
    let (of_moved, of_moved_says) =
        (id_at("2026-03-30T08:00:00Z"), refund("", r#"{"order_id":"o-9","refund_amount":4}"#).1);
    let of_moved = EventKey { tenant: tenant("acme"), id: of_moved };
    let others = [
        created(&moved, 100, moved_says),
        created(&gone, 101, gone_says),
        created(&of_moved, 102, of_moved_says),
    ];
    shop.insert(&others).await;

    let read = shop.same_as_without(Interval::Day).await;
    assert_eq!(read.rolled_hours, 0);
    // Orders and what is of them on both sides.
    for rolled in [0, 1, 2] {
        shop.roll_up(|dirty| dirty.hour.start / 3_600 % 3 == rolled).await;
        let read = shop.same_as_without(Interval::Hour).await;
        assert!(read.rolled_hours > 0 && read.stale_hours == 0, "{read:?}");
    }
    assert_eq!(shop.database.store.dirty_hours(10).await.unwrap(), []);
    shop.same_as_without(Interval::Day).await;
    shop.same_as_without(Interval::Week).await;
    assert_eq!(shop.same_as_without(Interval::Minute).await.rolled_hours, 0, "they have no minutes");

    let says = order("", r#"{"order_id":"o-9","total_amount":9,"currency":"USD","location_id":"m"}"#).1;
    shop.insert(&[updated(&moved, 103, says)]).await;
    shop.same_as_without(Interval::Day).await;
    shop.insert(&[deleted(&gone, 104)]).await;
    shop.same_as_without(Interval::Day).await;
    shop.roll_up(|_| true).await;
    shop.same_as_without(Interval::Day).await;
    let empty = "SELECT covered, entries, orders FROM {db}.rollup_money FINAL
        WHERE tenant = 'acme' AND hour = '2026-03-28 09:00:00'";
    assert_eq!(shop.database.sql(empty).await, "2\t[]\t[]", "an hour without events has a row too");
}

/// As a consumer may have left it that died between the two, or an older one.
#[tokio::test]
async fn an_hour_whose_money_is_not_rolled_up_as_far_is_read_from_its_events() {
    let shop = Shop::with(events()).await;
    shop.roll_up(|_| true).await;
    let clean = shop.same_as_without(Interval::Day).await;
    let hours = "hour IN ('2026-03-29 10:00:00', '2026-03-29 13:00:00')";
    let gone = format!("ALTER TABLE {{db}}.rollup_money DELETE WHERE {hours} SETTINGS mutations_sync = 1");
    shop.database.sql(&gone).await;
    let older =
        "INSERT INTO {db}.rollup_money (tenant, hour, covered) VALUES ('acme', '2026-03-29 10:00:00', 0)";
    shop.database.sql(older).await;
    let read = shop.same_as_without(Interval::Day).await;
    assert!(read.live_hours > clean.live_hours, "{read:?} {clean:?}");
}

//! `/analytics/…` of shops: that each question is asked as its parameters say, and answered in its shape.

use insta::assert_snapshot;
use model::{Content, Event, Operation, Source, Tenant, Timestamp};
use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::id_at;

/// The day of 23 hours in Berlin.
const DAY: &str = "from=2026-03-29&to=2026-03-30&timezone=Europe/Berlin";

async fn say(app: &App, at: &str, user: &str, event_name: &str, properties: Value) {
    let at = Timestamp::parse(at).unwrap();
    let event = Event {
        tenant: Tenant::default(),
        id: id_at(at),
        received_at: at,
        updated_at: at,
        source: Source::Redis,
        content: Content {
            event_name: event_name.to_owned().into(),
            user_id: user.to_owned().into(),
            properties: serde_json::from_str::<model::JsonText<'_>>(&properties.to_string())
                .unwrap()
                .into_owned(),
            ..Content::default()
        },
    };
    app.publish(&Operation::Create(Box::new(event))).await;
}

/// A visitor becomes a customer of a shop whose mugs run short.
async fn shop() -> App {
    let app = App::start().await;
    let mug =
        json!({"product_id": "p-1", "sku": "MUG", "name": "Mug", "quantity": 3, "total_price": "44.85"});
    let order = json!({
        "order_id": "o-1", "total_amount": "12345678901234.5678", "currency": "EUR", "location_id": "k", "items": [mug],
    });
    let stock = |quantity| json!({"product_id": "p-1", "sku": "MUG", "current_quantity": quantity});
    let at = |time: &str| format!("2026-03-{time}Z");
    let place = json!({"referral_source": "newsletter", "location": {"country": "DE", "city": "Köln"}});
    say(&app, &at("28T20:00:00"), "ada", "user.registered", json!({})).await;
    say(&app, &at("28T23:00:00"), "ada", "user.registered", place).await;
    say(&app, &at("28T23:10:00"), "ada", "user.logged_in", json!({})).await;
    say(&app, &at("28T23:20:00"), "ada", "order.created", order).await;
    say(&app, &at("28T23:21:00"), "ada", "payment.processed", json!({"order_id": "o-1", "amount": 5})).await;
    say(&app, &at("29T12:00:00"), "", "inventory.low_stock", stock(2)).await;
    say(&app, &at("29T13:00:00"), "", "inventory.restocked", stock(40)).await;
    say(&app, &at("29T22:00:00"), "ada", "order.created", json!({})).await;
    app.settled().await;
    app
}

#[tokio::test]
async fn each_question_is_answered_in_its_shape() {
    let app = shop().await;
    let mut shown = String::new();
    for question in [
        "revenue?by=location",
        "revenue?interval=day",
        "products?order=units&limit=5",
        "conversion?window=1h&abandon_after=1m",
        "inventory?dead_after=1h&limit=10",
        "sessions?interval=day",
        "active-users?",
        "retention?by=first_seen&period=week&periods=1",
        "acquisition?interval=month",
        "heatmap?",
        "geography?limit=1",
        "operations?interval=day",
    ] {
        let answer = app.get(&format!("/analytics/{question}&{DAY}")).await;
        shown += &format!("{question}\n{}\n\n", answer.shown());
    }
    assert_snapshot!(shown);
}

#[tokio::test]
async fn what_can_not_be_meant_is_named() {
    let app = App::start_writes_only().await;
    for (path, error) in [
        ("revenue?by=country", "by must be location"),
        ("products?order=price", "order must be revenue or units"),
        ("products?limit=0", "limit must be a positive integer"),
        ("geography?limit=10001", "limit must be a positive integer of at most 10000"),
        ("inventory?limit=1001", "limit must be a positive integer of at most 1000"),
        (
            "inventory?dead_after=soon",
            "dead_after must be a number of ms, s, m, h, d or w, such as 24h, and at most 366d",
        ),
        (
            "conversion?abandon_after=0h",
            "abandon_after must be a number of ms, s, m, h, d or w, such as 24h, and at most 366d",
        ),
        (
            "conversion?window=367d",
            "window must be a number of ms, s, m, h, d or w, such as 24h, and at most 366d",
        ),
        ("retention?by=age", "by must be registered or first_seen"),
        ("retention?period=hour", "period must be day or week or month"),
        ("retention?periods=91", "periods must be a positive integer of at most 90"),
        ("sessions?week_start=friday", "week_start must be monday or sunday"),
    ] {
        app.get(&format!("/analytics/{path}")).await.refuses(400, "invalid_field", error);
    }
}

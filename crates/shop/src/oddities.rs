//! What happens seldom in a shop and must be counted right all the same.

use super::SECOND;
use super::agenda::Agenda;
use super::event::Event;
use super::money::{LONG, plain};
use super::object::{Object, list};

/// Enters a payment of an order that nobody has seen, an order with more digits than a float holds, one without
/// items, and one with an item that says nothing of its price and number.
pub(super) fn enter(at: i64, day: i64, agenda: &mut Agenda) {
    let [number, text] = LONG;
    let mut event = |at, name, properties: Object| {
        let conversation_id = format!("odd-{day}");
        agenda.event(Event { at, name, conversation_id, properties: properties.close(), ..Event::default() });
    };
    let lost = Object::new().text("payment_id", &format!("lost-{day}")).text("order_id", "of another shop");
    event(at, "payment.processed", lost.raw("amount", plain(1_234)));

    let order = |name: &str| {
        let object = Object::new().text("order_id", &format!("o-{name}-{day}")).text("currency", "EUR");
        object.text("location_id", "berlin-1")
    };
    let item = Object::new().text("product_id", "p-long").text("sku", "SKU-LONG").text("name", "Palace");
    let items = list(&[item.raw("quantity", 1).raw("total_price", text).close()]);
    event(at + SECOND, "order.created", order("long").raw("total_amount", number).raw("items", items));
    let paid = Object::new().text("payment_id", &format!("long-{day}"));
    event(
        at + 2 * SECOND,
        "payment.processed",
        paid.text("order_id", &format!("o-long-{day}")).raw("amount", text),
    );
    event(at + 3 * SECOND, "order.created", order("empty").raw("total_amount", plain(100)));
    let item = Object::new().text("product_id", "p-1").text("sku", "SKU-1-RED").text("name", "Tea 1").close();
    let items = list(&[item]);
    event(
        at + 4 * SECOND,
        "order.created",
        order("scant").raw("total_amount", plain(199)).raw("items", items),
    );
}

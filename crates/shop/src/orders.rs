//! An order and what becomes of it.

use super::agenda::{Agenda, Todo};
use super::catalog::{Article, City, PLACES, bought};
use super::dice::Dice;
use super::event::{Event, Who};
use super::money;
use super::object::{Object, list};
use super::stock::Stocks;
use super::{DAY, HOUR, MINUTE, SECOND};

/// An order that is being made.
pub(super) struct Order<'a> {
    pub(super) number: i64,
    /// Unix milliseconds.
    pub(super) at: i64,
    pub(super) who: Who,
    pub(super) conversation_id: &'a str,
    pub(super) is_track: bool,
    pub(super) city: &'static City,
    pub(super) error: &'static str,
}

/// What all events of one order say.
struct Facts {
    /// As JSON: a text, or a number.
    order_id: String,
    /// The same as a text.
    order_text: String,
    number: i64,
    place: &'static str,
    currency: &'static str,
    cents: i64,
}

impl Order<'_> {
    /// Enters all events that come of it; returns when the last of those that the user waits for happens.
    pub(super) fn place(
        self,
        dice: &mut Dice,
        articles: &[Article],
        stocks: &Stocks,
        agenda: &mut Agenda,
    ) -> i64 {
        let number = self.number;
        let is_number = dice.chance(50);
        let facts = Facts {
            order_id: if is_number { (100_000 + number).to_string() } else { format!("\"o-{number}\"") },
            order_text: if is_number {
                format!("\"{}\"", 100_000 + number)
            } else {
                format!("\"o-{number}\"")
            },
            number,
            place: dice.pick(&PLACES),
            currency: self.city.currency,
            cents: 0,
        };
        let (facts, items) = self.items(dice, articles, stocks, agenda, facts);
        let created = |total: &str| self.created(&facts, &items, total);
        let total = money::amount(dice, facts.cents);
        let event = Event {
            properties: created(&total),
            mended: created(&money::plain(facts.cents + 100)),
            rank: Some(1),
            ..self.event(self.at, "order.created")
        };
        if dice.chance(10) {
            // Sent twice, with ids of its own: two events.
            agenda.event(Event { at: self.at + 5 * SECOND, rank: None, ..event.clone() });
        }
        agenda.event(event);
        self.payment(dice, &facts, agenda)
    }

    fn event(&self, at: i64, name: &'static str) -> Event {
        Event {
            at,
            name,
            who: self.who.clone(),
            conversation_id: self.conversation_id.to_owned(),
            error: self.error,
            city: Some(self.city),
            is_track: self.is_track,
            ..Event::default()
        }
    }

    /// The items, and the facts with what they cost.
    fn items(
        &self,
        dice: &mut Dice,
        articles: &[Article],
        stocks: &Stocks,
        agenda: &mut Agenda,
        facts: Facts,
    ) -> (Facts, Vec<String>) {
        let mut cents = 0;
        let mut items = Vec::new();
        for _ in 0..dice.between(1, 4) {
            let place = bought(dice, articles);
            let Some(article) = articles.get(place) else { continue };
            let quantity = dice.between(1, 3);
            cents += article.cents * quantity;
            agenda.enter(self.at + 1, Todo::Sold(stocks.number(place, facts.place), quantity));
            let written = if dice.chance(50) { format!("\"{quantity}\"") } else { quantity.to_string() };
            // Products are renamed now and then.
            let name =
                if self.at / DAY % 14 < 7 { article.name.clone() } else { format!("{} NEW", article.name) };
            let item = Object::new()
                .text("product_id", &article.product_id)
                .text("sku", &article.sku)
                .text("name", &name)
                .raw("quantity", written)
                .raw("unit_price", money::plain(article.cents))
                .raw("total_price", money::amount(dice, article.cents * quantity));
            items.push(item.close());
        }
        (Facts { cents, ..facts }, items)
    }

    /// Programs of three times word the number of items differently.
    fn created(&self, facts: &Facts, items: &[String], total: &str) -> String {
        let object = Object::new().raw("order_id", &facts.order_id);
        let object = match facts.number % 3 {
            0 => object.raw("items_count", items.len()),
            1 => object.raw("item_count", items.len()),
            _ => object.raw("item_count", format_args!("\"{}\"", items.len())),
        };
        object
            .text_if_any("customer_id", &self.who.user_id)
            .text("location_id", facts.place)
            .raw("total_amount", total)
            .text("currency", facts.currency)
            .raw("items", list(items))
            .close()
    }

    /// Enters what comes of the payment, and returns when the user has done what they can.
    fn payment(&self, dice: &mut Dice, facts: &Facts, agenda: &mut Agenda) -> i64 {
        let soon = self.at + dice.between(5 * SECOND, 9 * MINUTE);
        let (paid_at, left_at) = match dice.below(100) {
            0..70 => (Some(soon), soon),
            // In the same millisecond, by an id that is the greater or the lower one.
            70..78 => (Some(self.at), self.at),
            78..84 => {
                self.failed(dice, facts, soon - 2 * SECOND, agenda);
                (Some(soon), soon)
            }
            84..88 => {
                self.failed(dice, facts, soon, agenda);
                (None, soon)
            }
            // At the last moment of a day, and too late by as little as possible.
            88 => (Some(self.at + DAY), self.at),
            89 => (Some(self.at + DAY + 1), self.at),
            90..95 => (Some(self.at + dice.between(25 * HOUR, 80 * HOUR)), self.at),
            _ => (None, self.at),
        };
        if let Some(at) = paid_at {
            self.processed(dice, facts, at, agenda);
            self.after_payment(dice, facts, at, agenda);
        }
        if dice.chance(if paid_at.is_some() { 30 } else { 400 }) {
            let at = self.at + dice.between(10 * MINUTE, 5 * DAY);
            let said = Object::new().raw("order_id", &facts.order_text).text("reason", "customer").close();
            agenda.event(self.office(dice, facts, at, "order.cancelled", said));
        }
        left_at
    }

    fn processed(&self, dice: &mut Dice, facts: &Facts, at: i64, agenda: &mut Agenda) {
        let properties = |amount: &str, dice: &mut Dice| {
            // Most of what is said here is the order's; of what isn't, the payment's own counts.
            let (currency, place) = match dice.below(100) {
                0..35 => (facts.currency, facts.place),
                35..60 => (facts.currency, ""),
                60..62 => ("USD", dice.pick(&PLACES)),
                62..65 => ("", dice.pick(&PLACES)),
                _ => ("", ""),
            };
            Object::new()
                .text("payment_id", &format!("pay-{}", facts.number))
                .raw("order_id", if dice.chance(500) { &facts.order_text } else { &facts.order_id })
                .raw("amount", amount)
                .text_if_any("currency", currency)
                .text_if_any("location_id", place)
                .text("payment_method", "card")
                .close()
        };
        let amount = money::amount(dice, facts.cents);
        let event = Event {
            properties: properties(&amount, dice),
            mended: properties(&money::plain(facts.cents), dice),
            rank: (at == self.at).then(|| if dice.chance(500) { 0 } else { 2 }),
            ..self.event(at, "payment.processed")
        };
        agenda.event(event);
    }

    fn failed(&self, dice: &mut Dice, facts: &Facts, at: i64, agenda: &mut Agenda) {
        let properties = Object::new()
            .text("payment_id", &format!("pay-{}-0", facts.number))
            .raw("order_id", &facts.order_id)
            .raw("amount", money::amount(dice, facts.cents))
            .text("error_code", "card_declined")
            .close();
        agenda.event(Event { error: "card_declined", properties, ..self.event(at, "payment.failed") });
    }

    /// Fulfilment and refunds.
    fn after_payment(&self, dice: &mut Dice, facts: &Facts, paid_at: i64, agenda: &mut Agenda) {
        if dice.chance(850) {
            let at = paid_at + dice.between(6 * HOUR, 3 * DAY);
            let said = Object::new().raw("order_id", &facts.order_id).text("carrier", "DHL").close();
            agenda.event(self.office(dice, facts, at, "order.fulfilled", said));
        }
        let refunds = if dice.chance(60) { dice.between(1, 2) } else { 0 };
        for part in 0..refunds {
            let at = paid_at + dice.between(HOUR, 14 * DAY);
            let currency = if dice.chance(400) { facts.currency } else { "" };
            let cents = facts.cents / dice.between(refunds, 4);
            let said = Object::new()
                .text("payment_id", &format!("pay-{}", facts.number))
                .raw("order_id", &facts.order_text)
                .text("refund_id", &format!("r-{}-{part}", facts.number))
                .raw("refund_amount", money::amount(dice, cents))
                .text_if_any("currency", currency)
                .close();
            agenda.event(self.office(dice, facts, at, "payment.refunded", said));
        }
    }

    /// An event that the back office sends: a conversation about the order, or a call of its web page.
    fn office(
        &self,
        dice: &mut Dice,
        facts: &Facts,
        at: i64,
        name: &'static str,
        properties: String,
    ) -> Event {
        let is_track = dice.chance(400) && !self.who.user_id.is_empty();
        let who = if is_track || dice.chance(500) { self.who.clone() } else { Who::default() };
        let conversation_id = if is_track { String::new() } else { format!("order-{}", facts.number) };
        Event { at, name, who, conversation_id, properties, is_track, ..Event::default() }
    }
}

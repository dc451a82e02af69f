//! What users do when they come.

use super::agenda::{Agenda, Todo};
use super::catalog::{Article, City, DEVICES, METHODS, SOURCES, bought};
use super::dice::Dice;
use super::event::{Event, Who};
use super::money;
use super::object::{Object, quote};
use super::orders::Order;
use super::people::Person;
use super::stock::Stocks;
use super::talk::Trouble;
use super::{HOUR, MINUTE, SECOND};

/// No gap of a session reaches it.
const IDLE: i64 = 30 * MINUTE;

/// A user who has come.
pub(super) struct Visit<'a> {
    pub(super) person: &'a Person,
    /// Unix milliseconds.
    pub(super) at: i64,
    /// Tells it from all other visits, and its order from all others.
    pub(super) number: i64,
    pub(super) articles: &'a [Article],
    pub(super) stocks: &'a Stocks,
    pub(super) trouble: Trouble,
    pub(super) release: &'a str,
}

impl Visit<'_> {
    /// Enters all of it, and what comes of it later.
    pub(super) fn happen(&self, dice: &mut Dice, agenda: &mut Agenda) {
        let mut at = self.at;
        if !self.person.has_app && dice.chance(300) {
            at = self.views(dice, at, &self.person.unknown(), agenda);
            if dice.chance(300) {
                return;
            }
        }
        if self.person.registers_at >= self.at {
            at = at.max(self.person.registers_at);
            agenda.event(self.event(at, "user.registered", dice, registration));
            at += pause(dice);
        }
        let begin = at;
        agenda.event(self.event(at, "user.logged_in", dice, login));
        at += pause(dice);
        at = self.views(dice, at, &self.known(), agenda);
        if dice.chance(30) {
            let fields = |_: &Self, _: &mut Dice| Object::new().raw("updated_fields", r#"["phone","größe"]"#);
            agenda.event(self.event(at, "user.profile_updated", dice, fields));
            at += pause(dice);
        }
        if dice.chance(350) {
            at = self.order(at, dice, agenda) + pause(dice);
        }
        if dice.chance(600) {
            let logout = |_: &Self, dice: &mut Dice| {
                let seconds = (at - begin) / SECOND;
                let said = match dice.below(20) {
                    0 => quote(&seconds.to_string()),
                    1 => String::new(),
                    _ => format!("{seconds}.{}", dice.below(10)),
                };
                Object::new().raw("session_duration_seconds", said)
            };
            agenda.event(self.event(at, "user.logged_out", dice, logout));
        }
    }

    fn known(&self) -> Who {
        if self.person.has_app { self.person.known() } else { self.person.known_in_browser() }
    }

    /// The app's visits are conversations, and a few of the web's.
    fn conversation(&self) -> String {
        match (self.person.has_app, self.number % 10) {
            (true, _) => format!("visit-{}", self.number),
            (false, 0) => format!("web-{}", self.number),
            (false, _) => String::new(),
        }
    }

    fn event(
        &self,
        at: i64,
        name: &'static str,
        dice: &mut Dice,
        properties: impl FnOnce(&Self, &mut Dice) -> Object,
    ) -> Event {
        let properties = properties(self, dice).text("release", self.release).close();
        // Some are on the way: the context says another place than the properties, which count.
        let city = match dice.below(100) {
            0..75 => Some(self.person.city),
            75..85 => Some(City::any(dice)),
            _ => None,
        };
        Event {
            at,
            name,
            who: self.known(),
            conversation_id: self.conversation(),
            error: self.trouble.error(at, self.release, dice),
            latency: if dice.chance(500) { dice.between(3, 900).to_string() } else { String::new() },
            properties,
            city,
            is_track: !self.person.has_app,
            ..Event::default()
        }
    }

    /// Products are looked at; returns when the next thing may happen.
    fn views(&self, dice: &mut Dice, mut at: i64, who: &Who, agenda: &mut Agenda) -> i64 {
        for _ in 0..dice.between(1, 6) {
            let Some(article) = self.articles.get(bought(dice, self.articles)) else { continue };
            let view = |_: &Self, dice: &mut Dice| {
                Object::new()
                    .text("product_id", &article.product_id)
                    .text("sku", &article.sku)
                    .raw("price", money::amount(dice, article.cents))
            };
            let event = Event { who: who.clone(), ..self.event(at, "product.viewed", dice, view) };
            if event.is_track && dice.chance(20) {
                // A phone without a network sends it later.
                let sent_at = at + dice.between(HOUR, 60 * HOUR);
                agenda.enter(sent_at, Todo::Happens(Box::new(event)));
            } else {
                agenda.event(event);
            }
            at += pause(dice);
        }
        at
    }

    /// Something is ordered; returns when the user goes on.
    fn order(&self, at: i64, dice: &mut Dice, agenda: &mut Agenda) -> i64 {
        let conversation_id = self.conversation();
        let order = Order {
            number: self.number,
            at,
            who: self.known(),
            conversation_id: &conversation_id,
            is_track: !self.person.has_app,
            city: self.person.city,
            error: self.trouble.error(at, self.release, dice),
        };
        order.place(dice, self.articles, self.stocks, agenda)
    }
}

fn registration(visit: &Visit<'_>, dice: &mut Dice) -> Object {
    let location = if dice.chance(500) { visit.person.city.json() } else { String::new() };
    Object::new()
        .text_if_any("referral_source", dice.pick(&SOURCES))
        .text_if_any("registration_method", dice.pick(&METHODS))
        .raw("location", location)
}

fn login(visit: &Visit<'_>, dice: &mut Dice) -> Object {
    let location = if dice.chance(500) { visit.person.city.json() } else { String::new() };
    Object::new()
        .text("login_method", "password")
        .text("device_type", dice.pick(&DEVICES))
        .raw("location", location)
}

/// From one event to the next, now and then as long as a session allows, or longer by as little as possible.
fn pause(dice: &mut Dice) -> i64 {
    match dice.below(200) {
        0 => IDLE - 1,
        1 => IDLE,
        2 => 0,
        _ => dice.between(2 * SECOND, 4 * MINUTE),
    }
}

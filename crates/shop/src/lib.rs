//! A shop with users, orders, payments, stock and conversations, made up from a seed.
//!
//! [`Shop`] gives what is done to events, in the order of time, and never holds more than a day of it. Pure: who sends it
//! where is up to others.

mod agenda;
mod catalog;
mod changes;
mod dice;
mod event;
mod money;
pub mod number;
mod object;
mod oddities;
mod operation;
mod orders;
mod people;
mod stock;
mod talk;
pub mod text;
mod visit;

use agenda::{Agenda, Todo};
use catalog::{Article, RELEASES};
use dice::{Dice, Purpose};
use event::{Event, Who, bits};
use model::Tenant;
use people::Person;
use stock::{Stocks, Teller};
use talk::{Talk, Trouble};
use visit::Visit;

pub use operation::{Action, Operation};

use text::Text;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How many of the users come in each hour of a day, in UTC.
const HOURS: [i64; 24] = [3, 2, 1, 1, 1, 2, 3, 5, 6, 7, 8, 8, 9, 8, 8, 8, 9, 10, 12, 12, 11, 9, 6, 4];
/// Visits that one user pays on the average of all days, in thousandths; of these so many are orders.
const VISITS_PER_MILLE: i64 = 135;

/// What a shop follows from.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Tells shops apart.
    pub seed: u64,
    /// So many times 24 hours.
    pub days: i64,
    /// People who have an account at the end.
    pub users: i64,
    /// When it ends, in Unix milliseconds.
    pub until: i64,
    /// How many visits were paid to shops before, whose numbers this one's go on from.
    pub visits_before: i64,
    /// Whose it is: the ids of some events depend on it.
    pub tenant: Tenant,
    /// Whether what happens seldom is in it, such as an order with more digits than a float holds.
    pub oddities: bool,
}

impl Plan {
    /// When the first event can happen, in Unix milliseconds.
    pub fn start(&self) -> i64 {
        self.until - self.days * DAY
    }

    /// Three hours of one afternoon, at three fifths of the time.
    fn trouble(&self) -> Trouble {
        let day = self.start() + self.days * DAY / 5 * 3;
        let from = day - day.rem_euclid(DAY) + 14 * HOUR;
        Trouble { from, to: from + 3 * HOUR }
    }
}

/// All operations, in the order in which they are sent.
pub struct Shop {
    plan: Plan,
    articles: Vec<Article>,
    stocks: Stocks,
    text: Text,
    agenda: Agenda,
    /// Up to when everything is entered that people do by themselves, in Unix milliseconds.
    entered_to: i64,
    events: i64,
    visits: i64,
}

impl Shop {
    /// Nothing is made before it is asked for.
    pub fn new(plan: Plan) -> Self {
        let articles = catalog::articles();
        let sold = plan.users * plan.days * VISITS_PER_MILLE * 350 / 1_000_000 * 5;
        let shelves = i64::try_from(articles.len() * catalog::PLACES.len()).unwrap_or(i64::MAX);
        Self {
            stocks: Stocks::new(&articles, sold / shelves),
            articles,
            text: Text::new(4_096),
            agenda: Agenda::default(),
            entered_to: plan.start(),
            events: 0,
            visits: plan.visits_before,
            plan,
        }
    }

    /// Enters what people do in the next 24 hours.
    fn enter_day(&mut self) {
        let from = self.entered_to;
        let day = (from - self.plan.start()) / DAY;
        self.entered_to += DAY;
        self.chores(from, day);
        for number in 0..self.plan.users {
            let person = Person::new(self.plan.seed, number, self.plan.start(), self.plan.until);
            let mut dice = Dice::new(self.plan.seed, Purpose::Day, day * self.plan.users + number);
            if (from..self.entered_to).contains(&person.registers_at) {
                // They look around first.
                self.visit(&person, person.registers_at - dice.between(0, 5 * MINUTE), &mut dice);
            } else if person.registers_at < from && dice.chance(person.visits_per_mille) {
                for _ in 0..dice.between(1, 3).min(dice.between(1, 3)) {
                    self.visit(&person, from + hour(&mut dice) * HOUR + dice.below(HOUR), &mut dice);
                }
            }
        }
    }

    fn visit(&mut self, person: &Person, at: i64, dice: &mut Dice) {
        self.visits += 1;
        let trouble = self.plan.trouble();
        if dice.chance(250) {
            let conversation_id = format!("chat-{}", self.visits);
            let who = person.known();
            let large = self.visits % 10_000 == 9;
            let talk = Talk { at, who, conversation_id, trouble, text: &self.text };
            talk.hold(dice, large, &mut self.agenda);
        }
        let visit = Visit {
            person,
            at,
            number: self.visits,
            articles: &self.articles,
            stocks: &self.stocks,
            trouble,
            release: dice.pick(&RELEASES),
        };
        visit.happen(dice, &mut self.agenda);
    }

    /// What comes by itself: on the first day all stock is counted, on each later one some; now and then
    /// one turn has a large answer, and what is odd happens.
    fn chores(&mut self, from: i64, day: i64) {
        let mut dice = Dice::new(self.plan.seed, Purpose::Chore, day);
        for stock in 0..self.stocks.len() {
            // What is first counted on a later day is unknown before.
            let is_first = day == i64::try_from(stock).unwrap_or_default() % 16 / 15 * 4;
            if is_first || dice.chance(10) {
                self.agenda.enter(from + dice.below(DAY), Todo::Counted(stock));
            }
        }
        if day % 10 == 4 {
            let at = from + 9 * HOUR;
            let (who, conversation_id) = (Who::default(), format!("large-{day}"));
            let talk = Talk { at, who, conversation_id, trouble: self.plan.trouble(), text: &self.text };
            talk.hold(&mut dice, true, &mut self.agenda);
            if self.plan.oddities {
                oddities::enter(at, day, &mut self.agenda);
            }
        }
    }

    /// Sends an event, and plans what is done to it later.
    fn send(&mut self, at: i64, event: &Event) -> Operation {
        let (seed, number) = (self.plan.seed, self.events);
        self.events += 1;
        let (id, action) = event.create(bits(seed, number), &self.plan.tenant);
        let operation = Operation { at, id, action };
        changes::plan(seed, number, &operation, event, &mut self.agenda);
        operation
    }

    /// Does something with a stock.
    fn at_stock(&mut self, number: usize, of: impl FnOnce(&mut Stocks, usize, &mut Teller<'_>)) {
        self.events += 1;
        let mut dice = Dice::new(self.plan.seed, Purpose::Stock, self.events);
        let mut teller = Teller { articles: &self.articles, dice: &mut dice, agenda: &mut self.agenda };
        of(&mut self.stocks, number, &mut teller);
    }
}

impl Iterator for Shop {
    type Item = Operation;

    fn next(&mut self) -> Option<Operation> {
        loop {
            let end = self.entered_to.min(self.plan.until);
            let Some((at, todo)) = self.agenda.next_before(end) else {
                if self.entered_to >= self.plan.until {
                    return None;
                }
                self.enter_day();
                continue;
            };
            match todo {
                Todo::Happens(event) => return Some(self.send(at, &event)),
                Todo::Changes(operation) => return Some(operation),
                Todo::Sold(stock, pieces) => {
                    self.at_stock(stock, |stocks, stock, tell| stocks.sold(stock, pieces, at, tell));
                }
                Todo::Restocked(stock) => {
                    self.at_stock(stock, |stocks, stock, tell| stocks.restocked(stock, at, tell));
                }
                Todo::Counted(stock) => {
                    self.at_stock(stock, |stocks, stock, tell| stocks.counted(stock, at, tell));
                }
            }
        }
    }
}

/// An hour of the day, the more often the more come then.
fn hour(dice: &mut Dice) -> i64 {
    let mut left = dice.below(HOURS.iter().sum());
    for (hour, weight) in (0..).zip(HOURS) {
        left -= weight;
        if left < 0 {
            return hour;
        }
    }
    0
}

#[cfg(test)]
mod tests;

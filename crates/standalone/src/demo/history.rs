//! What is done in the demo's shop, and in which order it is sent: what happened last first, since that is looked at
//! first, and from then on what happens. Pure: says nothing of clocks or logs.

use std::iter::Peekable;

use model::Tenant;
use shop::{Action, Operation, Plan, Shop};

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// What the page shows at first, and what is sent at first.
const FIRST: i64 = 7 * DAY;

/// How far back there are events at the first start.
pub(super) const DAYS: i64 = 30;

/// A shop is followed by another one after so many days. One afternoon at three fifths of that one release fails: a few
/// days before the first start.
const SHOP_DAYS: i64 = 45;

/// About one event in two seconds comes of so many, and one a second in the evening.
pub(super) const USERS: i64 = 20_000;

/// More than a shop has visits.
const VISITS: i64 = 100_000_000;

/// The most that is made up in one step, which nothing interrupts.
const STEP: usize = 20_000;

type Operations = Box<dyn Iterator<Item = Operation> + Send>;

/// How far the shop was sent. All times are Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub(super) struct Sent {
    /// When the first shop was opened.
    pub(super) opened: i64,
    /// How many people have an account.
    pub(super) users: i64,
    /// What was done to events from there on was sent, up to `to`.
    pub(super) from: i64,
    /// What was done later was not.
    pub(super) to: i64,
}

impl Sent {
    /// Nothing, of a shop that was opened some days ago.
    pub(super) fn nothing(now: i64, users: i64) -> Self {
        Self { opened: now - now.rem_euclid(DAY) - DAYS * DAY, users, from: now, to: now }
    }

    /// Whether nothing is left of the time before `to`.
    pub(super) fn is_whole(&self) -> bool {
        self.from <= self.opened
    }

    /// Days between `from` and `to`.
    pub(super) fn days(&self) -> i64 {
        (self.to - self.from.max(self.opened)) / DAY
    }
}

/// What is left of the time before, a part at a time, the last one first.
pub(super) struct Past {
    sent: Sent,
    /// All that was done by `sent.to`.
    operations: Operations,
    /// Where the part begins that is being sent.
    from: i64,
}

impl Past {
    pub(super) fn new(sent: Sent) -> Self {
        let mut past = Self { sent, operations: Box::new(std::iter::empty()), from: sent.from };
        past.begin_part();
        past
    }

    /// What is to be sent next: a step's share of it, and no more at the end of a part, which `from` tells.
    pub(super) fn next(&mut self) -> Vec<Operation> {
        let (part, mut next) = (self.from..self.sent.from, Vec::new());
        for _ in 0..STEP {
            let Some(operation) = self.operations.next() else {
                self.sent.from = self.from;
                self.begin_part();
                break;
            };
            if part.contains(&happened(&operation)) {
                next.push(operation);
            }
        }
        next
    }

    /// Where the parts that are whole begin.
    pub(super) fn from(&self) -> i64 {
        self.sent.from
    }

    /// A week at first, then the rest: for each the shop is made up anew from its first day.
    fn begin_part(&mut self) {
        let Sent { opened, users, from: until, to } = self.sent;
        if self.sent.is_whole() {
            return;
        }
        // Some events happen just before their shop opens.
        self.from = if until == to && to - FIRST > opened { to - FIRST } else { i64::MIN };
        self.operations = Box::new(operations(opened, users).take_while(move |operation| operation.at <= to));
    }
}

/// What happens from some time on.
pub(super) struct Present {
    operations: Peekable<Operations>,
    /// Up to when everything was sent.
    to: i64,
    /// Changes of events that were not sent yet.
    waiting: Vec<Operation>,
}

impl Present {
    pub(super) fn new(sent: Sent) -> Self {
        let operations = Box::new(operations(sent.opened, sent.users)) as Operations;
        Self { operations: operations.peekable(), to: sent.to, waiting: Vec::new() }
    }

    /// What is to be sent by now, a step's share of it, and up to when that is all. Events before `from` were not sent
    /// yet.
    pub(super) fn next(&mut self, now: i64, from: i64) -> (Vec<Operation>, i64) {
        let (mut next, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|change| happened(change) >= from);
        self.waiting = waiting;
        for _ in 0..STEP {
            let Some(operation) = self.operations.next_if(|operation| operation.at <= now) else {
                self.to = now;
                break;
            };
            if operation.at <= self.to {
                continue;
            }
            // Others may be done in the same millisecond.
            self.to = operation.at - 1;
            let is_change = matches!(operation.action, Action::Update(_) | Action::Delete);
            let to = if is_change && happened(&operation) < from { &mut self.waiting } else { &mut next };
            to.push(operation);
        }
        (next, self.to)
    }
}

/// All that is ever done, in the order of time.
fn operations(opened: i64, users: i64) -> impl Iterator<Item = Operation> + Send {
    (0..).flat_map(move |number: i64| {
        Shop::new(Plan {
            seed: 1 + number.unsigned_abs(),
            days: SHOP_DAYS,
            users,
            until: opened + (number + 1) * SHOP_DAYS * DAY,
            visits_before: number * VISITS,
            tenant: Tenant::default(),
            oddities: false,
        })
    })
}

/// When its event happened: an id begins with that.
fn happened(operation: &Operation) -> i64 {
    let millis = operation.id.as_u128() >> 80;
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use uuid::Uuid;

    use super::*;

    /// An afternoon.
    const NOW: i64 = 1_795_787_000_000;

    fn all(to: i64) -> Vec<Operation> {
        let opened = Sent::nothing(NOW, 100).opened;
        operations(opened, 100).take_while(|operation| operation.at <= to).collect()
    }

    fn sorted(mut operations: Vec<Operation>) -> Vec<Operation> {
        operations.sort_by_key(|operation| (operation.at, operation.id));
        operations
    }

    /// Events come before what is done to them, and that in its order.
    fn check_order(operations: &[Operation]) {
        let mut last = BTreeMap::<Uuid, i64>::new();
        for Operation { at, id, action } in operations {
            let is_create = matches!(action, Action::Create(_) | Action::Track(_));
            let before = last.insert(*id, *at);
            assert_eq!(before.is_none(), is_create, "{action:?}");
            assert!(before.is_none_or(|before| before <= *at), "{action:?}");
        }
    }

    /// All that is left of the time before.
    fn drain(past: &mut Past, until: impl Fn(&Past) -> bool) -> Vec<Operation> {
        let mut all = Vec::new();
        while !until(past) {
            all.extend(past.next());
        }
        all
    }

    #[test]
    fn the_last_week_is_sent_first_and_in_the_end_everything_once() {
        let mut past = Past::new(Sent::nothing(NOW, 100));
        let first = drain(&mut past, |past| past.from() < NOW);
        assert_eq!(past.from(), NOW - FIRST);
        assert!(!first.is_empty() && first.iter().all(|operation| happened(operation) >= NOW - FIRST));
        let rest = drain(&mut past, |past| past.sent.is_whole());
        let sent = [first, rest].concat();
        check_order(&sent);
        assert!(sorted(sent) == sorted(all(NOW)));
    }

    #[test]
    fn what_happens_meanwhile_waits_for_its_event() {
        let (mut past, mut present) =
            (Past::new(Sent::nothing(NOW, 100)), Present::new(Sent::nothing(NOW, 100)));
        let (mut sent, mut now) = (Vec::new(), NOW);
        while !past.sent.is_whole() {
            now += DAY;
            sent.extend(present.next(now, past.from()).0);
            sent.extend(past.next());
        }
        sent.extend(present.next(now, past.from()).0);
        assert!(present.waiting.is_empty() && now > NOW + DAY);
        check_order(&sent);
        assert!(sorted(sent) == sorted(all(now)));
    }

    #[test]
    fn after_a_pause_what_was_missed_is_sent_in_parts() {
        let before = Sent { from: i64::MIN, ..Sent::nothing(NOW, 100) };
        let (mut present, mut sent, later) = (Present::new(before), Vec::new(), NOW + 40 * DAY);
        loop {
            let (next, to) = present.next(later, i64::MIN);
            assert!(next.len() <= STEP);
            sent.extend(next);
            if to == later {
                break;
            }
        }
        let missed: Vec<_> = all(later).into_iter().filter(|operation| operation.at > NOW).collect();
        let names: BTreeSet<_> = missed.iter().map(|operation| operation.id).collect();
        // Into the second shop.
        assert!(missed.iter().any(|operation| operation.at > before.opened + SHOP_DAYS * DAY));
        assert!(names.len() > 1_000 && sent == missed);
    }
}

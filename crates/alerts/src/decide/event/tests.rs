use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::rules::{Rule, Rules};

fn rule() -> Rule {
    let text = "[[rule]]\nname = \"a\"\nevent = \"low\"\nkey = [\"properties.sku\"]\nresolved_by = \"full\"";
    Rules::parse(text).unwrap().rules[0].clone()
}

fn at(n: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + i64::try_from(n).unwrap() * 1_000).unwrap()
}

fn id(n: u64) -> EventId {
    EventId::derive(&model::Tenant::default(), model::Source::Native, "", at(n))
}

/// The n-th event, which came in at once.
fn low(n: u64) -> Trigger {
    Trigger { id: id(n), received_at: at(n) }
}

/// The table of alerts of one key, and what decisions add to it.
#[derive(Default)]
struct Table(BTreeMap<(u64, AlertState), Transition>);

impl Table {
    fn alerts(&self) -> Vec<Alert> {
        let rows: Vec<_> = self.0.values().cloned().collect();
        let of_one = rows.chunk_by(|one, next| one.firing == next.firing);
        of_one.filter_map(|rows| Alert::of(rows.to_vec())).collect()
    }

    /// Decides and keeps; says what was not known before.
    fn see(&mut self, n: u64, triggers: &[Trigger], ends: &[EventId]) -> Vec<(u64, AlertState)> {
        let rule = rule();
        let decision = Decision { rule: &rule, now: at(n), is_told: true };
        let transitions = decide(decision, &AlertKey::default(), &self.alerts(), triggers, ends);
        self.add(transitions)
    }

    fn add(&mut self, transitions: Vec<Transition>) -> Vec<(u64, AlertState)> {
        let mut new = Vec::new();
        for transition in transitions {
            let key = (transition.firing, transition.state);
            if self.0.insert(key, transition).is_none() {
                new.push(key);
            }
        }
        new
    }

    fn acknowledge(&mut self, n: u64) {
        let open = self.alerts().pop().unwrap();
        let first = open.transitions[0].clone();
        self.add(vec![Transition { state: AlertState::Acknowledged, at: at(n), event: None, ..first }]);
    }
}

use AlertState::{Open, Resolved};

#[test]
fn an_alert_fires_once_until_it_is_resolved() {
    let mut table = Table::default();
    assert_eq!(table.see(1, &[low(1), low(2)], &[]), [(1, Open)]);
    assert_eq!(table.see(2, &[low(1), low(2), low(3)], &[]), []);
    assert_eq!(table.see(5, &[low(3)], &[id(4)]), [(1, Resolved)]);
    // Seen again, and late ones from before the end.
    assert_eq!(table.see(6, &[low(1), low(2), low(3)], &[id(4)]), []);
    assert_eq!(table.see(7, &[low(5)], &[]), [(2, Open)]);
    // What ended the first does not end the second.
    assert_eq!(table.see(8, &[], &[id(4)]), []);
    assert_eq!(table.see(9, &[], &[id(4), id(8)]), [(2, Resolved)]);
}

#[test]
fn what_is_over_already_fires_and_is_resolved_at_once() {
    let mut table = Table::default();
    let seen = table.see(9, &[low(1), low(3), low(5)], &[id(2), id(4)]);
    assert_eq!(seen, [(1, Open), (1, Resolved), (2, Open), (2, Resolved), (3, Open)]);
    assert_eq!(table.alerts()[0].message, "low");
}

#[test]
fn what_came_in_after_an_acknowledgement_fires_again() {
    let mut table = Table::default();
    table.see(1, &[low(1)], &[]);
    table.acknowledge(5);
    assert_eq!(table.see(6, &[low(1), low(4)], &[]), [], "it had come in before");
    assert_eq!(table.see(7, &[low(6)], &[]), [(2, Open)]);
    assert_eq!(table.see(8, &[low(6), low(7)], &[]), []);
    // The end is that of both.
    assert_eq!(table.see(9, &[], &[id(8)]), [(1, Resolved), (2, Resolved)]);
    assert_eq!(table.see(9, &[low(1), low(4), low(6), low(7)], &[id(8)]), []);
}

#[test]
fn a_message_tells_the_event_and_its_key() {
    let rule = rule();
    let decision = Decision { rule: &rule, now: at(1), is_told: false };
    let key = AlertKey([("properties.sku".to_owned(), "A-1".to_owned())].into());
    let opened = decide(decision, &key, &[], &[low(1)], &[]);
    assert_eq!(opened[0].message, "low: properties.sku = A-1");
}

/// Which of a key's events happen when (true ends it), and in what order they come in.
fn history() -> impl Strategy<Value = (Vec<bool>, Vec<usize>, Vec<usize>)> {
    prop::collection::vec(any::<bool>(), 1..12).prop_flat_map(|events| {
        let order = Just((0..events.len()).collect::<Vec<_>>()).prop_shuffle();
        let looks = prop::collection::vec(0..=events.len(), 0..6);
        (Just(events), order, looks)
    })
}

proptest! {
    /// Whoever looks sees what came in since some time, and may look again at what was seen, also without what
    /// others have added since.
    #[test]
    fn a_key_is_alarmed_if_its_last_event_fires_whatever_the_order((events, order, mut looks) in history()) {
        let mut table = Table::default();
        let (mut earlier, mut before) = (Table::default(), Table::default());
        looks.sort_unstable();
        looks.push(events.len());
        let is_end = |n: &&usize| events[**n];
        let as_id = |n: usize| id(u64::try_from(n).unwrap());
        for seen in looks {
            let visible = &order[..seen];
            let mut ends: Vec<_> = visible.iter().filter(is_end).map(|n| as_id(*n)).collect();
            let mut triggers: Vec<_> = visible
                .iter()
                .filter(|n| !events[**n])
                .map(|n| low(u64::try_from(*n).unwrap()))
                .collect();
            ends.sort_unstable();
            triggers.sort_unstable();
            // Somebody who knows only what was known two looks before decides at the same time.
            let rule = rule();
            let decision = Decision { rule: &rule, now: at(99), is_told: true };
            let stale = decide(decision, &AlertKey::default(), &earlier.alerts(), &triggers, &ends);
            table.see(99, &triggers, &ends);
            table.add(stale);
            prop_assert_eq!(table.see(99, &triggers, &ends), []);
            earlier = std::mem::replace(&mut before, Table(table.0.clone()));
        }
        let alerts = table.alerts();
        let unresolved = alerts.iter().filter(|alert| alert.state != AlertState::Resolved).count();
        prop_assert_eq!(unresolved, usize::from(!events[events.len() - 1]), "{:?}", alerts);
        let fired = events.iter().any(|ends| !ends);
        prop_assert_eq!(alerts.is_empty(), !fired);
    }
}

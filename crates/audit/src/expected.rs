//! What the topic comes to when each operation is applied once, in order: the truth, as naively as can be.

use std::collections::{BTreeMap, HashMap};

use model::EventKey;

use crate::finding::Repeats;
use crate::message::{Fields, Message};
use crate::operation::{Kind, Place};

/// Every event of the topic.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) events: HashMap<EventKey, State>,
    /// Updates of events that were not there.
    pub(crate) unknown: BTreeMap<Place, EventKey>,
    pub(crate) repeats: Repeats,
}

/// What became of an event.
#[derive(Debug)]
pub(crate) enum State {
    Live(Live),
    Deleted,
}

/// An event that is there.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) source: String,
    /// In milliseconds since the Unix epoch, like the following.
    pub(crate) received_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) fields: Fields,
    /// The key of every change that had one, in the order of the changes.
    pub(crate) idempotency_keys: Vec<u64>,
}

/// A change that comes again behind at most so many others with a key, itself included, is not done again.
const REMEMBERED: usize = 8;

impl Live {
    /// The keys that the row has to hold: the last ones.
    pub(crate) fn remembered(&self) -> &[u64] {
        let keys = &self.idempotency_keys;
        keys.get(keys.len().saturating_sub(REMEMBERED)..).unwrap_or_default()
    }
}

impl Expected {
    /// The first create wins, updates in order but repeats, a delete is final, also of an id never created.
    pub(crate) fn apply(&mut self, place: Place, message: Message) {
        let Message { kind, key, source, at, fields, idempotency_key } = message;
        match kind {
            Kind::Create => {
                let live =
                    Live { source, received_at: at, updated_at: at, fields, idempotency_keys: Vec::new() };
                self.events.entry(key).or_insert(State::Live(live));
            }
            Kind::Update => match self.events.get_mut(&key) {
                Some(State::Live(live))
                    if idempotency_key.is_some_and(|key| live.remembered().contains(&key)) =>
                {
                    self.repeats.known += 1;
                }
                Some(State::Live(live)) => {
                    let is_forgotten =
                        idempotency_key.is_some_and(|key| live.idempotency_keys.contains(&key));
                    self.repeats.forgotten += usize::from(is_forgotten);
                    live.updated_at = at;
                    live.fields.extend(fields);
                    live.idempotency_keys.extend(idempotency_key);
                }
                Some(State::Deleted) => {}
                None => drop(self.unknown.insert(place, key)),
            },
            Kind::Delete => drop(self.events.insert(key, State::Deleted)),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{EventId, Tenant};
    use serde_json::value::to_raw_value;

    use super::*;
    use crate::columns::Value;

    fn apply(expected: &mut Expected, operations: &[(Kind, &str)]) {
        let id = EventId::parse("019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b").unwrap();
        for (offset, (kind, input)) in (0..).zip(operations) {
            let input = Value::Json(to_raw_value(input).unwrap());
            let message = Message {
                kind: *kind,
                key: EventKey { tenant: Tenant::default(), id },
                source: "native".into(),
                at: 100 + offset,
                fields: Fields::from([("input", input)]),
                idempotency_key: None,
            };
            expected.apply(Place { partition: 0, offset }, message);
        }
    }

    fn live(expected: &Expected) -> Option<(String, i64, i64)> {
        match expected.events.values().next()? {
            State::Live(live) => Some((live.fields.get("input")?.text()?, live.received_at, live.updated_at)),
            State::Deleted => None,
        }
    }

    #[test]
    fn the_first_create_wins_and_updates_follow_in_order() {
        let mut expected = Expected::default();
        let operations = [
            (Kind::Create, "a"),
            (Kind::Create, "b"),
            (Kind::Update, "c"),
            (Kind::Update, "d"),
            (Kind::Create, "e"),
        ];
        apply(&mut expected, &operations);
        assert_eq!(live(&expected), Some(("d".into(), 100, 103)));
        assert!(expected.unknown.is_empty());
    }

    #[test]
    fn an_update_before_the_create_is_unknown_and_a_delete_is_final() {
        let mut expected = Expected::default();
        apply(&mut expected, &[(Kind::Update, "a"), (Kind::Create, "b")]);
        assert_eq!(live(&expected), Some(("b".into(), 101, 101)));
        assert!(expected.unknown.keys().eq(&[Place { partition: 0, offset: 0 }]));

        let mut expected = Expected::default();
        apply(&mut expected, &[(Kind::Delete, ""), (Kind::Create, "b"), (Kind::Update, "c")]);
        assert_eq!(live(&expected), None);
        assert!(expected.unknown.is_empty() && expected.events.len() == 1);
    }

    /// An event, then an update with each of these keys, which sets the input to the key's place in the list.
    fn keyed(keys: &[u64]) -> Expected {
        let mut expected = Expected::default();
        apply(&mut expected, &[(Kind::Create, "created")]);
        for (at, key) in (1..).zip(keys) {
            let input = Value::Json(to_raw_value(&at.to_string()).unwrap());
            let message = Message {
                kind: Kind::Update,
                key: expected.events.keys().next().unwrap().clone(),
                source: String::new(),
                at,
                fields: Fields::from([("input", input)]),
                idempotency_key: Some(*key),
            };
            expected.apply(Place { partition: 0, offset: at }, message);
        }
        expected
    }

    #[test]
    fn a_key_that_comes_again_within_eight_changes_nothing() {
        let keys = [1, 2, 3, 4, 5, 6, 7, 8];
        for again in keys {
            let expected = keyed(&[&keys[..], &[again]].concat());
            assert_eq!(live(&expected), Some(("8".into(), 100, 8)), "{again}");
            assert_eq!(expected.repeats, Repeats { known: 1, forgotten: 0 });
        }
    }

    #[test]
    fn a_key_that_comes_again_behind_eight_others_is_done_again() {
        let expected = keyed(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]);
        assert_eq!(live(&expected), Some(("10".into(), 100, 10)));
        assert_eq!(expected.repeats, Repeats { known: 0, forgotten: 1 });
        let Some(State::Live(live)) = expected.events.values().next() else { panic!() };
        assert_eq!(live.remembered(), [3, 4, 5, 6, 7, 8, 9, 1]);
    }
}

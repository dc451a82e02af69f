//! Operations, and what they come to when each is applied once, in order.

use std::collections::{BTreeMap, BTreeSet};

use model::{Content, Event, EventId, EventKey, Operation, Patch, Source, Tenant, Timestamp};

/// A new key of the tenant that is alone.
pub(crate) fn new_key() -> EventKey {
    EventKey { tenant: Tenant::default(), id: EventId::new(Timestamp::now()) }
}

pub(crate) fn create(key: &EventKey, input: &str) -> Operation<'static> {
    let EventKey { tenant, id } = key.clone();
    let content =
        Content { event_name: "event_a".into(), input: input.to_owned().into(), ..Content::default() };
    let at = Timestamp::now();
    Operation::Create(Box::new(Event {
        tenant,
        id,
        received_at: at,
        updated_at: at,
        source: Source::Native,
        content,
    }))
}

/// Replaces the input.
pub(crate) fn update(key: &EventKey, input: &str) -> Operation<'static> {
    patch(key, Patch { input: Some(input.to_owned().into()), ..Patch::default() })
}

/// Replaces the output.
pub(crate) fn answer(key: &EventKey, output: &str) -> Operation<'static> {
    patch(key, Patch { output: Some(output.to_owned().into()), ..Patch::default() })
}

fn patch(key: &EventKey, patch: Patch<'static>) -> Operation<'static> {
    Operation::Update { key: key.clone(), at: Timestamp::now(), patch: Box::new(patch) }
}

pub(crate) fn delete(key: &EventKey) -> Operation<'static> {
    Operation::Delete { key: key.clone(), at: Timestamp::now() }
}

/// Events of a kind each, under new keys.
pub(crate) fn creates(count: usize) -> Vec<Operation<'static>> {
    (0..count).map(|n| create(&new_key(), &format!("input {n}"))).collect()
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's MMIX generator; its upper bits are the better ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// Text that does not get much smaller when it is compressed.
pub(crate) fn noise(length: usize) -> String {
    let mut dice = Dice(0);
    (0..length)
        .map(|_| char::from(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[dice.roll(62)]))
        .collect()
}

/// Creates, repeated ones too, updates and a few deletes, all mixed, of so many keys. Every other id
/// is held by two tenants.
pub(crate) fn mixed(seed: u64, keys: usize, count: usize) -> Vec<Operation<'static>> {
    let now = Timestamp::now();
    let tenant = |name| Tenant::parse(name).unwrap();
    let mut all: Vec<EventKey> = Vec::with_capacity(keys);
    while all.len() < keys {
        let id = EventId::new(now);
        all.push(EventKey { tenant: tenant("acme"), id });
        if all.len() % 3 == 1 {
            all.push(EventKey { tenant: tenant("globex"), id });
        }
    }
    let mut dice = Dice(seed);
    let mut one = |n: usize| {
        let key = &all[dice.roll(keys)];
        let text = format!("operation {n}");
        match dice.roll(20) {
            0..8 => create(key, &text),
            8..14 => update(key, &text),
            14..19 => answer(key, &text),
            _ => delete(key),
        }
    };
    (0..count).map(&mut one).collect()
}

/// The truth: the first create wins, updates in order, a delete is final, even of an id never created.
#[derive(Default)]
pub(crate) struct AppliedOnce {
    pub(crate) live: BTreeMap<EventKey, Event<'static>>,
    /// All that were touched.
    pub(crate) keys: BTreeSet<EventKey>,
    /// Updates of events that were not there.
    pub(crate) unknown: usize,
    deleted: BTreeSet<EventKey>,
}

impl AppliedOnce {
    pub(crate) fn of(operations: &[Operation<'static>]) -> Self {
        let mut state = Self::default();
        for operation in operations {
            state.apply(operation);
        }
        state
    }

    fn apply(&mut self, operation: &Operation<'static>) {
        let key = operation.key();
        self.keys.insert(key.clone());
        match operation {
            _ if self.deleted.contains(&key) => {}
            Operation::Create(event) => {
                self.live.entry(key).or_insert_with(|| event.as_ref().clone());
            }
            Operation::Update { at, patch, .. } => match self.live.get_mut(&key) {
                Some(event) => {
                    patch.as_ref().clone().apply(&mut event.content);
                    event.updated_at = *at;
                }
                None => self.unknown += 1,
            },
            Operation::Delete { .. } => {
                self.live.remove(&key);
                self.deleted.insert(key);
            }
        }
    }
}

//! The fold against a naive model: any log, split into any batches, with crashes, replays, a cache,
//! two tenants holding the same id and two owners of the partition at once, ends in the table that
//! applying the log once, in order, ends in.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use model::{Content, Event, EventId, Patch, Source, Tenant, Text, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::cache::Cache;

mod fates;

const APPEND_MS: i64 = 1_800_000_000_000;

#[derive(Clone, Debug)]
enum Act {
    Create(u8, u8),
    Update(u8, Option<u8>, Option<u8>),
    /// The same with an idempotency key. What it says is up to chance, so that a repeat that is applied shows.
    Keyed(u8, Option<u8>, Option<u8>, u8),
    Delete(u8),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..3_u8, any::<u8>()).prop_map(|(key, value)| Act::Create(key, value)),
        6 => (0..3_u8, any::<Option<u8>>(), any::<Option<u8>>()).prop_map(|(key, a, b)| Act::Update(key, a, b)),
        6 => (0..3_u8, any::<Option<u8>>(), any::<Option<u8>>(), 0..14_u8)
            .prop_map(|(key, a, b, idempotency)| Act::Keyed(key, a, b, idempotency)),
        1 => (0..3_u8).prop_map(Act::Delete),
    ]
}

/// What one of the two owners does next.
#[derive(Clone, Debug)]
struct Turn {
    owner: usize,
    /// Was it assigned the partition anew, so many operations before the commit?
    assigned: Option<usize>,
    batch: usize,
    dies_before_insert: bool,
    dies_before_commit: bool,
}

fn any_turn() -> impl Strategy<Value = Turn> {
    (
        0..2_usize,
        prop::option::weighted(0.2, 0..10_usize),
        1..8_usize,
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.15),
    )
        .prop_map(|(owner, assigned, batch, dies_before_insert, dies_before_commit)| Turn {
            owner,
            assigned,
            batch,
            dies_before_insert,
            dies_before_commit,
        })
}

/// Two of the three keys are one id under two tenants.
fn keys() -> [EventKey; 3] {
    let at = Timestamp::from_millis(APPEND_MS).unwrap();
    let (shared, other) = (EventId::new(at), EventId::new(at));
    let key = |tenant: &str, id: EventId| EventKey { tenant: Tenant::parse(tenant).unwrap(), id };
    [key("acme", shared), key("globex", shared), key("acme", other)]
}

fn steps(acts: &[Act], keys: &[EventKey; 3]) -> Vec<Step<'static>> {
    let at = Timestamp::from_millis(APPEND_MS).unwrap();
    let said = |value: u8| Text::from(value.to_string());
    let step = |(offset, act): (usize, &Act)| {
        let operation = match *act {
            Act::Create(key, value) => {
                let EventKey { tenant, id } = keys[usize::from(key)].clone();
                let subjects = vec![said(value)];
                let content =
                    Content { input: said(value), output: said(value), subjects, ..Content::default() };
                Operation::Create(Box::new(Event {
                    tenant,
                    id,
                    received_at: at,
                    updated_at: at,
                    source: Source::Native,
                    content,
                }))
            }
            Act::Update(key, input, output) | Act::Keyed(key, input, output, _) => {
                let patch = Patch { input: input.map(said), output: output.map(said), ..Patch::default() };
                Operation::Update { key: keys[usize::from(key)].clone(), at, patch: Box::new(patch) }
            }
            Act::Delete(key) => Operation::Delete { key: keys[usize::from(key)].clone(), at },
        };
        // Several operations in one second, so that both halves of a position matter.
        let append_ms = APPEND_MS + i64::try_from(offset).unwrap() * 300;
        let idempotency_key = match act {
            Act::Keyed(.., key) => Some(IdempotencyKey::of(&[*key])),
            Act::Create(..) | Act::Update(..) | Act::Delete(_) => None,
        };
        let position = Position::new(append_ms, i64::try_from(offset).unwrap()).unwrap();
        Step { position, operation, idempotency_key }
    };
    acts.iter().enumerate().map(step).collect()
}

/// What a live event says, and every key with which it was changed.
type Said = (Content<'static>, Vec<IdempotencyKey>);

/// The truth: the first create wins, updates in order, each key of the last eight once, a delete is final,
/// even of an id never created.
fn applied_once(steps: &[Step<'static>]) -> BTreeMap<EventKey, Said> {
    let mut state: BTreeMap<EventKey, Option<Said>> = BTreeMap::new();
    for step in steps {
        match &step.operation {
            Operation::Create(event) => {
                state.entry(event.key()).or_insert_with(|| Some((event.content.clone(), Vec::new())));
            }
            Operation::Update { key, patch, .. } => {
                let Some(Some((content, keys))) = state.get_mut(key) else { continue };
                if step
                    .idempotency_key
                    .is_some_and(|key| keys.iter().rev().take(8).any(|known| *known == key))
                {
                    continue;
                }
                patch.clone().apply(content);
                keys.extend(step.idempotency_key);
            }
            Operation::Delete { key, .. } => {
                state.insert(key.clone(), None);
            }
        }
    }
    state.into_iter().filter_map(|(key, said)| Some((key, said?))).collect()
}

/// What events named while they were there, by the same truth.
fn named_once(steps: &[Step<'static>]) -> Named {
    let (mut named, mut known) = (Named::new(), HashSet::new());
    for step in steps {
        match &step.operation {
            Operation::Create(event) if known.insert(event.key()) => {
                named.extend(event.content.subjects.iter().map(|name| (event.key(), name.clone())));
            }
            Operation::Delete { key, .. } => drop(known.insert(key.clone())),
            Operation::Create(_) | Operation::Update { .. } => {}
        }
    }
    named
}

type Named = BTreeSet<(EventKey, Text<'static>)>;

/// ReplacingMergeTree: the greatest version of a key wins, the last inserted on a tie. And the names in all rows that
/// were ever inserted.
#[derive(Default)]
struct Table(HashMap<EventKey, Stored<'static>>, Named);

impl Table {
    fn insert(&mut self, rows: &[(EventKey, Stored<'static>)]) {
        for (key, row) in rows {
            let names = match &row.state {
                State::Live(event) => event.content.subjects.clone(),
                State::Deleted { hidden, .. } => hidden.clone().unwrap_or_default().subjects,
            };
            self.1.extend(names.into_iter().map(|name| (key.clone(), name)));
            if self.0.get(key).is_none_or(|winner| row.version >= winner.version) {
                self.0.insert(key.clone(), row.clone());
            }
        }
    }

    fn lookup(&self, keys: impl IntoIterator<Item = EventKey>) -> HashMap<EventKey, Stored<'static>> {
        keys.into_iter().filter_map(|key| Some((key.clone(), self.0.get(&key)?.clone()))).collect()
    }

    fn live(&self) -> BTreeMap<EventKey, (Content<'static>, AppliedKeys)> {
        let live = |(key, row): (&EventKey, &Stored<'static>)| match &row.state {
            State::Live(event) => Some((key.clone(), (event.content.clone(), row.applied.clone()))),
            State::Deleted { .. } => {
                assert!(row.applied.as_slice().is_empty(), "a tombstone has no keys");
                None
            }
        };
        self.0.iter().filter_map(live).collect()
    }
}

struct Owner {
    next: Option<usize>,
    cache: Cache,
    /// Folded, but not inserted: start, end, what was folded, keys that were looked up.
    pending: Option<(usize, usize, Outcome<'static>, HashSet<EventKey>)>,
}

impl Owner {
    fn new() -> Self {
        Self { next: None, cache: Cache::new(1 << 20), pending: None }
    }

    fn fold(&mut self, log: &[Step<'static>], start: usize, end: usize, table: &Table) {
        let batch = log[start..end].to_vec();
        let updates = batch.iter().filter(|step| matches!(step.operation, Operation::Update { .. }));
        let updated = updates.map(|step| step.operation.key()).collect();
        let (mut stored, missing) = self.cache.take(&updated);
        stored.extend(table.lookup(missing));
        self.pending = Some((start, end, fold(batch, stored), updated));
    }
}

/// The same with the keys as a row has them.
fn stored((content, keys): Said) -> (Content<'static>, AppliedKeys) {
    let mut applied = AppliedKeys::default();
    for key in keys {
        applied.push(key);
    }
    (content, applied)
}

fn run(log: &[Step<'static>], turns: &[Turn]) -> Table {
    let (mut table, mut committed) = (Table::default(), 0);
    let mut owners = [Owner::new(), Owner::new()];
    let last =
        Turn { owner: 0, assigned: None, batch: 7, dies_before_insert: false, dies_before_commit: false };
    let mut turns = turns.iter().chain(std::iter::repeat(&last));
    while committed < log.len() {
        let turn = turns.next().unwrap();
        let owner = &mut owners[turn.owner];
        match owner.pending.take() {
            None => {
                let known = owner.next.filter(|next| *next < log.len() && turn.assigned.is_none());
                let start = known.unwrap_or_else(|| {
                    owner.cache.clear();
                    committed.saturating_sub(turn.assigned.unwrap_or(0))
                });
                let end = log.len().min(start + turn.batch);
                owner.fold(log, start, end, &table);
            }
            Some(_) if turn.dies_before_insert => *owner = Owner::new(),
            Some((start, end, Outcome { rows, unchanged, .. }, updated)) => {
                table.insert(&rows);
                owner.cache.learn(rows.into_iter().chain(unchanged), &updated);
                owner.next = Some(end);
                if turn.dies_before_commit {
                    *owner = Owner::new();
                } else if start <= committed {
                    committed = committed.max(end);
                }
            }
        }
    }
    for owner in owners {
        // A former owner's late insert.
        if let Some((_, _, outcome, _)) = owner.pending {
            table.insert(&outcome.rows);
        }
    }
    table
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn any_batches_crashes_and_replays_end_in_the_naive_state(
        acts in prop::collection::vec(any_act(), 1..80),
        turns in prop::collection::vec(any_turn(), 0..60),
    ) {
        let keys = keys();
        let log = steps(&acts, &keys);
        let expected: BTreeMap<_, _> =
            applied_once(&log).into_iter().map(|(key, said)| (key, stored(said))).collect();
        let table = run(&log, &turns);
        prop_assert_eq!(table.live(), expected);
        prop_assert!(table.1.is_superset(&named_once(&log)), "an event can't be found by what it named");
    }

    #[test]
    fn a_log_that_is_read_again_from_anywhere_changes_nothing(
        acts in prop::collection::vec(any_act(), 1..80),
        from in any::<prop::sample::Index>(),
        batch in 1..20_usize,
    ) {
        let log = steps(&acts, &keys());
        let mut table = Table::default();
        let mut again = |log: &[Step<'static>]| {
            for batch in log.chunks(batch) {
                let known = table.lookup(batch.iter().map(|step| step.operation.key()));
                table.insert(&fold(batch.to_vec(), known).rows);
            }
            table.0.clone()
        };
        let once = again(&log);
        prop_assert_eq!(again(&log[from.index(log.len())..]), once);
    }

    #[test]
    fn folding_a_batch_again_writes_nothing_new(acts in prop::collection::vec(any_act(), 1..40)) {
        let log = steps(&acts, &keys());
        let mut table = Table::default();
        table.insert(&fold(log.clone(), HashMap::new()).rows);
        let known = table.lookup(log.iter().map(|step| step.operation.key()));
        let again = fold(log, known);
        prop_assert!(again.rows.is_empty());
        prop_assert!(!again.fates.contains(&Fate::Folded));
    }
}

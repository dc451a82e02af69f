//! A race on an engine: writers, workers and readers at once. `RACE_SECONDS` says for how long, and `RACE_WRONG` which
//! rule the writers break (`mark_first`, `mark_last`), to see that it is found.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use model::{
    AppliedKeys, Content, Event, EventId, EventKey, Position, Source, State, Stored, Tenant, Timestamp,
    Version, Write,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tokio::sync::RwLock;
use tokio::time::sleep;

use crate::rollup::{HOUR_MS, Reading};
use crate::{Config, Filters, Grid, Interval, Metric, Range, Scope, Store, WeekStart, Zone};

const HOURS: i64 = 40;
/// 2026-11-20
const MIDNIGHT_MS: i64 = 1_795_132_800_000;

/// What is known of events. One that is deleted is so for good.
#[derive(Default)]
struct Books {
    events: BTreeMap<EventKey, Known>,
    /// Those that were alive and for which a delete was sent, one by one.
    deleted: Vec<EventKey>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    is_deleted: bool,
    /// By what was sent.
    lives: bool,
    /// By what was acknowledged.
    lived: bool,
}

struct Race {
    store: Store,
    tenant: Tenant,
    wrong: Option<String>,
    books: Mutex<Books>,
    /// Held by writers while they write, and by whoever wants them to rest.
    rest: RwLock<()>,
    operations: AtomicI64,
    batches: AtomicU64,
    crashes: AtomicU64,
    checks: AtomicU64,
    stop: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_hold_what_was_acknowledged_while_all_race() {
    let seconds = env::var("RACE_SECONDS").map_or(5, |seconds| seconds.parse().unwrap());
    let url = testing::engine::url().to_string();
    let config = Config { url: Some(url), database: testing::unique("race"), ..Config::default() };
    let store = Store::new(config).unwrap();
    store.migrate().await.unwrap();
    let race = Race {
        store,
        tenant: Tenant::parse("acme").unwrap(),
        wrong: env::var("RACE_WRONG").ok(),
        books: Mutex::default(),
        rest: RwLock::default(),
        operations: AtomicI64::default(),
        batches: AtomicU64::default(),
        crashes: AtomicU64::default(),
        checks: AtomicU64::default(),
        stop: AtomicBool::default(),
    };
    let end = Instant::now() + Duration::from_secs(seconds);
    let (pauses, dirty) = tokio::join!(race.pause_until(end), async {
        tokio::join!(
            race.write(0),
            race.write(1),
            race.roll_up(2),
            race.roll_up(3),
            race.read(4),
            race.read(5)
        );
    })
    .0;
    race.at_rest(true).await;
    println!(
        "{} batches, {} crashes, {pauses} pauses with {} of {HOURS} hours dirty on average, {} checks",
        race.batches.load(Ordering::Relaxed),
        race.crashes.load(Ordering::Relaxed),
        dirty / pauses.max(1),
        race.checks.load(Ordering::Relaxed),
    );
}

impl Race {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Events that are this writer's own.
    async fn write(&self, number: usize) {
        let mut random = StdRng::seed_from_u64(number as u64);
        let mut keys: Vec<EventKey> = Vec::new();
        while self.goes_on() {
            let place = self.rest.read().await;
            let batch: Vec<_> =
                (0..random.random_range(1..40)).map(|_| self.operation(&mut keys, &mut random)).collect();
            self.send(&batch);
            // Killed: the batch comes again, with its rows as they were.
            while random.random_ratio(1, 4) {
                self.store.insert_rows(&batch).await.unwrap();
                self.crashes.fetch_add(1, Ordering::Relaxed);
            }
            let mark = async || self.store.mark(batch.iter().map(|(key, _)| key)).await.unwrap();
            match self.wrong.as_deref() {
                Some("mark_first") => {
                    mark().await;
                    self.store.insert_rows(&batch).await.unwrap();
                    self.acknowledge(&batch);
                }
                Some("mark_last") => {
                    self.store.insert_rows(&batch).await.unwrap();
                    self.acknowledge(&batch);
                    mark().await;
                }
                _ => {
                    self.store.insert(&batch).await.unwrap();
                    self.acknowledge(&batch);
                }
            }
            self.batches.fetch_add(1, Ordering::Relaxed);
            drop(place);
        }
    }

    fn send(&self, batch: &[(EventKey, Stored<'static>)]) {
        let mut books = self.books.lock().unwrap();
        for (key, stored) in batch {
            let known = books.events.entry(key.clone()).or_default();
            let was = known.lives;
            known.is_deleted |= matches!(stored.state, State::Deleted { .. });
            known.lives = !known.is_deleted;
            if was && known.is_deleted {
                books.deleted.push(key.clone());
            }
        }
    }

    fn acknowledge(&self, batch: &[(EventKey, Stored<'static>)]) {
        let mut books = self.books.lock().unwrap();
        for (key, _) in batch {
            if let Some(known) = books.events.get_mut(key) {
                known.lived = known.lives;
            }
        }
    }

    /// Creates, updates, deletes, and blind deletes of what is not there; none of an event twice in a batch.
    fn operation(&self, keys: &mut Vec<EventKey>, random: &mut StdRng) -> (EventKey, Stored<'static>) {
        let number = self.operations.fetch_add(1, Ordering::Relaxed);
        let known = keys.choose(random).cloned().filter(|_| random.random_bool(0.4));
        let key = known.unwrap_or_else(|| {
            let at = MIDNIGHT_MS + random.random_range(0..HOURS * HOUR_MS);
            let id = EventId::new(Timestamp::from_millis(at).unwrap());
            keys.push(EventKey { tenant: self.tenant.clone(), id });
            keys[keys.len() - 1].clone()
        });
        let write = match random.random_range(0..5) {
            0 => Write::Delete,
            1 => Write::Update,
            _ => Write::Create,
        };
        // A create that comes later is of a smaller version: it changes nothing that is there.
        let write = if write == Write::Create && self.books.lock().unwrap().events.contains_key(&key) {
            Write::Update
        } else {
            write
        };
        let version = Version::new(write, Position::new(1_800_000_000_000, number + 1).unwrap());
        let state = if write == Write::Delete {
            State::Deleted { at: Timestamp::now(), hidden: None }
        } else {
            let content = Content { event_name: "a".into(), ..Content::default() };
            let (tenant, id, at) = (key.tenant.clone(), key.id, key.id.created_at());
            let source = Source::Native;
            State::Live(Box::new(Event { tenant, id, received_at: at, updated_at: at, source, content }))
        };
        // Deleted once, it is for good; an update of it has a smaller version.
        (key, Stored { version, state, applied: AppliedKeys::default() })
    }

    /// A worker that is slow now and then.
    async fn roll_up(&self, seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        while self.goes_on() {
            let dirty = self.store.dirty_hours(100).await.unwrap();
            sleep(Duration::from_millis(random.random_range(0..60))).await;
            for hours in dirty.chunks(random.random_range(1..8)).take(random.random_range(1..6)) {
                self.store.roll_up(hours).await.unwrap();
            }
            sleep(Duration::from_millis(random.random_range(0..200))).await;
        }
    }

    /// How many events live is at least what lived by what was acknowledged before and was not deleted since, and at
    /// most what lived then, or lives by what was sent until the answer, or was deleted meanwhile.
    async fn read(&self, seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        while self.goes_on() {
            let mut at = || random.random_range(0..HOURS * HOUR_MS);
            let (one, other) = (at(), at());
            if one == other {
                continue;
            }
            let (from, to) = (one.min(other), one.max(other));
            let within = |key: &EventKey| (from..to).contains(&(key.id.created_at().millis() - MIDNIGHT_MS));
            let (before, deleted) = {
                let books = self.books.lock().unwrap();
                let lived = books.events.iter().filter(|(key, known)| within(key) && known.lived);
                (lived.map(|(key, _)| key.clone()).collect::<Vec<_>>(), books.deleted.len())
            };
            let found = self.events(from, to, Reading::Bounded).await;
            let (least, most) = {
                let books = self.books.lock().unwrap();
                let lives = |key: &&EventKey| books.events.get(*key).is_some_and(|known| known.lives);
                // With those whose delete was on its way, or came meanwhile.
                let mut alive: BTreeSet<_> = books
                    .events
                    .iter()
                    .filter(|(key, known)| within(key) && known.lives)
                    .map(|(key, _)| key)
                    .collect();
                alive.extend(books.deleted.iter().skip(deleted).filter(|key| within(key)));
                alive.extend(&before);
                (before.iter().filter(lives).count() as u64, alive.len() as u64)
            };
            assert!(
                (least..=most).contains(&found),
                "{found} events from {from} to {to}, not {least} to {most}"
            );
            self.checks.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn events(&self, from: i64, to: i64, reading: Reading) -> u64 {
        let at = |within: i64| Timestamp::from_millis(MIDNIGHT_MS + within).unwrap();
        let range = Range::new(at(from), at(to), at(2 * HOURS * HOUR_MS)).unwrap();
        let limits = self.store.limits();
        let filters = &Filters::NONE;
        let scope =
            Scope { tenant: &self.tenant, range, zone: &Zone::UTC, filters, limits, reading, query_id: None };
        let grid: Grid =
            self.store.grid(&range, &Zone::UTC, Some(Interval::Day), WeekStart::Monday).await.unwrap();
        let found = self.store.series(&scope, &grid, &[Metric::Events], None).await.unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let events = found.series[0].total.unwrap().0 as u64;
        events
    }

    /// Lets the writers rest now and then, and compares all with the events. Returns how often, and how many hours
    /// were dirty then in all.
    async fn pause_until(&self, end: Instant) -> (usize, usize) {
        let (mut pauses, mut dirty) = (0, 0);
        while Instant::now() < end {
            sleep(Duration::from_millis(500)).await;
            let _rest = self.rest.write().await;
            dirty += self.store.dirty_hours(100).await.unwrap().len();
            self.at_rest(false).await;
            pauses += 1;
        }
        self.stop.store(true, Ordering::Relaxed);
        (pauses, dirty)
    }

    /// All that is acknowledged is in both, and nothing else; if all hours are rolled up, by rollups alone.
    async fn at_rest(&self, rolled: bool) {
        if rolled {
            for dirty in self.store.dirty_hours(100).await.unwrap() {
                self.store.roll_up(&[dirty]).await.unwrap();
            }
            assert_eq!(self.store.dirty_hours(100).await.unwrap(), []);
        }
        let all = HOURS * HOUR_MS;
        let expected = self.books.lock().unwrap().events.values().filter(|known| known.lived).count() as u64;
        for reading in [Reading::Raw, Reading::Bounded, Reading::Exact] {
            assert_eq!(self.events(0, all, reading).await, expected, "{reading:?}, {rolled}");
        }
        self.checks.fetch_add(3, Ordering::Relaxed);
    }
}

//! The slowest conversations by rollups: whatever is rolled up, they are those that the events tell.

use model::{Content, EventId, EventKey, Latency, Tenant, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use store::{Filters, Range, Reading, Scope};

use crate::database::{Database, created, deleted, scope, tenant, time, updated};
use crate::rollup::roll_up_all;

const HOUR_MS: i64 = 3_600_000;

/// The first of ten days.
const FIRST: &str = "2026-11-10T00:00:00Z";

/// An event that is yet to happen.
struct Planned {
    /// Milliseconds since the first.
    at: i64,
    conversation: String,
    name: &'static str,
    latency: f64,
}

impl Planned {
    fn moved(&self, conversation: &str) -> Self {
        Self { conversation: conversation.into(), ..*self }
    }
}

fn planned(at: i64, conversation: u32, name: &'static str, latency: f64) -> Planned {
    Planned { at, conversation: format!("c-{conversation}"), name, latency }
}

fn said(planned: &Planned) -> Content<'static> {
    Content {
        conversation_id: planned.conversation.clone().into(),
        event_name: planned.name.into(),
        latency: Latency::from_millis(planned.latency).unwrap(),
        ..Content::default()
    }
}

/// Short conversations anywhere and long ones everywhere, of two names; `latency` gives each event its own.
fn mixed(random: &mut StdRng, latency: impl Fn(&mut StdRng) -> f64) -> Vec<Planned> {
    let mut events = Vec::new();
    for conversation in 0..60 {
        let start = random.random_range(0..240 * HOUR_MS);
        let (count, apart) = if conversation % 12 == 0 { (60, 4 * HOUR_MS) } else { (6, 900_000) };
        for n in 0..count {
            let at = (start + n * apart) % (240 * HOUR_MS);
            let name = ["a", "a", "b"][random.random_range(0..3)];
            events.push(planned(at, conversation, name, latency(random)));
        }
    }
    events
}

impl Database {
    /// Writes them.
    async fn have(&self, tenant: &Tenant, events: &[Planned]) -> Vec<EventKey> {
        let first = time(FIRST).millis();
        let key = |planned: &Planned| EventKey {
            tenant: tenant.clone(),
            id: EventId::new(Timestamp::from_millis(first + planned.at).unwrap()),
        };
        let keys: Vec<_> = events.iter().map(key).collect();
        let rows = (0..).zip(keys.iter().zip(events)).map(|(n, (key, event))| created(key, n, said(event)));
        self.store.insert(&rows.collect::<Vec<_>>()).await.unwrap();
        keys
    }

    /// The same, but for some that are deleted or go to another conversation.
    async fn have_changed(&self, tenant: &Tenant, random: &mut StdRng, events: &[Planned]) {
        let keys = self.have(tenant, events).await;
        let mut changes = Vec::new();
        for (n, (key, event)) in (10_000..).zip(keys.iter().zip(events)) {
            match random.random_range(0..20) {
                0 => changes.push(deleted(key, n)),
                1 => changes.push(updated(key, n, said(&event.moved("c-moved")))),
                _ => {}
            }
        }
        self.store.insert(&changes).await.unwrap();
    }

    /// How many answers rollups told. All are compared with those of the events.
    async fn told(&self, tenant: &Tenant, limits: &[u64]) -> usize {
        let now = time("2027-01-01T00:00:00Z");
        let range = |from, to| Range::new(time(from), time(to), now).unwrap();
        let filters = |json: &str| serde_json::from_str::<Filters>(json).unwrap();
        let mut told = 0;
        for range in
            [range(FIRST, "2026-11-21T00:00:00Z"), range("2026-11-11T07:12:34.567Z", "2026-11-18T19:43:21Z")]
        {
            for filters in [
                filters("[]"),
                filters(r#"[{"field": "event_name", "op": "is", "values": ["b"]}]"#),
                filters(r#"[{"field": "event_name", "op": "is_not", "values": ["b"]}]"#),
            ] {
                for limit in limits {
                    let ask = async |reading| {
                        let scope = Scope { reading, filters: &filters, ..scope(&self.store, tenant, range) };
                        self.store.latency(&scope, *limit).await.unwrap()
                    };
                    let (live, found) = (ask(Reading::Raw).await, ask(Reading::Bounded).await);
                    assert_eq!(live.read, store::Read::default());
                    assert_eq!(found.data, live.data, "{limit} of {filters:?} in {range:?}");
                    told += usize::from(found.read.rolled_hours > 0);
                }
            }
        }
        told
    }

    /// The same before, while and after hours are rolled up. How many answers rollups told at last.
    async fn told_at_last(&self, tenant: &Tenant, limits: &[u64]) -> usize {
        assert_eq!(self.told(tenant, limits).await, 0, "nothing is rolled up");
        let dirty = self.store.dirty_hours(1_000).await.unwrap();
        self.store.roll_up(&dirty[..dirty.len() / 2]).await.unwrap();
        self.told(tenant, limits).await;
        roll_up_all(&self.store).await;
        self.told(tenant, limits).await
    }
}

/// How many of the answers rollups told at last, of which there are six for each limit.
async fn told_of(latency: impl Fn(&mut StdRng) -> f64, limits: &[u64]) -> usize {
    let (database, acme) = (Database::new().await, tenant("acme"));
    let random = &mut StdRng::seed_from_u64(1);
    let events = mixed(random, latency);
    database.have_changed(&acme, random, &events).await;
    database.told_at_last(&acme, limits).await
}

#[tokio::test]
async fn conversations_of_any_length_are_found_by_their_slowest_hours() {
    assert_eq!(told_of(|random| random.random_range(1.0..1_000.0), &[1, 5, 20]).await, 18);
}

#[tokio::test]
async fn equals_at_the_end_are_all_looked_at() {
    let few = |random: &mut StdRng| f64::from(random.random_range(0..4) * 250);
    assert!(told_of(few, &[1, 5, 20]).await > 0);
}

#[tokio::test]
async fn where_all_are_equal_the_events_tell() {
    assert_eq!(told_of(|_| 30_000.0, &[1, 20]).await, 12, "all of them were looked at");
    let (database, acme) = (Database::new().await, tenant("acme"));
    let events: Vec<_> = (0..130).map(|n| planned(0, n, "a", 30_000.0)).collect();
    database.have(&acme, &events).await;
    assert_eq!(database.told_at_last(&acme, &[1, 20]).await, 0, "some were left out");
}

#[tokio::test]
async fn who_was_never_measured_is_found_too() {
    let seldom =
        |random: &mut StdRng| if random.random_bool(0.05) { random.random_range(1.0..9.0) } else { 0.0 };
    assert!(told_of(seldom, &[1, 5]).await > 0);
    assert_eq!(told_of(seldom, &[1_000]).await, 0, "there are fewer, and the last of them have no latency");
}

/// Two days later, so that both ranges have it.
const LATER_MS: i64 = 48 * HOUR_MS;

/// Conversations of one slow event, and of forty fast ones an hour later: they only seem slow.
fn seeming(at: i64, conversations: std::ops::Range<u32>) -> impl Iterator<Item = Planned> {
    conversations.flat_map(move |n| {
        let slow = planned(at, n, "a", 1_000.0 + f64::from(n));
        let fast = (0..40).map(move |ms| planned(at + HOUR_MS + ms, n, "a", 1.0));
        fast.chain([slow])
    })
}

fn slow(at: i64, conversations: std::ops::Range<u32>, latency: f64) -> impl Iterator<Item = Planned> {
    conversations.map(move |n| planned(at, n, "a", latency + f64::from(n)))
}

#[tokio::test]
async fn who_was_left_out_of_an_hour_is_not_overlooked() {
    let (database, acme) = (Database::new().await, tenant("acme"));
    // The hour keeps the 100 that only seem slow.
    let events: Vec<_> = seeming(LATER_MS, 100..205).chain(slow(LATER_MS, 0..50, 1_000.0)).collect();
    database.have(&acme, &events).await;
    assert_eq!(database.told_at_last(&acme, &[1, 60]).await, 0);
    let slower: Vec<_> = slow(LATER_MS + 5 * HOUR_MS, 500..530, 5_000.0).collect();
    database.have(&acme, &slower).await;
    roll_up_all(&database.store).await;
    assert_eq!(database.told(&acme, &[1, 20]).await, 8, "of b there is nothing");
}

#[tokio::test]
async fn more_are_looked_at_until_it_is_proved() {
    let (database, acme) = (Database::new().await, tenant("acme"));
    let at = |n: i64| LATER_MS + n * 2 * HOUR_MS;
    let events: Vec<_> = (0..4)
        .zip((100..).step_by(50))
        .flat_map(|(n, first)| seeming(at(n), first..first + 50))
        .chain(slow(at(5), 0..40, 600.0))
        .collect();
    database.have(&acme, &events).await;
    assert_eq!(database.told_at_last(&acme, &[1, 20]).await, 8, "of b there is nothing");
}

#[tokio::test]
async fn hours_that_were_rolled_up_by_an_older_version_prove_nothing() {
    let (database, acme) = (Database::new().await, tenant("acme"));
    let events: Vec<_> =
        slow(LATER_MS, 0..10, 100.0).chain(slow(LATER_MS + HOUR_MS, 10..20, 100.0)).collect();
    database.have(&acme, &events).await;
    assert_eq!(database.told_at_last(&acme, &[2]).await, 4);
    database
        .sql(
            "INSERT INTO {db}.rollup (tenant, hour, covered, computed_at, events, slots)
             SELECT tenant, hour, covered + 1, computed_at, events, slots FROM {db}.rollup FINAL ORDER BY hour LIMIT 1",
        )
        .await;
    assert_eq!(database.told(&acme, &[2]).await, 0);
}

/// The other has more events, and comes first.
#[tokio::test]
async fn who_is_as_slow_as_the_next_part_is_not_taken_for_the_slowest() {
    let (database, acme) = (Database::new().await, tenant("acme"));
    let many = |hour: i64, conversation, count| {
        (0..count).map(move |ms| planned(LATER_MS + hour * HOUR_MS + ms, conversation, "a", 500.0))
    };
    let seems = planned(LATER_MS, 1, "a", 1_000.0);
    let events: Vec<_> = many(1, 1, 40).chain(many(3, 2, 50)).chain([seems]).collect();
    database.have(&acme, &events).await;
    assert_eq!(database.told_at_last(&acme, &[1]).await, 4);
}

/// Nothing else of the conversation that it went to is read.
#[tokio::test]
async fn an_event_that_went_to_another_conversation_does_not_stand_for_it() {
    let (database, acme) = (Database::new().await, tenant("acme"));
    let moves = planned(LATER_MS, 1, "a", 900.0);
    let fast = (1..60).map(|ms| planned(LATER_MS + ms, 3, "a", 1.0));
    let events: Vec<_> =
        [moves, planned(LATER_MS + HOUR_MS, 1, "a", 1_000.0), planned(LATER_MS, 2, "a", 500.0)]
            .into_iter()
            .chain(fast)
            .chain(slow(LATER_MS, 10..20, 100.0))
            .collect();
    let keys = database.have(&acme, &events).await;
    database.store.insert(&[updated(&keys[0], 10_000, said(&events[0].moved("c-3")))]).await.unwrap();
    assert_eq!(database.told_at_last(&acme, &[2]).await, 4);
}

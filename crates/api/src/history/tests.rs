use std::sync::atomic::{AtomicI64, Ordering};

use bus::log::{Log, Options};
use bus::{Delivery, Offsets, Record, kafka};
use model::{Content, Operation, Patch, message};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::unique;
use testing::wait::until;

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);
const DAY_MS: i64 = 86_400_000;

/// A topic of six partitions, and what finds operations there.
struct Place {
    channels: Channels,
    history: History,
    _folder: TempDir,
}

impl Place {
    async fn log(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&folder.path().join("log"), options).unwrap();
        Self::new(Channels::log(log, &config(String::new())).unwrap(), folder).await
    }

    /// In the log, and in Kafka.
    async fn both() -> [Self; 2] {
        let brokers = tokio::task::spawn_blocking(testing::kafka::brokers).await.unwrap().to_owned();
        let kafka = Channels::kafka(config(brokers)).unwrap();
        let options = Options { delivery_timeout: PATIENCE, ..Options::default() };
        [Self::log(options).await, Self::new(kafka, tempfile::tempdir().unwrap()).await]
    }

    async fn new(channels: Channels, folder: TempDir) -> Self {
        channels.bus.ensure_topic(&channels.events).await.unwrap();
        Self { history: History::new(&channels), channels, _folder: folder }
    }

    async fn send(&self, records: impl IntoIterator<Item = Record>) {
        let producer = self.channels.bus.producer(&self.channels.events).unwrap();
        for written in producer.send_all(records.into_iter().collect()).await {
            written.unwrap();
        }
    }

    /// Of 1 kB each, in all partitions.
    async fn send_others(&self, count: usize) {
        let other = event(String::leak("x".repeat(1_000)));
        let others = (0..count).map(|_| Event { id: EventId::new(Timestamp::now()), ..other.clone() });
        self.send(others.map(|other| create(&other))).await;
    }

    async fn read(&self, wanted: &[Wanted], mut allowance: Allowance) -> Histories {
        self.history.read(&Tenant::default(), wanted, &mut allowance).await
    }
}

fn config(brokers: String) -> kafka::Config {
    let name = unique("history");
    let delivery_timeout_ms = u64::try_from(PATIENCE.as_millis()).unwrap();
    let (topic, group_id) = (name.clone(), name);
    kafka::Config { brokers, topic, group_id, partitions: 6, delivery_timeout_ms, ..kafka::Config::default() }
}

fn plenty() -> Allowance {
    Allowance::new(PATIENCE)
}

/// An event of now, with this name.
fn event(name: &'static str) -> Event<'static> {
    let now = Timestamp::now();
    Event {
        tenant: Tenant::default(),
        id: EventId::new(now),
        received_at: now,
        updated_at: now,
        source: model::Source::EventService,
        content: Content { event_name: name.into(), ..Content::default() },
    }
}

fn create(event: &Event<'static>) -> Record {
    (&Operation::Create(Box::new(event.clone()))).into()
}

fn update(event: &Event<'_>, error: &'static str) -> Record {
    let patch = Patch { error: Some(error.into()), ..Patch::default() };
    (&Operation::Update { key: event.key(), at: Timestamp::now(), patch: Box::new(patch) }).into()
}

fn keyed(event: &Event<'_>, key: &str) -> Record {
    let headers = vec![(message::IDEMPOTENCY_KEY.to_owned(), key.into())];
    Record { headers, ..update(event, "keyed") }
}

fn delete(event: &Event<'_>) -> Record {
    (&Operation::Delete { key: event.key(), at: Timestamp::now() }).into()
}

/// What is told of operations, less where and when they were.
fn told(history: &EventHistory) -> Vec<Value> {
    let told = |operation: &PastOperation| {
        let mut told = serde_json::to_value(operation).unwrap();
        let members = told.as_object_mut().unwrap();
        for member in ["appendedAt", "partition", "offset"] {
            members.remove(member).unwrap();
        }
        told
    };
    history.operations.iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operations_of_events_are_found_in_order_wherever_they_are() {
    for place in Place::both().await {
        // Of several partitions, more than one each.
        let events: Vec<_> = (0..30).map(|_| event("plate.moved")).collect();
        let others = Tenant::parse("acme").unwrap();
        let of_others = |event: &Event<'static>| create(&Event { tenant: others.clone(), ..event.clone() });
        place.send(events.iter().map(create)).await;
        place.send(events.iter().map(of_others)).await;
        place.send(events.iter().flat_map(|event| ["a", "b"].map(|error| update(event, error)))).await;
        place.send(events.iter().map(create)).await;
        place.send(events.iter().flat_map(|event| [delete(event), update(event, "c"), create(event)])).await;
        place.send([Record { value: b"no operation".to_vec(), ..create(&events[0]) }]).await;

        let wanted: Vec<_> = events.iter().map(Wanted::live).collect();
        let found = place.read(&wanted, plenty()).await;
        assert_eq!((found.from, found.events.len()), (None, events.len()));
        let mut partitions = std::collections::HashSet::new();
        for (event, history) in events.iter().zip(&found.events) {
            let content = json!({"eventId": event.id, "topic": "plate.moved"});
            let created = json!({"operation": "create", "content": content});
            let again = json!({"operation": "create", "content": content, "withoutEffect": true});
            assert_eq!(
                told(history),
                [
                    created,
                    json!({"operation": "update", "content": {"error": "a"}}),
                    json!({"operation": "update", "content": {"error": "b"}}),
                    again.clone(),
                    json!({"operation": "delete"}),
                    json!({"operation": "update", "content": {"error": "c"}, "withoutEffect": true}),
                    again,
                ]
            );
            assert!(history.is_complete && history.operations.is_sorted_by_key(|one| one.offset));
            assert!(history.operations.iter().all(|one| one.appended_at >= event.received_at));
            partitions.extend(history.operations.iter().map(|one| one.partition));
        }
        assert!(partitions.len() > 1, "{partitions:?}");

        let never = place.read(&[Wanted::live(&event("never sent"))], plenty()).await;
        assert!(never.events[0].is_complete && never.events[0].operations.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_records_take_nothing_of_what_may_be_held() {
    for place in Place::both().await {
        let wanted = event("wanted");
        place.send([create(&wanted)]).await;
        place.send_others(20_000).await;
        place.send([delete(&wanted)]).await;
        let allowance = Allowance { bytes: 1_000, ..plenty() };
        let found = place.read(&[Wanted::live(&wanted)], allowance).await;
        assert_eq!(told(&found.events[0]).len(), 2);
        assert!(found.events[0].is_complete);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_held_is_said_to_be_missing() {
    let large: &'static str = String::leak("x".repeat(1_000));
    for place in Place::both().await {
        let event = event("large");
        place
            .send([create(&event), update(&event, large), update(&event, large), update(&event, large)])
            .await;
        for (bytes, found) in [(1_000_000, 4), (3_000, 3), (2_000, 2), (1_000, 1), (10, 0)] {
            let histories = place.read(&[Wanted::live(&event)], Allowance { bytes, ..plenty() }).await;
            let history = &histories.events[0];
            assert_eq!((history.operations.len(), history.is_complete), (found, found == 4), "{bytes}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_read_in_time_is_said_to_be_missing() {
    for place in Place::both().await {
        let event = event("late");
        place.send([create(&event)]).await;
        place.send_others(20_000).await;
        place.send([delete(&event)]).await;
        let mut allowance = Allowance::new(Duration::ZERO);
        let wanted = [Wanted::live(&event)];
        let none = place.history.read(&Tenant::default(), &wanted, &mut allowance).await;
        assert!(!none.events[0].is_complete && none.events[0].operations.is_empty());

        // There are 20 MB.
        let mut allowance = Allowance::new(Duration::from_millis(1));
        let some = place.history.read(&Tenant::default(), &wanted, &mut allowance).await;
        assert!(!some.events[0].is_complete && some.events[0].operations.len() < 2);
        assert_eq!(allowance.time, Duration::ZERO);
    }
}

#[tokio::test]
async fn what_can_not_be_read_at_all_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(&folder.path().join("log"), Options::default()).unwrap();
    let history = History::new(&Channels::log(log, &config(String::new())).unwrap());
    let wanted = [Wanted::live(&event("late"))];
    let none = history.read(&Tenant::default(), &wanted, &mut plenty()).await;
    assert!(!none.events[0].is_complete && none.events[0].operations.is_empty());
}

#[tokio::test]
async fn from_when_on_there_are_records_is_said_where_older_ones_are_gone() {
    const BEGIN: i64 = 1_800_000_000_000;
    static NOW: AtomicI64 = AtomicI64::new(BEGIN);
    let place = Place::log(Options {
        retention: Duration::from_hours(1),
        retention_interval: Duration::from_millis(5),
        clock: || NOW.load(Ordering::Relaxed),
        ..Options::default()
    })
    .await;
    let at = |millis| Timestamp::from_millis(BEGIN + millis).unwrap();
    let of = |millis| Event { received_at: at(millis), id: EventId::new(at(0)), ..event("x") };
    let Channels { bus, events: topic, group, .. } = &place.channels;
    // All in one partition.
    let partition_of =
        |event: &Event<'_>| topic.schedule.partition(event.id.to_string().as_bytes(), event.id.created_at());
    let of = |millis| std::iter::repeat_with(|| of(millis)).find(|event| partition_of(event) == 0).unwrap();
    let (old, young) = (of(0), of(DAY_MS + 120_000));
    place.send([create(&old), create(&of(0)), create(&of(0))]).await;
    NOW.store(BEGIN + DAY_MS, Ordering::Relaxed);
    place.send([update(&old, "late")]).await;
    NOW.store(BEGIN + DAY_MS + 120_000, Ordering::Relaxed);
    place.send([create(&young)]).await;

    let wanted = [Wanted::live(&old), Wanted::live(&young), Wanted::deleted(young.id)];
    let mut reading = Reading::new(&Tenant::default(), &topic.schedule, &wanted[1..2], MAX_BYTES);
    assert_eq!(reading.begins().into_values().collect::<Vec<_>>(), [at(DAY_MS + 60_000)]);
    place.history.go_on(&mut reading).await.unwrap();
    assert!(reading.end().events[0].is_complete);
    let found = place.read(&wanted[..2], plenty()).await;
    assert_eq!((found.from, told(&found.events[0]).len(), found.events[0].is_complete), (None, 2, true));

    let source = bus.source(topic, group, 1_000).unwrap();
    source.commit(Offsets::from([(0, 3)])).await.unwrap();
    let begin = async || bus.positions(topic, group).unwrap().partitions().await.unwrap()[0].begin;
    until("the old ones are gone", PATIENCE, async || begin().await == 3).await;
    let found = place.read(&wanted[..2], plenty()).await;
    assert_eq!(found.from, Some(at(DAY_MS)));
    let is = |history: &EventHistory| (told(history).len(), history.is_complete);
    assert_eq!(found.events.iter().map(is).collect::<Vec<_>>(), [(1, false), (1, true)]);
}

#[test]
fn what_changed_nothing_is_known_where_it_is_certain() {
    let event = event("x");
    let marks = |records: &[Record]| {
        let mut state = operation::State::default();
        let mark = |(offset, record): (i64, &Record)| {
            let Record { key, value, headers, .. } = record.clone();
            let append_ms = Some(1_800_000_000_000);
            let delivery = Delivery { partition: 0, offset, append_ms, key, value, headers };
            PastOperation::read(&delivery, &event.key(), &mut state).unwrap().without_effect
        };
        (0..).zip(records).map(mark).collect::<Vec<_>>()
    };
    let (a, b) = (keyed(&event, "a"), keyed(&event, "b"));
    let unkeyed = update(&event, "x");
    assert_eq!(
        marks(&[
            create(&event),
            a.clone(),
            b.clone(),
            a.clone(),
            unkeyed.clone(),
            unkeyed.clone(),
            b.clone()
        ]),
        [false, false, false, true, false, false, true]
    );
    // Nine other keys are more than are remembered.
    let others: Vec<_> = (0..9).map(|n| keyed(&event, &n.to_string())).collect();
    let all = [&[create(&event), a.clone()], &others[..], std::slice::from_ref(&a)].concat();
    assert_eq!(marks(&all), [false; 12]);
    // What was before the first record is not known.
    assert_eq!(marks(&[a.clone(), a.clone(), create(&event), a]), [false; 4]);
    assert_eq!(marks(&[delete(&event), delete(&event), create(&event), b]), [false, true, true, true]);
}

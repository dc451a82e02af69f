//! Retention on an engine, against a naive computation with a time-zone library of its own.

mod naive;

use std::cmp::Reverse;
use std::collections::HashSet;

use model::{Content, EventKey, JsonText, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use store::queries::retention::{Cell, Cohort, Count, Kind, Mode, Retained, RetainedUser, Retention};
use store::{Filters, Grid, Interval, Range, RangeParams, RangeSpec, Scope, Store, WeekStart, Zone};

use crate::database::{Database, created, deleted, scope, tenant, time, updated};
use crate::rollup::roll_up_all;
use naive::{Calendar, Happened};

/// Clocks change in March and October, in March and November, never, in April and September at midnight.
const ZONES: [&str; 5] = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Santiago"];

const USERS: u32 = 40;

/// All that can be asked for beside filters and times.
fn questions() -> impl Iterator<Item = (Interval, WeekStart, Mode, Count, Kind)> {
    let periods = [
        (Interval::Day, WeekStart::Monday),
        (Interval::Week, WeekStart::Monday),
        (Interval::Week, WeekStart::Sunday),
        (Interval::Month, WeekStart::Monday),
    ];
    let modes = [Mode::First, Mode::Recurring];
    let counts = [Count::On, Count::OnOrAfter];
    let kinds = [Kind::Calendar, Kind::Rolling];
    periods.into_iter().flat_map(move |(period, week_start)| {
        modes.into_iter().flat_map(move |mode| {
            counts.into_iter().flat_map(move |count| {
                kinds.into_iter().map(move |kind| (period, week_start, mode, count, kind))
            })
        })
    })
}

/// Start and return events, and how the naive computation knows them.
type Pair = (Value, fn(&Happened) -> bool, Value, fn(&Happened) -> bool);

fn pairs() -> [Pair; 3] {
    let named = |name: &str| json!([{"field": "event_name", "op": "is", "values": [name]}]);
    let plan = json!([{"field": "properties.plan", "op": "is", "values": ["pro"]}]);
    let paid = json!([
        {"field": "event_name", "op": "is_not", "values": ["registered"]},
        {"field": "properties.plan", "op": "is", "values": ["free"]}
    ]);
    [
        (named("registered"), |event| event.name == "registered", json!([]), |_| true),
        (json!([]), |_| true, named("ordered"), |event| event.name == "ordered"),
        (plan, |event| event.plan == "pro", paid, |event| event.name != "registered" && event.plan == "free"),
    ]
}

/// Events of some users in the year, many of them where local days begin, and several in one millisecond.
fn happened(random: &mut StdRng) -> Vec<Happened> {
    let (first, last) = (time("2026-02-20T00:00:00Z").millis(), time("2026-12-10T00:00:00Z").millis());
    let mut events = Vec::new();
    for user in 0..USERS {
        let mut at = random.random_range(first..last);
        // Some are there for days, some for months.
        let pace = random.random_range(1..=60) * 3_600_000;
        for _ in 0..random.random_range(1..80) {
            at += match random.random_range(0..8) {
                0 => 0,
                1 => 1,
                2 => 24 * 3_600_000,
                _ => random.random_range(0..2 * pace),
            };
            if random.random_range(0..4) == 0 {
                // A half hour, or the millisecond before: no local day begins elsewhere.
                at -= at % 1_800_000 + random.random_range(0..=1);
            }
            if at >= last {
                break;
            }
            let pick = |random: &mut StdRng, of: &[&'static str]| of[random.random_range(0..of.len())];
            let name = pick(random, &["registered", "ordered", "opened", "opened"]);
            events.push(Happened {
                user: (user % 5 != 0).then(|| format!("u-{user}")),
                anonymous: (user % 3 == 0).then(|| format!("a-{user}")),
                key: EventKey {
                    tenant: tenant("acme"),
                    id: model::EventId::new(Timestamp::from_millis(at).unwrap()),
                },
                name,
                plan: pick(random, &["pro", "free", ""]),
            });
        }
    }
    events
}

impl Happened {
    fn content(&self) -> Content<'static> {
        let properties = if self.plan.is_empty() { json!({}) } else { json!({"plan": self.plan}) };
        Content {
            event_name: self.name.into(),
            user_id: self.user.clone().unwrap_or_default().into(),
            anonymous_id: self.anonymous.clone().unwrap_or_default().into(),
            properties: JsonText::from_stored(properties.to_string()).unwrap(),
            ..Content::default()
        }
    }
}

async fn ask(store: &Store, range: Range, calendar: &Calendar, retention: &Retention) -> Retained {
    let acme = tenant("acme");
    let (zone, grid) = grid(store, range, calendar).await;
    let scope = Scope { zone: &zone, ..scope(store, &acme, range) };
    let answer = store.retention(&scope, &grid, retention).await;
    answer.unwrap_or_else(|error| panic!("{}", error.detail())).data
}

async fn grid(store: &Store, range: Range, calendar: &Calendar) -> (Zone, Grid) {
    let spec =
        RangeSpec::parse(&RangeParams { timezone: Some(calendar.zone), ..RangeParams::default() }, Some(1))
            .unwrap();
    let (_, zone) = store.range(&spec, range.now()).await.unwrap();
    let grid = store.grid(&range, &zone, Some(calendar.period), calendar.week_start).await.unwrap();
    (zone, grid)
}

/// The users of a cell, in pages of 15.
async fn listed(
    store: &Store,
    range: Range,
    calendar: &Calendar,
    retention: &Retention,
    cell: &Cell,
) -> Vec<RetainedUser> {
    let acme = tenant("acme");
    let (zone, grid) = grid(store, range, calendar).await;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let scope = Scope { zone: &zone, ..scope(store, &acme, range) };
        let page = store.retention_users(&scope, &grid, retention, cell, after.as_ref(), 15).await;
        let page = page.unwrap_or_else(|error| panic!("{}", error.detail())).data;
        all.extend(page.users);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

fn filters(json: &Value) -> Filters {
    serde_json::from_value(json.clone()).unwrap()
}

#[tokio::test]
async fn every_cell_is_what_it_is_defined_to_be_in_every_zone() {
    let database = Database::new().await;
    let mut random = StdRng::seed_from_u64(19);
    let events = happened(&mut random);
    let rows: Vec<_> = (1..).zip(&events).map(|(n, event)| created(&event.key, n, event.content())).collect();
    database.store.insert(&rows).await.unwrap();
    // Many of the hours, some of which are written to again.
    roll_up_all(&database.store).await;
    // One who is nobody, one of somebody else, one who is gone, and one who was another before.
    let (at, other) = (|| model::EventId::new(time("2026-06-01T10:00:00Z")), tenant("globex"));
    let key = || EventKey { tenant: tenant("acme"), id: at() };
    let (gone, changed) = (key(), events.first().unwrap());
    let registered = |user: &str| Content {
        event_name: "registered".into(),
        user_id: user.to_owned().into(),
        ..Content::default()
    };
    database
        .insert_apart(&[
            created(&key(), 1, registered("")),
            created(&EventKey { tenant: other, id: at() }, 1, registered("u-1")),
            created(&gone, 1, registered("u-new")),
            deleted(&gone, 2),
            created(&changed.key, 1_000_000, registered("u-other")),
            updated(&changed.key, 1_000_001, changed.content()),
        ])
        .await;

    let moment = |random: &mut StdRng| {
        let (first, last) = (time("2026-02-15T00:00:00Z").millis(), time("2026-12-20T00:00:00Z").millis());
        let at = random.random_range(first..last);
        // Most ranges are of whole days somewhere.
        Timestamp::from_millis(if random.random_range(0..3) > 0 { at - at % 1_800_000 } else { at }).unwrap()
    };
    for zone in ZONES {
        let (mut cells, mut nulls, mut open) = (0, 0, 0);
        for (period, week_start, mode, count, kind) in questions() {
            let [mut from, mut to] = [moment(&mut random), moment(&mut random)];
            if to < from {
                (from, to) = (to, from);
            }
            let now = if random.random() { time("2026-12-31T00:00:00Z") } else { moment(&mut random) };
            let (start, starts, returning, returns) = pairs()[random.random_range(0..3)].clone();
            let periods = random.random_range(1..=20);
            let retention = Retention {
                start: filters(&start),
                returning: filters(&returning),
                periods,
                mode,
                count,
                kind,
            };
            let range = Range::new(from, to, now).unwrap();
            let calendar = Calendar { zone, period, week_start };
            let is = ask(&database.store, range, &calendar, &retention).await;
            let should = naive::retention(&events, range, &calendar, &retention, starts, returns);
            assert_eq!(is, should, "{calendar:?} {range:?} {retention:?}");
            // The users behind one of the numbers.
            if let Some(Cohort { cohort, size, returned, .. }) = is.cohorts.last() {
                let period = random.random_range(0..=periods);
                let some = returned[usize::from(period)].unwrap_or(0);
                for (period, users) in [(None, *size), (Some(period), some)] {
                    let cell = Cell { cohort: cohort.clone(), period };
                    let listed = listed(&database.store, range, &calendar, &retention, &cell).await;
                    let different: HashSet<_> = listed.iter().map(|user| &user.user).collect();
                    assert_eq!(different.len(), listed.len(), "{listed:?}");
                    assert_eq!(listed.len() as u64, users, "{cell:?} {calendar:?} {range:?} {retention:?}");
                    assert!(listed.is_sorted_by_key(|user| Reverse(user.started_at)), "{listed:?}");
                }
            }
            for cohort in &is.cohorts {
                cells += cohort.returned.len();
                nulls += cohort.returned.iter().filter(|cell| cell.is_none()).count();
                open += cohort.complete.iter().filter(|complete| !**complete).count();
            }
        }
        assert!(
            cells > 1_000 && nulls > 100 && open > nulls,
            "{zone}: {cells} cells, {nulls} null, {open} open"
        );
    }
}

#[tokio::test]
async fn a_return_in_the_millisecond_of_the_start_is_one_only_behind_it() {
    let database = Database::new().await;
    let at = time("2026-06-01T10:00:00Z");
    let key = || EventKey { tenant: tenant("acme"), id: model::EventId::new(at) };
    let mut keys = [key(), key(), key(), key()];
    keys.sort_by_key(|key| key.id.to_string());
    let event = |n: usize, user: &str, name: &str| {
        let content = Content {
            event_name: name.to_owned().into(),
            user_id: user.to_owned().into(),
            ..Content::default()
        };
        created(&keys[n], 1, content)
    };
    let rows = [event(0, "a", "back"), event(1, "a", "start"), event(2, "b", "start"), event(3, "b", "back")];
    database.store.insert(&rows).await.unwrap();
    let named = |name: &str| filters(&json!([{"field": "event_name", "op": "is", "values": [name]}]));
    let calendar = Calendar { zone: "UTC", period: Interval::Day, week_start: WeekStart::Monday };
    for kind in [Kind::Calendar, Kind::Rolling] {
        let retention = Retention {
            start: named("start"),
            returning: named("back"),
            periods: 1,
            mode: Mode::First,
            count: Count::On,
            kind,
        };
        let now = time("2026-06-02T12:00:00Z");
        let is = ask(&database.store, Range::new(at, now, now).unwrap(), &calendar, &retention).await;
        let cohort = Cohort {
            cohort: "2026-06-01".to_owned(),
            size: 2,
            returned: vec![Some(1), Some(0)],
            share: vec![Some(0.5), Some(0.0)],
            complete: vec![true, false],
        };
        assert_eq!(is, Retained { cohorts: vec![cohort], mean: vec![Some(0.5), None] }, "{kind:?}");
    }
}

#[tokio::test]
async fn who_never_began_is_of_no_cohort_however_early_that_begins() {
    let database = Database::new().await;
    let content = Content { user_id: "ada".into(), ..Content::default() };
    let key = EventKey { tenant: tenant("acme"), id: model::EventId::new(time("2026-11-20T12:00:00Z")) };
    database.insert_apart(&[created(&key, 1, content)]).await;
    let retention = Retention {
        start: filters(&json!([{"field": "event_name", "op": "is", "values": ["registered"]}])),
        returning: filters(&json!([])),
        periods: 1,
        mode: Mode::First,
        count: Count::On,
        kind: Kind::Calendar,
    };
    let (from, now) = (Timestamp::default(), time("2026-11-21T00:00:00Z"));
    let calendar = Calendar { zone: "UTC", period: Interval::Month, week_start: WeekStart::Monday };
    let answer = ask(&database.store, Range::new(from, now, now).unwrap(), &calendar, &retention).await;
    assert_eq!(answer.cohorts, []);
}

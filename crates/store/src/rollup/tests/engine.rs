//! The same on an engine: whatever was written, marked and rolled up in whatever order, each question has the answer that
//! the events alone give, after every step.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Debug;

use model::{
    AppliedKeys, Content, Event, EventId, EventKey, JsonText, Latency, Position, Source, State, Stored,
    Tenant, Timestamp, Version, Write,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::fold::revenue::NAMES;
use crate::queries::Breakdown;
use crate::queries::retention::{Count, Kind, Mode, Retention};
use crate::rollup::{Dirty, RELATIVE_ERROR};
use crate::{
    Config, Field, Filter, Filters, Grid, Interval, Metric, Op, Percentile, Range, Reading, Scope, Store,
    Value, WeekStart, Zone,
};

/// How many cases are tried, unless `PROPTEST_CASES` says so.
const CASES: u64 = 12;
const STEPS: usize = 14;
const ZONES: [&str; 5] = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"];
const HOUR_MS: i64 = 3_600_000;

/// What is rolled up, in the order in which it is.
const TABLES: [&str; 2] = ["rollup_money", "rollup"];

/// What orders, payments and refunds may say.
const ORDER: [(&str, &[&str]); 6] = [
    ("order_id", &["\"o-1\"", "\"o-2\"", "3", "\"3\"", "4.50", "\"4.50\"", "null", "\"\""]),
    ("currency", &["\"EUR\"", "\"USD\"", "null", "null"]),
    ("location_id", &["\"k\"", "7", "null", "null"]),
    ("total_amount", &["0.1", "\"0.2\"", "12345678901234.5678", "-3", "null", "\"1,5\""]),
    ("amount", &["0.1", "\"0.2\"", "12345678901234.5678", "-3", "null", "\"1,5\""]),
    ("refund_amount", &["0.1", "\"0.2\"", "12345678901234.5678", "-3", "null", "\"1,5\""]),
];

type Row = (EventKey, Stored<'static>);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_those_of_the_events_after_every_step() {
    let cases = env::var("PROPTEST_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    let first = env::var("ROLLUP_SEED")
        .map_or_else(|_| u64::from(rand::random::<u32>()), |seed| seed.parse().unwrap());
    let url = testing::engine::url().to_string();
    let config = Config { url: Some(url), database: testing::unique("rollup"), ..Config::default() };
    let store = Store::new(config).unwrap();
    store.migrate().await.unwrap();
    for name in TABLES {
        let slow = format!("CREATE TABLE slow_{name} AS {name} ENGINE = Memory");
        store.client.query(&slow).execute().await.unwrap();
    }
    for seed in (0..cases).map(|n| first + n) {
        Case::new(&store, seed).run().await;
    }
}

/// Two tenants over a few hours around a midnight, at times of the case's own.
struct Case<'a> {
    store: &'a Store,
    seed: u64,
    random: StdRng,
    tenants: [Tenant; 2],
    midnight: i64,
    operations: i64,
    /// The log of what is not acknowledged yet.
    waits: Vec<Row>,
    /// What was acknowledged of each event, and when, the last of which counts.
    acknowledged: BTreeMap<EventKey, Vec<(i64, Stored<'static>)>>,
    /// What each of two workers has counted.
    counted: [Vec<Dirty>; 2],
}

impl<'a> Case<'a> {
    fn new(store: &'a Store, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let day = random.random_range(0..1_000_i64);
        Self {
            store,
            seed,
            random,
            tenants: [format!("a{seed}"), format!("b{seed}")].map(|name| Tenant::parse(&name).unwrap()),
            // From 2023 on: before, some zones changed at no quarter.
            midnight: (19_400 + day) * 24 * HOUR_MS,
            operations: 0,
            waits: Vec::new(),
            acknowledged: BTreeMap::new(),
            counted: [Vec::new(), Vec::new()],
        }
    }

    async fn run(mut self) {
        for _ in 0..STEPS {
            match self.random.random_range(0..10) {
                0..4 => self.write().await,
                4 => self.count(0).await,
                5 => self.roll_up(0).await,
                6 => self.count(1).await,
                7 => self.roll_up(1).await,
                8 => self.roll_up_days().await,
                _ => self.late_or_by_hand().await,
            }
            self.look(Reading::Bounded).await;
        }
        // Everybody rests.
        if !self.waits.is_empty() {
            self.write_whole().await;
        }
        for dirty in self.dirty().await {
            self.store.roll_up(&[dirty]).await.unwrap();
        }
        self.roll_up_days().await;
        let mine: Vec<_> = self.dirty().await;
        assert!(mine.is_empty(), "{}: {mine:?}", self.seed);
        for reading in [Reading::Bounded, Reading::Exact] {
            self.look(reading).await;
        }
    }

    /// A batch; the consumer may be killed behind its rows, or behind its marks, and then replays it.
    async fn write(&mut self) {
        if self.waits.is_empty() {
            let count = self.random.random_range(1..6);
            self.waits = (0..count).map(|_| self.operation()).collect();
        }
        match self.random.random_range(0..5) {
            0 => self.store.insert_rows(&self.waits).await.unwrap(),
            1 => {
                self.store.insert_rows(&self.waits).await.unwrap();
                self.store.mark(self.waits.iter().map(|(key, _)| key)).await.unwrap();
            }
            _ => self.write_whole().await,
        }
    }

    async fn write_whole(&mut self) {
        let rows = std::mem::take(&mut self.waits);
        self.store.insert(&rows).await.unwrap();
        let at = self.store.now().await.unwrap().millis();
        for (key, stored) in rows {
            self.acknowledged.entry(key).or_default().push((at, stored));
        }
    }

    fn operation(&mut self) -> Row {
        self.operations += 1;
        let known: Vec<_> = self.acknowledged.keys().cloned().collect();
        let key = match known.choose(&mut self.random) {
            Some(key) if self.random.random_bool(0.5) => key.clone(),
            _ => self.key(),
        };
        let write = match self.random.random_range(0..6) {
            0 => Write::Delete,
            1 | 2 => Write::Update,
            _ => Write::Create,
        };
        let version = Version::new(write, Position::new(1_800_000_000_000, self.operations).unwrap());
        let state = if write == Write::Delete {
            State::Deleted { at: Timestamp::now(), hidden: None }
        } else {
            State::Live(Box::new(self.event(&key)))
        };
        (key, Stored { version, state, applied: AppliedKeys::default() })
    }

    fn key(&mut self) -> EventKey {
        let tenant = self.tenants.choose(&mut self.random).unwrap().clone();
        let within = match self.random.random_range(0..8) {
            // Late, of another month.
            0 => -40 * 24 * HOUR_MS,
            // The edges of an hour, a day and a quarter.
            1 => -1,
            2 => 0,
            3 => HOUR_MS / 4,
            _ => self.random.random_range(-3 * HOUR_MS..3 * HOUR_MS),
        };
        EventKey { tenant, id: EventId::new(Timestamp::from_millis(self.midnight + within).unwrap()) }
    }

    fn event(&mut self, key: &EventKey) -> Event<'static> {
        let mut one = |texts: &'static [&'static str]| *texts.choose(&mut self.random).unwrap();
        let properties = ORDER.map(|(name, values)| format!("\"{name}\":{}", one(values))).join(",");
        let content = Content {
            event_name: one(&["a", "b", "c", NAMES[0], NAMES[1], NAMES[2]]).into(),
            properties: JsonText::from_stored(format!("{{{properties}}}")).unwrap(),
            user_id: one(&["", "ada", "bob", "cy"]).into(),
            anonymous_id: one(&["", "x", "y"]).into(),
            conversation_id: one(&["", "c-1", "c-2"]).into(),
            error: one(&["", "", "late"]).into(),
            latency: Latency::from_millis(self.random.random_range(0..4_000).into()).unwrap(),
            ..Content::default()
        };
        Event {
            tenant: key.tenant.clone(),
            id: key.id,
            received_at: key.id.created_at(),
            updated_at: key.id.created_at(),
            source: if self.random.random() { Source::Native } else { Source::Redis },
            content,
        }
    }

    async fn dirty(&self) -> Vec<Dirty> {
        let mut all = self.store.dirty_hours(10_000).await.unwrap();
        all.retain(|dirty| self.tenants.contains(&dirty.hour.tenant));
        all
    }

    async fn count(&mut self, worker: usize) {
        self.counted[worker] = self.dirty().await;
    }

    /// Some of what was counted, perhaps long ago; the worker may be killed before the last of them.
    async fn roll_up(&mut self, worker: usize) {
        let counted = std::mem::take(&mut self.counted[worker]);
        for tenant in &self.tenants {
            let of_one: Vec<_> =
                counted.iter().filter(|dirty| dirty.hour.tenant == *tenant).cloned().collect();
            self.store.roll_up(&of_one).await.unwrap();
            if self.random.random_ratio(1, 8) {
                return;
            }
        }
    }

    async fn roll_up_days(&self) {
        for day in self.store.days_behind(100).await.unwrap() {
            self.store.roll_up_day(&day).await.unwrap();
        }
    }

    /// A worker that was slow puts in what it had computed long ago; or somebody marks an hour.
    async fn late_or_by_hand(&mut self) {
        let run = async |sql: &str| self.store.client.query(sql).execute().await.unwrap();
        match self.random.random_range(0..3) {
            0 => {
                for name in TABLES {
                    run(&format!("TRUNCATE TABLE slow_{name}")).await;
                    run(&format!("INSERT INTO slow_{name} SELECT * FROM {name} FINAL")).await;
                }
            }
            1 => {
                for name in TABLES {
                    run(&format!("INSERT INTO {name} SELECT * FROM slow_{name}")).await;
                }
            }
            _ => {
                if let Some(key) = self.acknowledged.keys().next() {
                    let at = key.id.created_at();
                    let to = Timestamp::from_millis(at.millis() + HOUR_MS).unwrap();
                    self.store.mark_hours(at, to).await.unwrap();
                }
            }
        }
    }

    /// Asks about a tenant and some time.
    async fn look(&mut self, reading: Reading) {
        let tenant = self.tenants.choose(&mut self.random).unwrap().clone();
        let zone = Zone::known((*ZONES.choose(&mut self.random).unwrap()).to_owned());
        let mut at = |from: i64, to: i64| {
            let within = self.random.random_range(from..to);
            // Whole hours and days now and then.
            let within = if self.random.random() { within } else { within / HOUR_MS * HOUR_MS };
            Timestamp::from_millis(self.midnight + within).unwrap()
        };
        let (from, to) = (at(-41 * 24 * HOUR_MS, -HOUR_MS), at(0, 30 * HOUR_MS));
        let range = Range::new(from, to, Timestamp::from_millis(4_000_000_000_000).unwrap()).unwrap();
        let filters = match self.random.random_range(0..3) {
            0 => vec![Filter::new(Field::Source, Op::IsNot, vec![Value::from("redis")]).unwrap()],
            1 => vec![Filter::new(Field::EventName, Op::Is, vec![Value::from("a")]).unwrap()],
            _ => Vec::new(),
        };
        let filters = Filters::try_from(filters).unwrap();
        let scope = Scope {
            tenant: &tenant,
            range,
            zone: &zone,
            filters: &filters,
            limits: self.store.limits(),
            reading,
            query_id: None,
        };
        if !self.waits.is_empty() {
            return self.look_at_hours(&scope).await;
        }
        let asked =
            Asked { store: self.store, scope: &scope, what: format!("case {}: {scope:?}", self.seed) };
        let grid = self.store.grid(&range, &zone, Some(Interval::Day), WeekStart::Monday).await.unwrap();
        match self.random.random_range(0..10) {
            0 => asked.same(async |store, scope| store.error_counts(scope).await.unwrap().data).await,
            1 => asked.same(async |store, scope| store.heatmap(scope).await.unwrap().data).await,
            2 => asked.same(async |store, scope| store.active_users(scope, &grid).await.unwrap().data).await,
            3 => {
                let breakdown =
                    serde_json::from_str::<Breakdown>(r#"{"field":"event_name","limit":2}"#).unwrap();
                let metrics = [Metric::Events, Metric::ErrorRate];
                asked
                    .same(async |store, scope| {
                        store.series(scope, &grid, &metrics, Some(&breakdown)).await.unwrap().series
                    })
                    .await;
            }
            by @ (6 | 7) => {
                asked
                    .same(async |store, scope| store.revenue(scope, &grid, by == 7).await.unwrap().data)
                    .await;
            }
            4 => asked.near(&grid, &self.latencies(&scope)).await,
            8 => {
                let limit = self.random.random_range(1..4);
                asked.same(async |store, scope| store.latency(scope, limit).await.unwrap().data).await;
            }
            9 => {
                let retention = Retention {
                    start: Filters::NONE,
                    returning: filters.clone(),
                    periods: 5,
                    mode: Mode::First,
                    count: Count::On,
                    kind: Kind::Calendar,
                };
                let all = Scope { filters: &Filters::NONE, ..scope.clone() };
                let asked = Asked { scope: &all, ..asked };
                asked
                    .same(async |store, scope| store.retention(scope, &grid, &retention).await.unwrap().data)
                    .await;
            }
            _ => {
                let metrics = [Metric::Users, Metric::Events, Metric::Conversations, Metric::Errors];
                asked
                    .same(async |store, scope| {
                        store.series(scope, &grid, &metrics, None).await.unwrap().series
                    })
                    .await;
            }
        }
    }

    /// What was measured of the events that a question is about, ascending.
    fn latencies(&self, scope: &Scope<'_>) -> Vec<f64> {
        let is_of = |key: &&EventKey| {
            let at = key.id.created_at();
            key.tenant == *scope.tenant && at >= scope.range.from() && at < scope.range.to()
        };
        let keys = self.acknowledged.keys().filter(is_of);
        let rows = keys.filter_map(|key| {
            let (_, stored) = self.acknowledged[key].iter().max_by_key(|(_, stored)| stored.version.raw())?;
            if let State::Live(event) = &stored.state { Some(event) } else { None }
        });
        let passing = rows.filter(|event| {
            scope.filters.iter().all(|filter| match filter.field() {
                Field::Source => event.source != Source::Redis,
                _ => event.content.event_name == "a",
            })
        });
        let mut latencies: Vec<_> = passing.map(|event| event.content.latency.millis()).collect();
        latencies.retain(|latency| *latency > 0.0);
        latencies.sort_by(f64::total_cmp);
        latencies
    }

    /// While rows are there that nobody has acknowledged, each hour is as it was acknowledged, or as it is now.
    async fn look_at_hours(&self, scope: &Scope<'_>) {
        let scope = Scope { filters: &Filters::NONE, zone: &Zone::UTC, ..*scope };
        let interval = Some(Interval::Hour);
        let grid = self.store.grid(&scope.range, scope.zone, interval, WeekStart::Monday).await.unwrap();
        let found = self.store.series(&scope, &grid, &[Metric::Events], None).await.unwrap();
        let last = |rows: &[(i64, Stored<'static>)]| rows.iter().map(|(_, stored)| stored.clone()).collect();
        let before: BTreeMap<EventKey, Vec<Stored<'static>>> =
            self.acknowledged.iter().map(|(key, rows)| (key.clone(), last(rows))).collect();
        let mut now = before.clone();
        for (key, stored) in &self.waits {
            now.entry(key.clone()).or_default().push(stored.clone());
        }
        let (before, now) = (events_by_hour(&before, &scope), events_by_hour(&now, &scope));
        for (bucket, value) in grid.buckets().iter().zip(&found.series[0].values) {
            let of =
                |hours: &BTreeMap<i64, u64>| hours.get(&bucket.start.millis).copied().unwrap_or_default();
            let (said, one, other) = (value.unwrap().0.to_string(), of(&before), of(&now));
            assert!(
                said == one.to_string() || said == other.to_string(),
                "case {}: hour {} is {said}, not {one} or {other}",
                self.seed,
                bucket.start
            );
        }
    }
}

/// Live events of the scope's tenant and range by the beginnings of their hours.
fn events_by_hour(all: &BTreeMap<EventKey, Vec<Stored<'static>>>, scope: &Scope<'_>) -> BTreeMap<i64, u64> {
    let mut hours = BTreeMap::new();
    for (key, rows) in all {
        let at = key.id.created_at();
        let counts = rows.iter().max_by_key(|stored| stored.version.raw());
        let lives = matches!(counts, Some(Stored { state: State::Live(_), .. }));
        if lives && key.tenant == *scope.tenant && at >= scope.range.from() && at < scope.range.to() {
            *hours.entry(at.millis() / HOUR_MS * HOUR_MS).or_default() += 1;
        }
    }
    hours
}

struct Asked<'a> {
    store: &'a Store,
    scope: &'a Scope<'a>,
    what: String,
}

impl Asked<'_> {
    /// With and without rollups.
    async fn same<T: PartialEq + Debug>(&self, ask: impl AsyncFn(&Store, &Scope<'_>) -> T) {
        let raw = Scope { reading: Reading::Raw, ..self.scope.clone() };
        let (found, expected) = (ask(self.store, self.scope).await, ask(self.store, &raw).await);
        if found != expected {
            let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
            let same = found.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
            let shown = |text: &str| text.chars().skip(same.saturating_sub(80)).take(200).collect::<String>();
            panic!("{}\n{}\nis not\n{}", self.what, shown(&found), shown(&expected));
        }
    }

    /// A percentile of the range is as near as is told, to the value of its rank or to the next one.
    async fn near(&self, grid: &Grid, latencies: &[f64]) {
        let metrics = [(Percentile::P50, 0.5), (Percentile::P95, 0.95)];
        let asked = metrics.map(|(percentile, _)| Metric::Latency(percentile));
        let found = self.store.series(self.scope, grid, &asked, None).await.unwrap();
        let error = found.relative_error.unwrap_or_default();
        assert!(error == 0.0 || error == RELATIVE_ERROR);
        for (series, (_, level)) in found.series.iter().zip(metrics) {
            assert_eq!(series.n, Some(latencies.len() as u64), "{}", self.what);
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "few")]
            #[expect(clippy::cast_sign_loss, reason = "positive")]
            let rank = (level * latencies.len() as f64) as usize;
            let near = latencies.iter().skip(rank.saturating_sub(1)).take(3);
            let is_near = |value: f64| {
                near.clone().any(|exact| (value - exact).abs() <= exact * error.max(1e-9) * 1.000_001)
            };
            let told = series.total.map_or(latencies.is_empty(), |value| is_near(value.0));
            assert!(told, "{:?} is not near {latencies:?} at {level}: {}", series.total, self.what);
        }
    }
}

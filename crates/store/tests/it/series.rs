//! Metrics over time on an engine, against a naive count.

use std::collections::{BTreeMap, BTreeSet};

use model::EventKey;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use store::queries::{Breakdown, Number, Role, Series};
use store::{Filters, Grid, Interval, Metric, Range, RangeParams, RangeSpec, Scope, WeekStart, Zone};

use crate::database::{Database, created, id_at, scope, tenant, time};
use crate::filter::{Row, naive, random};

/// How many events are counted.
const ROWS: usize = 300;
const ZONES: [&str; 5] = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Santiago"];
const FIELDS: [&str; 7] = ["event_name", "user", "kind", "tags", "properties.a", "properties.b", "context.a"];

fn metrics() -> impl Strategy<Value = Vec<Value>> {
    let names =
        vec!["events", "users", "conversations", "errors", "error_rate", "latency_p50", "latency_p95"];
    let functions = vec!["sum", "avg", "min", "max", "p95", "distinct"];
    let of = (prop::sample::select(functions), prop::sample::select(vec!["properties.a", "latency", "tags"]));
    let one = prop_oneof![
        prop::sample::select(names).prop_map(Value::from),
        of.prop_map(|(function, field)| json!({function: field})),
    ];
    prop::collection::vec(one, 1..5)
}

fn questions()
-> impl Strategy<Value = (Vec<Value>, Value, Option<(&'static str, u32)>, &'static str, Interval)> {
    let filters = prop_oneof![2 => Just(json!([])), 1 => random::filters()];
    let breakdown = prop::option::of((prop::sample::select(&FIELDS[..]), 1_u32..6));
    let intervals = prop::sample::select(vec![Interval::Hour, Interval::Day, Interval::Week]);
    (metrics(), filters, breakdown, prop::sample::select(&ZONES[..]), intervals)
}

/// What a metric comes to, by its definition.
fn value(metric: &Value, rows: &[&Row]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "few")]
    let float = |count: usize| count as f64;
    let distinct = |field: &str| {
        let texts = rows.iter().flat_map(|row| naive::texts(row, field));
        float(texts.filter(|text| !text.is_empty()).collect::<BTreeSet<_>>().len())
    };
    let errors = float(rows.iter().filter(|row| !row.content.error.is_empty()).count());
    if let Some(name) = metric.as_str() {
        return match name {
            "events" => Some(float(rows.len())),
            "users" => Some(distinct("user")),
            "conversations" => Some(distinct("conversation_id")),
            "errors" => Some(errors),
            "error_rate" => (!rows.is_empty()).then(|| errors / float(rows.len())),
            "latency_p50" => percentile(numbers("latency", rows), 50),
            "latency_p95" => percentile(numbers("latency", rows), 95),
            other => panic!("{other}"),
        };
    }
    let (function, field) = metric.as_object().unwrap().iter().next().unwrap();
    let field = field.as_str().unwrap();
    if function == "distinct" {
        return Some(if field == "latency" {
            float(numbers(field, rows).iter().map(|number| number.to_bits()).collect::<BTreeSet<_>>().len())
        } else {
            distinct(field)
        });
    }
    let numbers = numbers(field, rows);
    let sum: f64 = numbers.iter().sum();
    match &**function {
        "sum" => Some(sum),
        "avg" => (!numbers.is_empty()).then(|| sum / float(numbers.len())),
        "min" => numbers.into_iter().reduce(f64::min),
        "max" => numbers.into_iter().reduce(f64::max),
        "p95" => percentile(numbers, 95),
        other => panic!("{other}"),
    }
}

fn numbers(field: &str, rows: &[&Row]) -> Vec<f64> {
    if field == "latency" {
        return rows
            .iter()
            .map(|row| row.content.latency.millis())
            .filter(|latency| *latency > 0.0)
            .collect();
    }
    let texts = rows.iter().flat_map(|row| naive::texts(row, field));
    texts.filter_map(|text| naive::number(&text)).collect()
}

fn percentile(mut values: Vec<f64>, percent: usize) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = (values.len() * percent / 100).min(values.len().saturating_sub(1));
    values.get(place).copied()
}

fn near(a: Option<Number>, b: Option<f64>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(Number(a)), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => false,
    }
}

/// The events of each series: by role and key.
fn divided<'a>(
    rows: &[(EventKey, Row)],
    filters: &Value,
    breakdown: Option<&str>,
    series: &'a [Series],
) -> BTreeMap<(&'a str, Option<&'a str>), Vec<usize>> {
    let keys: Vec<&str> = series.iter().filter_map(|series| series.key.as_deref()).collect();
    let mut divided: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (n, (_, row)) in rows.iter().enumerate() {
        if !naive::holds(filters, row) {
            continue;
        }
        let group = breakdown.map_or(("all", None), |field| {
            let text = naive::texts(row, field).into_iter().find(|text| !text.is_empty());
            match text {
                None => ("none", None),
                Some(text) => {
                    keys.iter().find(|key| **key == text).map_or(("other", None), |key| ("value", Some(*key)))
                }
            }
        });
        divided.entry(group).or_default().push(n);
    }
    divided
}

/// In which bucket an event lies: the last that has begun.
fn place(grid: &Grid, key: &EventKey) -> usize {
    let at = key.id.created_at().millis();
    grid.buckets().iter().rposition(|bucket| bucket.start.millis <= at).unwrap()
}

#[test]
fn every_number_is_what_a_naive_count_has() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(Database::new());
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    // Over the night in which Berlin's clocks change.
    let (from, to) = ("2026-10-23T00:00:00Z", "2026-10-28T00:00:00Z");
    let row = |runner: &mut TestRunner| {
        let ms = (time(from).millis()..time(to).millis()).new_tree(runner).unwrap().current();
        let at = model::Timestamp::from_millis(ms).unwrap().to_string();
        (
            EventKey { tenant: tenant("acme"), id: id_at(&at) },
            random::rows().new_tree(runner).unwrap().current(),
        )
    };
    let rows: Vec<_> = (0..ROWS).map(|_| row(&mut runner)).collect();
    let inserted: Vec<_> =
        (0..).zip(&rows).map(|(n, (key, row))| created(key, n, row.content.clone())).collect();
    runtime.block_on(database.store.insert(&inserted)).unwrap();

    let result = runner.run(&questions(), |(metrics, filters, breakdown, zone, interval)| {
        let wrong =
            |what: String| TestCaseError::fail(format!("{what}: {metrics:?} {filters} {breakdown:?} {zone}"));
        let wanted: Vec<Metric> = serde_json::from_value(json!(metrics)).unwrap();
        let divides: Option<Breakdown> = breakdown
            .map(|(field, limit)| serde_json::from_value(json!({"field": field, "limit": limit})).unwrap());
        let asked: Filters = serde_json::from_value(filters.clone()).unwrap();
        let params = RangeParams { from: Some(from), to: Some(to), days: None, timezone: Some(zone) };
        let spec = RangeSpec::parse(&params, None).unwrap();
        let (acme, store) = (tenant("acme"), &database.store);
        let (grid, found) = runtime.block_on(async {
            let (range, zone): (Range, Zone) =
                store.range(&spec, time("2026-12-01T00:00:00Z")).await.unwrap();
            let grid = store.grid(&range, &zone, Some(interval), WeekStart::Monday).await.unwrap();
            let scope = Scope { filters: &asked, zone: &zone, ..scope(store, &acme, range) };
            let found = store.series(&scope, &grid, &wanted, divides.as_ref()).await;
            (grid, found.unwrap_or_else(|error| panic!("{}", error.detail())))
        });
        let field = breakdown.map(|(field, _)| field);
        let mut groups = divided(&rows, &filters, field, &found.series);
        if field.is_none() {
            groups.entry(("all", None)).or_default();
        }
        if found.series.len() != groups.len() * metrics.len() {
            return Err(wrong(format!("{} series of {} groups", found.series.len(), groups.len())));
        }
        for (n, series) in found.series.iter().enumerate() {
            let metric = &metrics[n % metrics.len()];
            let members = &groups[&(series.role.as_str(), series.key.as_deref())];
            let of = |members: &mut dyn Iterator<Item = usize>| {
                value(metric, &members.map(|n| &rows[n].1).collect::<Vec<_>>())
            };
            let total = of(&mut members.iter().copied());
            if !near(series.total, total) {
                return Err(wrong(format!("{series:?} has a total of {total:?}")));
            }
            for (bucket, is) in series.values.iter().enumerate() {
                let should = of(&mut members.iter().copied().filter(|n| place(&grid, &rows[*n].0) == bucket));
                if !near(*is, should) {
                    return Err(wrong(format!("{series:?} has {should:?} in bucket {bucket}")));
                }
            }
        }
        // Those that stand alone are those that have most.
        let totals = |role| {
            let first = found.series.iter().step_by(metrics.len()).filter(move |series| series.role == role);
            first
                .map(|series| series.total.map_or(f64::NEG_INFINITY, |Number(total)| total))
                .collect::<Vec<_>>()
        };
        if !totals(Role::Value).is_sorted_by(|a, b| a >= b) {
            return Err(wrong(format!("{:?} are not in order", totals(Role::Value))));
        }
        Ok(())
    });
    result.unwrap();
}

#[tokio::test]
async fn a_value_that_is_called_like_a_role_stays_itself() {
    let database = Database::new().await;
    let of = |user: &str| model::Content { user_id: user.to_owned().into(), ..model::Content::default() };
    let key = || EventKey { tenant: tenant("acme"), id: id_at("2026-11-20T12:00:00Z") };
    let users = ["other", "other", "none", "", "a", "b", "b", "b"];
    let rows: Vec<_> = (0..).zip(users).map(|(n, user)| created(&key(), n, of(user))).collect();
    database.store.insert(&rows).await.unwrap();
    let (acme, store) = (tenant("acme"), &database.store);
    let range =
        Range::new(time("2026-11-20T00:00:00Z"), time("2026-11-21T00:00:00Z"), time("2026-12-01T00:00:00Z"))
            .unwrap();
    let grid = store.grid(&range, &Zone::UTC, None, WeekStart::Monday).await.unwrap();
    let breakdown: Breakdown = serde_json::from_value(json!({"field": "user_id", "limit": 3})).unwrap();
    let found =
        store.series(&scope(store, &acme, range), &grid, &[Metric::Events], Some(&breakdown)).await.unwrap();
    let rows: Vec<_> = found
        .series
        .iter()
        .map(|series| (series.role.as_str(), series.key.as_deref(), series.total.unwrap().0))
        .collect();
    // Of equals the first by their text.
    let expected = [
        ("value", Some("b"), 3.0),
        ("value", Some("other"), 2.0),
        ("value", Some("a"), 1.0),
        ("other", None, 1.0),
        ("none", None, 1.0),
    ];
    assert_eq!(rows, expected);
}

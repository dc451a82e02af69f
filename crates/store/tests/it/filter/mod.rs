//! Filters, as the engine answers them and as operations are held against them, and a naive reading of what they
//! mean.

pub(crate) mod naive;
mod pass;
pub(crate) mod random;

use std::cell::Cell;
use std::collections::BTreeSet;

use model::{Content, EventKey, JsonText};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use store::{Filters, Range, Scope};

use crate::database::{Database, created, id_at, scope, tenant, time, updated};

const IDS: &str = "SELECT toString(id) FROM {events}";

/// How many events every filter is tried on.
const ROWS: usize = 400;

/// An event, and its JSON as the naive reading has it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) content: Content<'static>,
    properties: Value,
    context: Value,
}

fn day() -> Range {
    let (from, to) = (time("2026-11-20T00:00:00Z"), time("2026-11-21T00:00:00Z"));
    Range::new(from, to, time("2026-12-01T00:00:00Z")).unwrap()
}

fn key() -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at("2026-11-20T12:00:00Z") }
}

/// Ids of the events of which all filters hold.
async fn found(database: &Database, filters: &Value) -> BTreeSet<String> {
    let (acme, filters) = (tenant("acme"), serde_json::from_value::<Filters>(filters.clone()).unwrap());
    let scope = Scope { filters: &filters, ..scope(&database.store, &acme, day()) };
    let ids = database.store.ask(&scope, IDS).fetch_all::<String>().await;
    ids.unwrap_or_else(|error| panic!("{}", error.detail())).into_iter().collect()
}

#[test]
fn any_filters_hold_of_the_events_of_which_they_should() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(Database::new());
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let rows: Vec<_> = (0..ROWS).map(|_| random::rows().new_tree(&mut runner).unwrap().current()).collect();
    let rows: Vec<_> = rows.into_iter().map(|row| (key(), row)).collect();
    let creates: Vec<_> = rows.iter().map(|(key, row)| pass::create(key, row.content.clone())).collect();
    let inserted: Vec<_> =
        (0..).zip(&rows).map(|(n, (key, row))| created(key, n, row.content.clone())).collect();
    runtime.block_on(database.store.insert(&inserted)).unwrap();

    let (hits, misses) = (Cell::new(0), Cell::new(0));
    let result = runner.run(&random::filters(), |filters| {
        let found = runtime.block_on(found(&database, &filters));
        let parsed = serde_json::from_value::<Filters>(filters.clone()).unwrap();
        for ((key, row), create) in rows.iter().zip(&creates) {
            let (is, should) = (found.contains(&key.id.to_string()), naive::holds(&filters, row));
            if is != parsed.pass(create) {
                return Err(TestCaseError::fail(format!("{filters} of {create:?}: {is} in the table alone")));
            }
            if is != should {
                return Err(TestCaseError::fail(format!(
                    "{filters} of {row:?}: {is}, and should be {should}"
                )));
            }
        }
        let count = if found.is_empty() { &misses } else { &hits };
        count.set(count.get() + 1);
        Ok(())
    });
    result.unwrap();
    assert!(hits.get() > 100 && misses.get() > 20, "{hits:?} filters found something, {misses:?} nothing");
}

#[tokio::test]
async fn a_text_that_could_be_sql_is_only_a_text() {
    let database = Database::new().await;
    let (one, evil) = (key(), "') OR 1=1 --\\' {f0:String} ?\t\n\0 UNION SELECT * FROM events");
    let properties =
        JsonText::from_stored(json!({evil.replace(['.', '\t', '\n', '\0'], ""): evil}).to_string());
    let content = Content {
        user_id: evil.to_owned().into(),
        tags: vec![evil.to_owned().into()],
        properties: properties.unwrap(),
        ..Content::default()
    };
    let rows = [created(&one, 1, content), created(&key(), 2, Content::default())];
    database.store.insert(&rows).await.unwrap();
    let path = format!("properties.{}", evil.replace(['.', '\t', '\n', '\0'], ""));
    for field in ["user_id", "user", "tags", path.as_str()] {
        for op in ["is", "contains", "starts_with"] {
            let filters = json!([{"field": field, "op": op, "values": [evil]}]);
            assert_eq!(found(&database, &filters).await, [one.id.to_string()].into(), "{field} {op}");
        }
        let others = json!([{"field": field, "op": "is_not", "values": [evil]}]);
        assert!(!found(&database, &others).await.contains(&one.id.to_string()), "{field}");
    }
}

/// Though the index of a column finds the row that was.
#[tokio::test]
async fn a_filter_is_of_what_an_event_says_now() {
    let database = Database::new().await;
    let one = key();
    let of = |user: &str| Content { user_id: user.to_owned().into(), ..Content::default() };
    database.insert_apart(&[created(&one, 1, of("old")), updated(&one, 2, of("new"))]).await;
    let by = |user: &str| json!([{"field": "user_id", "op": "is", "values": [user]}]);
    assert_eq!(found(&database, &by("old")).await, BTreeSet::new());
    assert_eq!(found(&database, &by("new")).await, [one.id.to_string()].into());
}

#[tokio::test]
async fn long_ids_are_equal_only_if_their_digits_are() {
    let database = Database::new().await;
    let ids =
        [json!(12_345_678_901_234_567_u64), json!("12345678901234568"), json!("123456789012345678901234")];
    let rows: Vec<_> = (0..)
        .zip(&ids)
        .map(|(n, id)| {
            let properties = JsonText::from_stored(json!({"id": id}).to_string()).unwrap();
            created(&key(), n, Content { properties, ..Content::default() })
        })
        .collect();
    database.store.insert(&rows).await.unwrap();
    for (values, hits) in [
        (json!([12_345_678_901_234_567_u64]), 1),
        (json!(["12345678901234567"]), 1),
        (json!([12_345_678_901_234_568_u64]), 1),
        (json!(["12345678901234566"]), 0),
        (json!(["123456789012345678901234"]), 1),
        (json!(["123456789012345678901235"]), 0),
        (json!(["123456789012345678901235", 5]), 0),
    ] {
        let filters = json!([{"field": "properties.id", "op": "is", "values": values}]);
        assert_eq!(found(&database, &filters).await.len(), hits, "{filters}");
    }
}

#[tokio::test]
async fn a_user_has_an_id_or_else_an_anonymous_one() {
    let database = Database::new().await;
    let users = [("u", "a"), ("", "a"), ("anon:a", ""), ("", "")].map(|(user_id, anonymous_id)| {
        let (user_id, anonymous_id) = (user_id.to_owned().into(), anonymous_id.to_owned().into());
        created(&key(), 1, Content { user_id, anonymous_id, ..Content::default() })
    });
    database.store.insert(&users).await.unwrap();
    for (op, values, hits) in [
        ("is", json!(["u"]), 1),
        ("is", json!(["a"]), 0),
        ("is", json!(["anon:a"]), 2),
        ("is", json!(["u", "anon:a"]), 3),
        ("is_not", json!(["u"]), 3),
        ("starts_with", json!(["anon:"]), 2),
        ("set", json!([]), 3),
    ] {
        let filters = json!([{"field": "user", "op": op, "values": values}]);
        assert_eq!(found(&database, &filters).await.len(), hits, "{filters}");
    }
}

#[tokio::test]
async fn a_truth_in_a_list_is_no_number() {
    let database = Database::new().await;
    let properties = JsonText::from_stored(r#"{"list":[true,5,0.5]}"#.to_owned()).unwrap();
    let row = created(&key(), 1, Content { properties, ..Content::default() });
    database.store.insert(&[row]).await.unwrap();
    for (value, hits) in [(json!(true), 1), (json!("true"), 1), (json!(5.0), 1), (json!(1), 0)] {
        let filters = json!([{"field": "properties.list", "op": "is", "values": [value]}]);
        assert_eq!(found(&database, &filters).await.len(), hits, "{filters}");
    }
}

//! Events in the order in which the log took them, wherever they stand in the table.

use model::{Content, EventKey, JsonText, Timestamp};
use store::queries::{Arrival, Place, Wanted};
use store::{Field, Limits, Range, Scope};

use crate::database::{Database, created, deleted, id_at, scope, tenant, time, updated};

/// When the log of `database::version` took its first operation.
const LOG_BEGINS_MS: i64 = 1_800_000_000_000;

fn key(at: &str) -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at(at) }
}

fn stock(event_name: &str, sku: &str) -> Content<'static> {
    Content {
        event_name: event_name.to_owned().into(),
        properties: JsonText::from_stored(format!(r#"{{"sku":"{sku}","n":7}}"#)).unwrap(),
        ..Content::default()
    }
}

fn all_time() -> Range {
    Range::new(Timestamp::default(), Timestamp::MAX, Timestamp::MAX).unwrap()
}

fn fields() -> [Field; 2] {
    ["properties.sku", "properties.n"].map(|name| Field::parse(name).unwrap())
}

impl Database {
    async fn arrivals(&self, after: Place, limit: u64) -> (Vec<Arrival>, Option<Place>) {
        let (acme, fields) = (tenant("acme"), fields());
        let wanted = Wanted { names: &["low", "restocked"], key: &fields };
        let found = self.store.arrivals(&scope(&self.store, &acme, all_time()), wanted, after, limit).await;
        found.unwrap_or_else(|error| panic!("{}", error.detail()))
    }
}

fn after(seconds: i64) -> Place {
    Place::before(Timestamp::from_millis(LOG_BEGINS_MS + seconds * 1_000).unwrap())
}

#[tokio::test]
async fn what_came_in_since_is_found_however_old_it_is() {
    let database = Database::new().await;
    let [early, other, late, ancient, changed, gone] = [
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:00:01Z",
        "2026-11-20T10:00:02Z",
        "2020-01-01T00:00:00Z",
        "2019-01-01T00:00:00Z",
        "2026-11-20T10:00:03Z",
    ]
    .map(key);
    database
        .insert_apart(&[
            created(&early, 0, stock("low", "a")),
            created(&changed, 1, stock("other", "a")),
            created(&ancient, 20_000, stock("low", "b")),
            created(&other, 21_000, stock("other", "b")),
            created(&late, 30_000, stock("restocked", "a")),
            created(&gone, 31_000, stock("low", "c")),
            deleted(&gone, 32_000),
            updated(&changed, 40_000, stock("low", "c")),
            created(&EventKey { tenant: tenant("globex"), id: late.id }, 41_000, stock("low", "z")),
        ])
        .await;
    let ids = |found: &[Arrival]| found.iter().map(|it| it.id).collect::<Vec<_>>();
    // Somebody else's row stands behind the first.
    let foreign = "INSERT INTO {db}.events (tenant, id, created_at, event_name, version, schema_version)
        SELECT tenant, generateUUIDv4(), created_at, 'low', version, schema_version FROM {db}.events WHERE id = '";
    database.sql(&format!("{foreign}{}'", early.id)).await;
    let (all, next) = database.arrivals(after(0), 10).await;
    assert_eq!(next, None);
    assert_eq!(ids(&all), [early.id, ancient.id, late.id, changed.id]);
    assert_eq!(all[1].key, ["b", "7"]);
    assert_eq!((all[2].event_name.as_str(), all[2].received_at), ("restocked", time("2026-11-20T10:00:02Z")));
    assert_eq!(ids(&database.arrivals(after(30), 10).await.0), [late.id, changed.id]);

    // Page by page it is the same.
    let (mut pages, mut place) = (Vec::new(), Some(after(0)));
    while let Some(from) = place {
        let (page, next) = database.arrivals(from, 1).await;
        pages.extend(page);
        place = next;
    }
    assert_eq!(pages, all);
}

#[tokio::test]
async fn what_was_there_before_is_not_read_again() {
    let database = Database::new().await;
    let rows: Vec<_> = (0..20_000)
        .map(|n| created(&key("2026-11-20T10:00:00Z"), i64::from(n), stock("low", &n.to_string())))
        .collect();
    database.store.insert(&rows).await.unwrap();
    // Rows of other tenants lie around the new one.
    let new = key("2026-11-20T10:00:00Z");
    let of = |name| created(&EventKey { tenant: tenant(name), ..new.clone() }, 100_000, stock("low", "new"));
    database.store.insert(&["aaa", "acme", "globex"].map(of)).await.unwrap();
    let (acme, fields) = (tenant("acme"), fields());
    let wanted = Wanted { names: &["low"], key: &fields };
    let all = scope(&database.store, &acme, all_time());
    let scope = Scope { limits: Limits { rows_read: 10_000, ..all.limits }, ..all };
    let found = database.store.arrivals(&scope, wanted, after(90), 10).await;
    let (found, _) = found.unwrap_or_else(|error| panic!("{}", error.detail()));
    assert_eq!(found.iter().map(|it| it.key[0].as_str()).collect::<Vec<_>>(), ["new"]);

    database.sql("ALTER TABLE {db}.events DROP INDEX by_arrival").await;
    let error = database.store.arrivals(&scope, wanted, after(90), 10).await.unwrap_err();
    assert!(error.is_too_large(), "{error}");
}

#[tokio::test]
async fn of_some_keys_the_events_that_happened_last_are_told() {
    let database = Database::new().await;
    let [first, second, third] =
        ["2026-11-20T10:00:00Z", "2026-11-20T10:00:01Z", "2026-11-20T10:00:02Z"].map(key);
    let rows = [
        created(&third, 1, stock("low", "a")),
        created(&first, 2, stock("restocked", "a")),
        created(&second, 3, stock("low", "b")),
    ];
    database.store.insert(&rows).await.unwrap();
    let (acme, fields) = (tenant("acme"), fields());
    let wanted = Wanted { names: &["low", "restocked"], key: &fields };
    let [a, b, c] = ["a", "b", "c"].map(|sku| [sku.to_owned(), "7".to_owned()]);
    let last = async |keys: &[&[String]]| {
        let found =
            database.store.last_of_keys(&scope(&database.store, &acme, all_time()), wanted, keys).await;
        let found = found.unwrap_or_else(|error| panic!("{}", error.detail()));
        found.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(last(&[&a]).await, [third.id]);
    assert_eq!(last(&[&a, &b, &c]).await, [third.id, second.id]);
}

//! What a question is asked of, what it may cost, and what it tells the server.

use std::time::Duration;

use model::{Content, EventKey};
use store::{Filters, Limits, Range, Scope, Store, Zone};
use testing::wait::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::database::{Database, created, deleted, id_at, saying, scope, tenant, time, updated};

const INPUTS: &str = "SELECT input FROM {events} ORDER BY created_at, input";

const PATIENCE: Duration = Duration::from_secs(60);

fn key(of: &str, at: &str) -> EventKey {
    EventKey { tenant: tenant(of), id: id_at(at) }
}

fn range(from: &str, to: &str, now: &str) -> Range {
    Range::new(time(from), time(to), time(now)).unwrap()
}

#[tokio::test]
async fn a_question_is_about_the_live_events_of_one_tenant_and_range() {
    let database = Database::new().await;
    let (changed, gone) = (key("acme", "2026-11-20T12:00:00Z"), key("acme", "2026-11-20T12:00:01Z"));
    database
        .insert_apart(&[
            created(&key("acme", "2026-11-19T23:59:59.999Z"), 1, saying("before")),
            created(&key("acme", "2026-11-20T00:00:00Z"), 2, saying("first")),
            created(&changed, 3, saying("as it was")),
            updated(&changed, 4, saying("as it is")),
            created(&gone, 5, saying("gone")),
            deleted(&gone, 6),
            created(&key("globex", "2026-11-20T12:00:00Z"), 7, saying("of others")),
            created(&key("acme", "2026-11-20T23:59:59.999Z"), 8, saying("last")),
            created(&key("acme", "2026-11-21T00:00:00Z"), 9, saying("behind")),
        ])
        .await;
    let (acme, store) = (tenant("acme"), &database.store);
    let day = |now| range("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", now);
    let inputs =
        async |now| store.ask(&scope(store, &acme, day(now)), INPUTS).fetch_all::<String>().await.unwrap();
    assert_eq!(inputs("2027-01-01T00:00:00Z").await, ["first", "as it is", "last"]);
    assert_eq!(inputs("2026-11-20T23:59:59.999Z").await, ["first", "as it is", "last"], "now has happened");
    assert_eq!(inputs("2026-11-20T23:59:59.998Z").await, ["first", "as it is"], "what is to come has not");
    assert_eq!(inputs("2026-11-01T00:00:00Z").await, [""; 0]);

    // Values of a question's own are not taken for those of its scope.
    let scope = scope(store, &acme, day("2027-01-01T00:00:00Z"));
    let stolen = store.ask(&scope, INPUTS).param("tenant", "globex").param("from", "1970-01-01 00:00:00");
    assert_eq!(stolen.fetch_all::<String>().await.unwrap(), ["first", "as it is", "last"]);
}

#[tokio::test]
async fn the_properties_can_be_asked_for_and_so_can_the_zone() {
    let database = Database::new().await;
    let properties = model::JsonText::from_stored(r#"{"a":{"b":7}}"#.to_owned()).unwrap();
    let content = Content { properties, ..saying("x") };
    database.insert_apart(&[created(&key("acme", "2026-11-20T23:30:00Z"), 1, content)]).await;
    let (acme, zone) = (tenant("acme"), Zone::UTC);
    let range = range("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "2027-01-01T00:00:00Z");
    let scope = Scope { zone: &zone, ..scope(&database.store, &acme, range) };
    let sql = "SELECT concat(toString(attributes.a.b), ' ', {zone:String}) FROM {events}";
    let answer: Vec<String> = database.store.ask(&scope, sql).fetch_all().await.unwrap();
    assert_eq!(answer, ["7 UTC"]);
}

/// Of the properties only the path that a filter names, and none of the texts.
#[tokio::test]
async fn the_server_reads_no_more_columns_than_a_question_names() {
    let database = Database::new().await;
    database.insert_apart(&[created(&key("acme", "2026-11-20T12:00:00Z"), 1, saying("x"))]).await;
    let (acme, store) = (tenant("acme"), &database.store);
    let range = range("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "2027-01-01T00:00:00Z");
    let filters = r#"[{"field":"properties.a.b","op":"is","values":["x"]}]"#;
    let filters = serde_json::from_str::<Filters>(filters).unwrap();
    let scope = Scope { filters: &filters, ..scope(store, &acme, range) };
    let plan = "SELECT explain FROM (EXPLAIN actions = 1 SELECT countIf(error != '') FROM {events})";
    let plan: Vec<String> = store.ask(&scope, plan).fetch_all().await.unwrap();
    let read = plan.iter().rev().find_map(|line| line.trim().strip_prefix("Output: ")).unwrap();
    let mut columns: Vec<_> = read.split(", ").collect();
    columns.sort_unstable();
    assert_eq!(columns, ["attributes.a.b", "created_at", "error", "tenant"], "{plan:#?}");
}

#[tokio::test]
async fn a_question_that_takes_more_than_it_may_is_an_error_and_no_part_of_an_answer() {
    let database = Database::new().await;
    let (acme, store) = (tenant("acme"), &database.store);
    let rows: Vec<_> =
        (0..200).map(|n| created(&key("acme", "2026-11-20T12:00:00Z"), n, saying("x"))).collect();
    store.insert(&rows).await.unwrap();
    let range = range("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "2027-01-01T00:00:00Z");
    let free = Limits { time: PATIENCE, memory_bytes: 0, rows_read: 0, rows: 0 };
    let long = "SELECT toString(count()) FROM {events} AS a, numbers(1000000000000) AS b";
    let large = "SELECT toString(length(groupArray(b.number))) FROM {events} AS a, numbers(10000000) AS b";
    for (what, sql, limits) in [
        ("time", long, Limits { time: Duration::from_secs(1), ..free }),
        ("memory", large, Limits { memory_bytes: 32 << 20, ..free }),
        ("rows read", INPUTS, Limits { rows_read: 100, ..free }),
        ("rows of the answer", INPUTS, Limits { rows: 100, ..free }),
    ] {
        let scope = Scope { limits, ..scope(store, &acme, range) };
        let error = store.ask(&scope, sql).fetch_all::<String>().await.unwrap_err();
        assert!(error.is_too_large(), "{what}: {error:?}");
    }
    let scope = Scope { limits: free, ..scope(store, &acme, range) };
    assert_eq!(store.ask(&scope, INPUTS).fetch_all::<String>().await.unwrap().len(), 200);
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_is_cancelled() {
    let database = Database::new().await;
    database.insert_apart(&[created(&key("acme", "2026-11-20T12:00:00Z"), 1, saying("x"))]).await;
    let name = database.config.database.clone();
    let store = database.store.clone();
    let asking = tokio::spawn(async move {
        let (acme, range) =
            (tenant("acme"), range("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "2027-01-01T00:00:00Z"));
        // Without these limits, so that it does not end by itself before it is seen on a busy machine.
        let sql = format!(
            "SELECT toString(count()) AS {name} FROM {{events}} AS a, numbers(1000000000000) AS b
            SETTINGS max_rows_to_read = 0, max_execution_time = 600"
        );
        store.ask(&scope(&store, &acme, range), &sql).fetch_all::<String>().await
    });
    let running =
        "SELECT count() FROM system.processes WHERE query LIKE '%AS {db} %' AND query NOT LIKE '%processes%'";
    until("it runs", PATIENCE, async || database.sql(running).await == "1").await;
    asking.abort();
    until("it is cancelled", PATIENCE, async || database.sql(running).await == "0").await;
}

#[tokio::test]
async fn a_question_has_the_requests_name_and_can_change_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = tokio::spawn(async move {
        let mut heads = Vec::new();
        for _ in 0..2 {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 64 << 10];
            let length = connection.read(&mut head).await.unwrap();
            heads.push(String::from_utf8_lossy(&head[..length]).into_owned());
            connection.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
        heads
    });
    let store = Store::new(store::Config { url: Some(url), ..store::Config::default() }).unwrap();
    let acme = tenant("acme");
    let range = range("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "2027-01-01T00:00:00Z");
    let scope = Scope { query_id: Some("a client's"), ..scope(&store, &acme, range) };
    for _ in 0..2 {
        store.ask(&scope, INPUTS).fetch_all::<String>().await.unwrap_err();
    }
    let heads = heads.await.unwrap();
    for setting in [
        "readonly=2",
        "cancel_http_readonly_queries_on_client_close=1",
        "max_execution_time=30",
        "max_memory_usage=2147483648",
        "max_rows_to_read=1000000000",
        "max_result_rows=1000000",
        "timeout_overflow_mode=throw",
        "read_overflow_mode=throw",
        "result_overflow_mode=throw",
    ] {
        assert!(heads[0].contains(setting), "{setting}: {}", heads[0]);
    }
    let [first, again] = [0, 1].map(|n: usize| {
        let (_, id) = heads[n].split_once("query_id=").unwrap();
        id.split(['&', ' ']).next().unwrap().to_owned()
    });
    assert!(first.starts_with("a+client%27s-") && again.starts_with("a+client%27s-"), "{first} {again}");
    assert_ne!(first, again, "the server refuses a name that another question has");
}

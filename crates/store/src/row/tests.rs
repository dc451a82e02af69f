//! The row against the real table.

use clickhouse::{Client, Row};
use model::{Position, Write};

use super::*;
use crate::{Config, Store};

/// A database of a test's own, and a client to look at it.
async fn table() -> (Store, Client) {
    let url = testing::engine::url().to_string();
    let config = Config { url: Some(url.clone()), database: testing::unique("row"), ..Config::default() };
    let client = Client::default().with_url(url).with_database(&config.database);
    let store = Store::new(config).unwrap();
    store.migrate().await.unwrap();
    (store, client)
}

async fn ask(client: &Client, question: &str, format: &str) -> String {
    let mut answer = client.query_raw(question).fetch_bytes(format).unwrap();
    String::from_utf8(answer.collect().await.unwrap().to_vec()).unwrap()
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A value in every field, none twice.
fn full() -> (EventKey, Stored<'static>) {
    let key = EventKey {
        tenant: Tenant::parse("acme").unwrap(),
        id: EventId::parse("019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b").unwrap(),
    };
    let content = Content {
        kind: Kind::Page,
        event_name: "the event name".into(),
        message_id: "the message id".into(),
        conversation_id: "the conversation".into(),
        conversation_metadata: "its metadata".into(),
        user_id: "the user".into(),
        anonymous_id: "the visitor".into(),
        error: "the error".into(),
        latency: Latency::from_millis(12.5).unwrap(),
        input: "went in".into(),
        output: "came out".into(),
        input_embeddings: Embedding::new(vec![0.5, -2.0]).unwrap(),
        output_embeddings: Embedding::new(vec![1e38]).unwrap(),
        subjects: vec!["a subject".into(), Text::default()],
        tags: vec!["a tag".into()],
        trace_ids: vec!["a trace".into(), "another".into()],
        properties: JsonText::parse(r#"{"a":1.0}"#).unwrap(),
        context: JsonText::parse(r#"{"page":{"url":"/"}}"#).unwrap(),
    };
    let event = Event {
        tenant: key.tenant.clone(),
        id: key.id,
        received_at: time("2026-11-20T21:57:13.456Z"),
        updated_at: time("2026-11-20T21:57:13.789Z"),
        source: Source::Redis,
        content,
    };
    let version = Version::new(Write::Update, Position::new(1_800_000_000_000, 7).unwrap());
    let mut applied = AppliedKeys::default();
    applied.push(model::IdempotencyKey::of(b"abc"));
    (key, Stored { version, state: State::Live(Box::new(event)), applied })
}

#[tokio::test]
async fn the_row_has_the_columns_of_the_table_in_their_order() {
    let (_, client) = table().await;
    let described = ask(&client, "DESCRIBE TABLE events", "TSV").await;
    let columns = described.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let (computed, stored): (Vec<_>, Vec<_>) = columns.partition(|column| column[2] == "MATERIALIZED");
    let names =
        |columns: Vec<Vec<&str>>| columns.iter().map(|column| column[0].to_owned()).collect::<Vec<_>>();
    assert_eq!(names(stored), <EventRow<'_> as Row>::COLUMN_NAMES);
    assert_eq!(names(computed), ["attributes"]);
}

#[tokio::test]
async fn every_field_is_in_its_column_and_comes_back() {
    let (store, client) = table().await;
    let (key, stored) = full();
    store.insert(&[(key.clone(), stored.clone())]).await.unwrap();
    insta::assert_snapshot!(ask(&client, "SELECT *, attributes FROM events", "Vertical").await, @r#"
    Row 1:
    ──────
    tenant:                acme
    id:                    019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b
    created_at:            2025-11-20 19:15:50.356
    updated_at:            2026-11-20 21:57:13.789
    received_at:           2026-11-20 21:57:13.456
    source:                redis
    kind:                  page
    event_name:            the event name
    message_id:            the message id
    conversation_id:       the conversation
    conversation_metadata: its metadata
    user_id:               the user
    anonymous_id:          the visitor
    error:                 the error
    latency:               12.5
    input:                 went in
    output:                came out
    input_embeddings:      [0.5,-2]
    output_embeddings:     [1e38]
    subjects:              ['a subject','']
    tags:                  ['a tag']
    trace_ids:             ['a trace','another']
    properties:            {"a":1.0}
    context:               {"page":{"url":"/"}}
    idempotency_keys:      [13436514500253700074]
    version:               4749791550823727111
    is_deleted:            0
    schema_version:        12
    attributes:            {
        "a": 1
    }
    "#);
    assert_eq!(store.event(&key).await.unwrap(), Some(stored));
}

#[tokio::test]
async fn a_tombstone_comes_back() {
    let (store, _) = table().await;
    let (key, Stored { version, .. }) = full();
    let state = State::Deleted { at: time("2026-11-20T21:57:13.789Z"), hidden: None };
    let tombstone = Stored { version, state, applied: AppliedKeys::default() };
    store.insert(&[(key.clone(), tombstone.clone())]).await.unwrap();
    assert_eq!(store.event(&key).await.unwrap(), Some(tombstone));
}

/// Stores an event with these properties, finds the text as it was, and returns what a query sees.
async fn attributes(properties: &str) -> String {
    let (store, client) = table().await;
    let (key, mut stored) = full();
    let State::Live(event) = &mut stored.state else { panic!("a live row") };
    event.content.properties = JsonText::parse(properties).unwrap();
    store.insert(&[(key.clone(), stored.clone())]).await.unwrap();
    assert_eq!(store.event(&key).await.unwrap(), Some(stored));
    ask(&client, "SELECT attributes FROM events", "TSVRaw").await.trim_end().to_owned()
}

#[tokio::test]
async fn attributes_are_queried_by_their_paths() {
    let (store, client) = table().await;
    store.insert(&[full()]).await.unwrap();
    let question = "SELECT count() FROM events WHERE attributes.a = 1";
    assert_eq!(ask(&client, question, "TSV").await, "1\n");
    assert_eq!(ask(&client, "SELECT attributes.nothing FROM events", "TSV").await, "\\N\n");
}

#[tokio::test]
async fn properties_that_the_json_type_does_not_like_are_taken_all_the_same() {
    let deep = format!(r#"{{"a":{}1{}}}"#, r#"{"b":"#.repeat(120), "}".repeat(120));
    let lists = format!(r#"{{"a":{}{}}}"#, "[".repeat(120), "]".repeat(120));
    let wide: Vec<_> = (0..5_000).map(|n| format!(r#""key-{n}":{n}"#)).collect();
    let wide = format!("{{{}}}", wide.join(","));
    for properties in [
        "{}",
        r#"{"a":1,"a":2}"#,
        r#"{"a.b":1,"a":{"b":2}}"#,
        r#"{"a":1,"a":{"b":2},"a.b":3}"#,
        r#"{"":1,".":2,"a.":3,".a":4,"a..b":5}"#,
        r#"{"a":[1,"two",null,3.5,{"b":[{}]},[[]]]}"#,
        r#"{"a":[{"b":1},{"b":"x"}]}"#,
        r#"{"big":12345678901234567890123,"small":-9223372036854775809,"f":1e308,"tiny":1e-999,"z":-0}"#,
        r#"{"nul":"\u0000","\u0000":1,"crab":"🦀","quote":"\"\\"}"#,
        r#"{"a`b":1,"a b":2,"it's":3,"%2E":4}"#,
        &deep,
        &lists,
        &wide,
    ] {
        attributes(properties).await;
    }
}

#[tokio::test]
async fn of_a_path_that_is_there_twice_queries_see_the_first() {
    assert_eq!(attributes(r#"{"a":1,"a":2}"#).await, r#"{"a":1}"#);
    assert_eq!(attributes(r#"{"a.b":1,"a":{"b":2}}"#).await, r#"{"a":{"b":1}}"#);
}

#[tokio::test]
async fn dates_stay_text() {
    let properties = r#"{"at":"2023-10-15T14:30:00Z","day":"2023-10-15"}"#;
    assert_eq!(attributes(properties).await, properties);
}

#[tokio::test]
async fn no_properties_are_no_attributes() {
    let (store, client) = table().await;
    let (key, mut stored) = full();
    let State::Live(event) = &mut stored.state else { panic!("a live row") };
    event.content.properties = JsonText::default();
    store.insert(&[(key, stored)]).await.unwrap();
    assert_eq!(ask(&client, "SELECT properties, attributes FROM events", "TSVRaw").await, "\t{}\n");
}

#[tokio::test]
async fn a_word_that_is_not_known_makes_a_row_foreign_and_never_stands_for_another() {
    for column in ["source", "kind"] {
        let (store, client) = table().await;
        let (key, stored) = full();
        store.insert(&[(key.clone(), stored)]).await.unwrap();
        let newer = format!(
            "INSERT INTO events SELECT * REPLACE ('newer' AS {column}, version + 1 AS version) FROM events"
        );
        client.query_raw(&newer).execute().await.unwrap();
        let error = store.event(&key).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Foreign(what) if what.ends_with(&format!("impossible {column}"))),
            "{error}"
        );
    }
}

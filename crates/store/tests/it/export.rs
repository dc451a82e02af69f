//! Events as files.

use model::{Content, Embedding, EventId, EventKey, JsonText, Latency};
use serde_json::Value;
use store::queries::{Column, ExportFormat};
use store::{Config, Filters, Range, Scope, Store, StoreError};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::database::{Database, created, deleted, id_at, scope, tenant, time, updated};

fn key(at: &str) -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at(at) }
}

fn columns(names: &str) -> Vec<Column> {
    names.split(',').map(|name| Column::parse(name).unwrap()).collect()
}

impl Database {
    async fn export(
        &self,
        filters: &Filters,
        columns: &[Column],
        format: ExportFormat,
        after: Option<EventId>,
    ) -> Vec<u8> {
        let (acme, store) = (tenant("acme"), &self.store);
        let (from, to) = (time("2026-11-20T00:00:00Z"), time("2026-11-21T00:00:00Z"));
        let scope = Scope { filters, ..scope(store, &acme, Range::new(from, to, to).unwrap()) };
        let (mut export, mut file) = (store.export(&scope, columns, format, after).unwrap(), Vec::new());
        while let Some(piece) = export.next().await.unwrap_or_else(|error| panic!("{}", error.detail())) {
            file.extend_from_slice(&piece);
        }
        file
    }

    /// The same database for one who is soon out of patience, and reaches it at another address.
    fn impatient(&self, url: &str) -> Store {
        Store::new(Config { url: Some(url.to_owned()), timeout_ms: 200, ..self.config.clone() }).unwrap()
    }

    async fn lines(&self, filters: &Filters, columns: &[Column], after: Option<EventId>) -> Vec<Value> {
        let file = self.export(filters, columns, ExportFormat::Ndjson, after).await;
        let text = String::from_utf8(file).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn every_event_of_the_range_is_there_once_oldest_first_and_it_goes_on_behind_any() {
    let database = Database::new().await;
    let keys: Vec<_> =
        (0..60).map(|n| key(["2026-11-20T10:00:00Z", "2026-11-20T09:00:00Z"][n % 2])).collect();
    let name = |n: usize| Content { event_name: format!("e{}", n % 3).into(), ..Content::default() };
    let mut rows: Vec<_> = keys.iter().enumerate().map(|(n, key)| created(key, 1, name(n))).collect();
    rows.push(deleted(&keys[0], 2));
    rows.push(updated(&keys[1], 2, name(2)));
    rows.push(created(&key("2026-11-21T00:00:00Z"), 1, name(0)));
    rows.push(created(&EventKey { tenant: tenant("globex"), id: keys[3].id }, 1, name(0)));
    database.insert_apart(&rows).await;
    let mut expected: Vec<_> = keys[1..].iter().map(|key| key.id).collect();
    expected.sort_by_key(|id| id.uuid().as_u128());
    let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
    let id = columns("event_id");
    let ids = |lines: Vec<Value>| -> Vec<String> {
        lines.iter().map(|line| line["event_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(database.lines(&Filters::NONE, &id, None).await), expected);
    for n in [0, 20, 57, 58] {
        let after = EventId::parse(&expected[n]).unwrap();
        assert_eq!(ids(database.lines(&Filters::NONE, &id, Some(after)).await), expected[n + 1..], "{n}");
    }
    let named = Filters::event_name("e2").unwrap();
    assert_eq!(database.lines(&named, &columns("event_type"), None).await.len(), 21);
}

#[tokio::test]
async fn columns_are_what_the_event_says() {
    let database = Database::new().await;
    let it = key("2026-11-20T10:00:00.123Z");
    let content = Content {
        event_name: "order.created".into(),
        user_id: "ada".into(),
        input: "=1+1".into(),
        output: "a \"b\",\nc".into(),
        error: "'quoted".into(),
        latency: Latency::from_millis(1.5).unwrap(),
        tags: vec!["a".into(), "b, c".into()],
        input_embeddings: Embedding::new(vec![0.5, -1.0]).unwrap(),
        properties: JsonText::from_stored(r#"{"total":64.320, "t":"ü/"}"#.to_owned()).unwrap(),
        ..Content::default()
    };
    database.store.insert(&[created(&it, 1, content)]).await.unwrap();
    let lines = database.lines(&Filters::NONE, &Column::usual(), None).await;
    let expected = serde_json::json!({
        "event_id": it.id, "event_type": "order.created", "tenant_id": "acme", "user_id": "ada",
        "timestamp": "2026-11-20T10:00:00.123Z", "data": r#"{"total":64.320, "t":"ü/"}"#, "metadata": "{}",
        "inserted_at": "2026-11-20T10:00:00.123Z",
    });
    assert_eq!(lines, [expected]);

    // Each column that there is, in each format.
    let all: Vec<_> = Column::all().collect();
    let line = &database.lines(&Filters::NONE, &all, None).await[0];
    assert_eq!(line.as_object().unwrap().len(), all.len());
    assert_eq!(line["tags"], serde_json::json!(["a", "b, c"]));
    assert_eq!((&line["input_embeddings"], &line["latency"]), (&serde_json::json!([0.5, -1]), &1.5.into()));
    let csv = database.export(&Filters::NONE, &all, ExportFormat::Csv, None).await;
    let names: Vec<_> = all.iter().map(Column::name).collect();
    assert_eq!(String::from_utf8(csv).unwrap().lines().next().unwrap(), names.join(","));

    let some = columns("input,output,error,latency,tags,input_embeddings,timestamp");
    let csv = database.export(&Filters::NONE, &some, ExportFormat::Csv, None).await;
    assert_eq!(
        String::from_utf8(csv).unwrap(),
        "input,output,error,latency,tags,input_embeddings,timestamp\n\
        \"'=1+1\",\"a \"\"b\"\",\nc\",\"''quoted\",1.5,\"[\"\"a\"\",\"\"b, c\"\"]\",\"[0.5,-1]\",\"2026-11-20T10:00:00.123Z\"\n"
    );
    let none = Filters::event_name("none").unwrap();
    assert_eq!(database.export(&none, &columns("input"), ExportFormat::Csv, None).await, b"input\n");
    assert_eq!(database.export(&none, &columns("input"), ExportFormat::Ndjson, None).await, b"");
}

/// The engine reads Parquet too.
#[tokio::test]
async fn a_file_of_parquet_has_every_row() {
    let database = Database::new().await;
    let rows: Vec<_> = (0..5_000)
        .map(|n| {
            let key = key("2026-11-20T10:00:00Z");
            created(
                &key,
                1,
                Content { input: format!("{n} {}", "x".repeat(n % 700)).into(), ..Content::default() },
            )
        })
        .collect();
    database.store.insert(&rows).await.unwrap();
    let some = columns("event_id,timestamp,input,tags,latency");
    let file = database.export(&Filters::NONE, &some, ExportFormat::Parquet, None).await;
    assert!(file.len() > 1_000 && file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    database
        .sql("CREATE TABLE {db}.read (event_id String, timestamp DateTime64(3, 'UTC'), input String, tags Array(String), latency Float64) ENGINE = Memory")
        .await;
    database.load("read", "Parquet", file).await;
    let same = "SELECT count(), countIf(r.input = e.input AND r.timestamp = e.created_at)
        FROM {db}.read AS r JOIN {db}.events AS e ON toUUID(r.event_id) = e.id";
    assert_eq!(database.sql(same).await, "5000\t5000");
    let none = Filters::event_name("none").unwrap();
    let file = database.export(&none, &some, ExportFormat::Parquet, None).await;
    database.load("read", "Parquet", file).await;
    assert_eq!(database.sql("SELECT count() FROM {db}.read").await, "5000");
}

/// Like a long stretch of events that are not wanted: the server is silent while it reads.
#[tokio::test]
async fn an_export_waits_while_the_server_reads() {
    let mut database = Database::new().await;
    let content = Content { error: "lost".into(), ..Content::default() };
    let rows: Vec<_> = (0..4).map(|n| created(&key("2026-11-20T10:00:00Z"), n, content.clone())).collect();
    database.store.insert(&rows).await.unwrap();
    // What the part lacks is computed when it is read: half a second a row.
    database.sql("ALTER TABLE {db}.events CLEAR COLUMN error SETTINGS mutations_sync = 1").await;
    database.sql("ALTER TABLE {db}.events MODIFY COLUMN error DEFAULT toString(sleepEachRow(0.5))").await;
    database.store = database.impatient(testing::engine::url());
    let lines = database.lines(&Filters::NONE, &columns("event_id,error"), None).await;
    assert_eq!(lines.len(), rows.len());
    assert!(lines.iter().all(|line| line["error"] == "0"), "{lines:?}");
}

#[tokio::test]
async fn an_export_that_the_server_forgot_is_given_up() {
    let database = Database::new().await;
    // More than a connection holds on its way.
    let rows: Vec<_> = (0..64)
        .map(|n| {
            let content = Content { input: "x".repeat(1 << 20).into(), ..Content::default() };
            created(&key("2026-11-20T10:00:00Z"), n, content)
        })
        .collect();
    database.store.insert(&rows).await.unwrap();
    let (url, holds) = holding_the_first(testing::engine::url()).await;
    let (acme, store) = (tenant("acme"), database.impatient(&url));
    let (from, to) = (time("2026-11-20T00:00:00Z"), time("2026-11-21T00:00:00Z"));
    let range = Range::new(from, to, to).unwrap();
    let mine = database.config.database.as_str();
    let scope = Scope { query_id: Some(mine), ..scope(&store, &acme, range) };
    let mut export = store.export(&scope, &columns("input"), ExportFormat::Ndjson, None).unwrap();
    assert!(export.next().await.unwrap().is_some());
    holds.send_replace(true);
    database.sql(&format!("KILL QUERY WHERE Settings['log_comment'] LIKE '{mine}-%' SYNC")).await;
    let end = loop {
        match export.next().await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert!(matches!(end, Err(StoreError::Away(_))), "{end:?}");
}

/// The address of a relay to a server, and how its first connection is told to stand still, without a word.
async fn holding_the_first(server: &str) -> (String, watch::Sender<bool>) {
    let server = server.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (holds, held) = watch::channel(false);
    tokio::spawn(async move {
        let mut first = Some(held);
        while let Ok((mut client, _)) = listener.accept().await {
            let (server, held) = (server.clone(), first.take());
            tokio::spawn(async move {
                let mut server = TcpStream::connect(server).await.unwrap();
                let Some(mut held) = held else {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                    return;
                };
                let stands_still = tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => false,
                    _ = held.wait_for(|held| *held) => true,
                };
                if stands_still {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    (url, holds)
}

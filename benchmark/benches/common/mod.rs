//! Events at every stage of their way, and a table that takes rows without keeping them.

use std::collections::HashMap;
use std::sync::mpsc;
use std::thread;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use benchmark::plan::{Plan, Sizes};
use consumer::fold::{Step, fold};
use model::wire::{Intake, native};
use model::{EventKey, EventNames, Operation, Position, Stored, Tenant, Timestamp, Window, message};
use reqwest::Client;
use store::Store;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Events of about 300 bytes, all of them updated and deleted too.
pub(crate) fn plan(events: u64) -> Plan {
    let sizes = Sizes { inserts: events, updates: events, deletes: 0, payload: vec![300], dimensions: 0 };
    Plan::new(sizes, vec!["event_a".to_owned()], Timestamp::now(), 1)
}

/// The body of `POST /event`.
pub(crate) fn create_body(plan: &Plan, index: u64) -> String {
    let mut body = String::new();
    plan.create(index, &mut body);
    body
}

/// Names that the API allows.
pub(crate) fn names() -> EventNames {
    EventNames::parse("event_a").unwrap()
}

/// What the API knows of a request.
pub(crate) fn intake(names: &EventNames) -> Intake<'_> {
    let now = Timestamp::now();
    let window = Window::around(now, 3_650);
    Intake { tenant: Tenant::default(), now, window, names }
}

/// The create of an event. Its body is never freed: a benchmark ends soon.
pub(crate) fn create(plan: &Plan, index: u64) -> Operation<'static> {
    native::create(create_body(plan, index).leak().as_bytes(), &intake(&names())).unwrap()
}

/// The update of an event.
pub(crate) fn update(plan: &Plan, index: u64) -> Operation<'static> {
    let mut body = String::new();
    plan.update(index, &mut body);
    let names = names();
    native::update(body.leak().as_bytes(), create(plan, index).key(), &intake(&names)).unwrap()
}

/// The key and value of an operation's message.
pub(crate) fn message(operation: &Operation<'static>) -> (String, Vec<u8>) {
    (operation.key().id.to_string(), message::encode(operation))
}

/// Operations as the consumer folds them.
pub(crate) fn steps(
    operations: impl Iterator<Item = Operation<'static>>,
    first_offset: i64,
) -> Vec<Step<'static>> {
    let now = Timestamp::now().millis();
    let position = |offset| Position::new(now, offset).unwrap();
    (first_offset..)
        .zip(operations)
        .map(|(offset, operation)| Step { position: position(offset), operation, idempotency_key: None })
        .collect()
}

/// The rows that these creates leave behind.
pub(crate) fn rows(plan: &Plan, events: u64) -> Vec<(EventKey, Stored<'static>)> {
    let creates = (0..events).map(|index| create(plan, index));
    fold(steps(creates, 0), HashMap::new()).rows
}

/// A store whose inserts are read to their end and thrown away, on a thread of their own. Anything else
/// is answered by the tests' ClickHouse.
pub(crate) fn sink() -> Store {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = Some(format!("http://{}", listener.local_addr().unwrap()));
            let routes = Router::new().fallback(take).with_state(Client::new());
            let serving = tokio::spawn(axum::serve(listener, routes).into_future());
            let config =
                store::Config { url, database: testing::unique("bench"), ..store::Config::default() };
            Store::new(config.clone()).unwrap().migrate().await.unwrap();
            sender.send(config).unwrap();
            serving.await.unwrap().unwrap();
        });
    });
    // A store of its own: connections stay with the thread that made them.
    Store::new(receiver.recv().unwrap()).unwrap()
}

async fn take(State(client): State<Client>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    if path.contains("INSERT") && path.contains("RowBinary") {
        return ().into_response();
    }
    let behind = tokio::task::spawn_blocking(testing::engine::url).await.unwrap();
    let answer = client.request(head.method, format!("{behind}{path}")).headers(head.headers).body(body);
    let answer = answer.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, Body::from(answer.bytes().await.unwrap())).into_response()
}

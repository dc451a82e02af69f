//! A server with Millrace's API and events in memory, which can be told to get something wrong.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use model::{EventId, Source, Tenant, Timestamp};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

/// What the server gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Nothing,
    /// Every event is refused once with a 503 before it is taken.
    Busy,
    /// It loses one create.
    Loses,
    /// It forgets one update.
    Forgets,
    /// It takes a part of one update only.
    Mangles,
    /// It keeps one event that was deleted.
    Keeps,
    /// It says an event of a conversation twice.
    Repeats,
    /// It refuses one event for good.
    Refuses,
}

type Event = Map<String, Value>;
type Reply = (StatusCode, Json<Value>);

pub(crate) struct Fake {
    fault: Fault,
    events: Mutex<BTreeMap<String, Event>>,
    /// How often something came: an event to be made, any update, any delete.
    seen: Mutex<HashMap<String, u64>>,
}

impl Fake {
    /// Starts a server and gives its URL.
    pub(crate) async fn start(fault: Fault) -> String {
        let fake = Arc::new(Self { fault, events: Mutex::default(), seen: Mutex::default() });
        let routes = Router::new()
            .route("/event", post(create))
            .route("/events", post(create_many))
            .route("/v1/track", post(track))
            .route("/v1/batch", post(track_many))
            .route("/api/v2.0/EventService", post(publish))
            .route("/event/{id}", get(read).put(update).delete(delete))
            .route("/events/conversation/{id}", get(conversation))
            .route("/pipeline", get(pipeline))
            .with_state(fake);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, routes).into_future());
        url
    }

    fn events(&self) -> MutexGuard<'_, BTreeMap<String, Event>> {
        self.events.lock().unwrap()
    }

    /// Whether `what` comes for the first time.
    fn is_first(&self, what: &str) -> bool {
        let mut seen = self.seen.lock().unwrap();
        let count = seen.entry(what.to_owned()).or_default();
        *count += 1;
        *count == 1
    }

    fn create(&self, mut event: Event) -> StatusCode {
        let id = event["id"].as_str().unwrap().to_owned();
        let millis = i64::from_str_radix(&id.replace('-', "")[..12], 16).unwrap();
        let created_at = Timestamp::from_millis(millis).unwrap().to_string();
        event.insert("created_at".into(), created_at.into());
        match self.fault {
            Fault::Busy if self.is_first(&id) => return StatusCode::SERVICE_UNAVAILABLE,
            Fault::Refuses if self.is_first("create") => return StatusCode::BAD_REQUEST,
            Fault::Loses if self.is_first("create") => {}
            _ => drop(self.events().insert(id, event)),
        }
        StatusCode::ACCEPTED
    }
}

fn reply(status: StatusCode) -> Reply {
    let code = if status == StatusCode::SERVICE_UNAVAILABLE { "unavailable" } else { "invalid_field" };
    (status, Json(if status.is_success() { json!({"success": true}) } else { json!({"code": code}) }))
}

async fn create(State(fake): State<Arc<Fake>>, Json(event): Json<Event>) -> Reply {
    reply(fake.create(event))
}

async fn create_many(State(fake): State<Arc<Fake>>, Json(mut batch): Json<Value>) -> Reply {
    let events: Vec<Event> = serde_json::from_value(batch["events"].take()).unwrap();
    let results = events.into_iter().map(|event| match fake.create(event) {
        StatusCode::ACCEPTED => json!({"id": "…"}),
        _ => json!({"error": "no", "code": "invalid_field"}),
    });
    (StatusCode::ACCEPTED, Json(json!({"data": {"results": results.collect::<Vec<_>>()}})))
}

async fn track(State(fake): State<Arc<Fake>>, Json(event): Json<Value>) -> Reply {
    match fake.create(tracked(event)) {
        StatusCode::ACCEPTED => (StatusCode::OK, Json(json!({"success": true}))),
        status => reply(status),
    }
}

async fn track_many(State(fake): State<Arc<Fake>>, Json(mut batch): Json<Value>) -> Reply {
    let events: Vec<Value> = serde_json::from_value(batch["batch"].take()).unwrap();
    let taken: Vec<_> = events.into_iter().map(|event| fake.create(tracked(event))).collect();
    if taken.contains(&StatusCode::SERVICE_UNAVAILABLE) {
        return reply(StatusCode::SERVICE_UNAVAILABLE);
    }
    let refused = taken.iter().enumerate().filter(|(_, status)| !status.is_success());
    let rejected: Vec<_> = refused.map(|(at, _)| json!({"index": at, "code": "invalid_field"})).collect();
    (StatusCode::OK, Json(json!({"success": true, "rejected": rejected})))
}

async fn publish(State(fake): State<Arc<Fake>>, Json(sent): Json<Value>) -> Reply {
    let Value::Array(messages) = sent else {
        return match fake.create(published(sent)) {
            StatusCode::ACCEPTED => (StatusCode::OK, Json(json!({"success": true}))),
            status => reply(status),
        };
    };
    let taken: Vec<_> = messages.into_iter().map(|message| fake.create(published(message))).collect();
    if taken.contains(&StatusCode::SERVICE_UNAVAILABLE) {
        return reply(StatusCode::SERVICE_UNAVAILABLE);
    }
    let result = |status: StatusCode| {
        if status.is_success() { json!({"success": true}) } else { json!({"code": "invalid_field"}) }
    };
    let results: Vec<_> = taken.into_iter().map(result).collect();
    (StatusCode::OK, Json(json!({"success": true, "results": results})))
}

/// What a message of the `EventService` API says, as an event of the default tenant.
fn published(sent: Value) -> Event {
    let [at, event_id] = ["CreatedDateUtc", "EventId"].map(|name| sent[name].as_str().unwrap());
    let at = Timestamp::parse(&format!("{at}Z")).unwrap();
    let event = json!({
        "id": EventId::derive(&Tenant::default(), Source::EventService, event_id, at),
        "message_id": event_id,
        "event_name": sent["Topic"],
        "tags": sent["Tags"],
        "user_id": sent["ActorId"],
        "conversation_id": sent["ActivityId"],
        "properties": sent["Data"],
    });
    serde_json::from_value(event).unwrap()
}

/// What Segment's dialect says, as an event of the default tenant.
fn tracked(mut sent: Value) -> Event {
    let [at, message_id] = ["timestamp", "messageId"].map(|name| sent[name].as_str().unwrap());
    let at = Timestamp::parse(at).unwrap();
    let id = EventId::derive(&Tenant::default(), Source::Segment, message_id, at);
    let error = sent["properties"].get("error").cloned().unwrap_or_else(|| "".into());
    let event = json!({
        "id": id,
        "message_id": message_id,
        "event_name": sent["event"],
        "user_id": sent["userId"],
        "conversation_id": sent["context"]["sessionId"],
        "error": error,
        "properties": sent["properties"].take(),
    });
    serde_json::from_value(event).unwrap()
}

async fn update(
    State(fake): State<Arc<Fake>>,
    Path(id): Path<String>,
    Json(mut patch): Json<Event>,
) -> Reply {
    match fake.fault {
        Fault::Forgets if fake.is_first("update") => return reply(StatusCode::ACCEPTED),
        Fault::Mangles if fake.is_first("update") => drop(patch.remove("latency")),
        _ => {}
    }
    if let Some(event) = fake.events().get_mut(&id) {
        event.extend(patch);
    }
    reply(StatusCode::ACCEPTED)
}

async fn delete(State(fake): State<Arc<Fake>>, Path(id): Path<String>) -> Reply {
    if fake.fault != Fault::Keeps || !fake.is_first("delete") {
        fake.events().remove(&id);
    }
    reply(StatusCode::ACCEPTED)
}

async fn read(State(fake): State<Arc<Fake>>, Path(id): Path<String>) -> Reply {
    match fake.events().get(&id) {
        Some(event) => (StatusCode::OK, Json(json!({"data": event}))),
        None => reply(StatusCode::NOT_FOUND),
    }
}

async fn conversation(
    State(fake): State<Arc<Fake>>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let after = query.get("cursor").cloned().unwrap_or_default();
    let limit: usize = query["limit"].parse().unwrap();
    let events = fake.events();
    let mut all = events.iter().filter(|(at, event)| **at > after && event["conversation_id"] == *id);
    let mut page: Vec<_> = all.by_ref().take(limit).map(|(_, event)| event.clone()).collect();
    let next = all.next().and_then(|_| page.last()).map(|event| event["id"].clone());
    if fake.fault == Fault::Repeats {
        page.extend(page.last().cloned());
    }
    Json(json!({"data": page, "next_cursor": next}))
}

async fn pipeline() -> Json<Value> {
    let partition = json!({"partition": 0, "end": 1, "committed": 1, "lag": 0, "oldest_age_ms": 0});
    Json(json!({"data": {"partitions": [partition], "lag": 0, "dead_letters": 0}}))
}

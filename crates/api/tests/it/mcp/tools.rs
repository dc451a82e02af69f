//! What the tools answer.

use rmcp::ClientLifecycleMode;
use rmcp::model::ProtocolVersion;
use serde_json::{Value, json};

use super::Client;
use crate::harness::events::event;
use crate::harness::{App, Caller};
use crate::keys::{ENTRIES, with_keys};

/// Two users, of whom one orders and comes back.
async fn shop(caller: &Caller) {
    let happened = |user: &str, at: &str, fields: Value| {
        let mut event = event(json!({"user_id": user, "timestamp": at, "conversation_id": "c-shop"}));
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        event
    };
    let ordered = json!({"event_name": "event_b", "properties": {"total": 12.5}, "output": "order placed"});
    caller
        .create_all(&[
            happened("ada", "2026-11-02T10:00:00Z", json!({"input": "I want to order tea"})),
            happened("ada", "2026-11-02T10:05:00Z", ordered),
            happened(
                "ada",
                "2026-11-03T10:00:00Z",
                json!({"latency": 250.5, "input_embeddings": [0.5, 1.0]}),
            ),
            happened("bob", "2026-11-02T11:00:00Z", json!({"error": "order failed", "input": "order"})),
        ])
        .await;
}

fn within(question: Value) -> Value {
    let mut question = question;
    let times = json!({"from": "2026-11-02", "to": "2026-11-05", "timezone": "Europe/Berlin"});
    question.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
    question
}

/// Each tool, what it is called with, and its question over HTTP: a body or the parameters of a path.
fn questions() -> Vec<(&'static str, Value, &'static str, Option<Value>)> {
    let named = |name: &str| json!([{"field": "event_name", "op": "is", "values": [name]}]);
    let metrics = within(json!({
        "metrics": ["events", "users", "error_rate", "latency_p95", {"sum": "properties.total"}],
        "breakdown": {"field": "event_name"}, "interval": "day"
    }));
    let funnel = within(json!({
        "steps": [{"name": "a", "filters": named("event_a")}, {"name": "b", "filters": named("event_b")}], "window": "1h"
    }));
    let retention = within(json!({"start": {"filters": named("event_a")}, "periods": 2}));
    let mut search = within(json!({"q": "order -failed", "limit": 1}));
    search["days"] = Value::Null;
    let found = "/search?q=order+-failed&limit=1&from=2026-11-02&to=2026-11-05&timezone=Europe/Berlin";
    let conversation = json!({"conversation_id": "c-shop", "limit": 3});
    let read = "/events/conversation/c-shop?limit=3&include_embeddings=false";
    vec![
        ("query", metrics.clone(), "/query", Some(metrics)),
        ("funnel", funnel.clone(), "/funnel", Some(funnel)),
        ("retention", retention.clone(), "/retention", Some(retention)),
        ("search", search, found, None),
        ("conversation", conversation, read, None),
    ]
}

/// What HTTP answers, without what it says of the request.
async fn over_http(caller: &Caller, path: &str, body: Option<Value>) -> Value {
    let answer = match body {
        Some(body) => caller.post(path, body).await,
        None => caller.get(path).await,
    };
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut answer = answer.json();
    for field in ["success", "request_id"] {
        answer.as_object_mut().unwrap().remove(field).unwrap();
    }
    answer
}

#[tokio::test]
async fn each_tool_answers_what_its_route_answers() {
    let app = App::start().await;
    shop(&app).await;
    app.settled().await;
    let client = Client::of(&app).await;
    for (tool, arguments, path, body) in questions() {
        let (mut answer, mut same) =
            (client.answer(tool, arguments).await, over_http(&app, path, body).await);
        // A page of a search goes on at a time of its own.
        let pages =
            [&mut answer, &mut same].map(|answer| answer.as_object_mut().unwrap().remove("next_cursor"));
        assert_eq!(pages[0].is_some(), pages[1].is_some(), "{tool}");
        assert_eq!(answer, same, "{tool}");
        assert!(answer["data"].as_array().is_none_or(|rows| !rows.is_empty()), "{tool}: {answer}");
    }
    let page = client.answer("search", within(json!({"q": "order", "limit": 1}))).await;
    let next =
        client.answer("search", json!({"q": "order", "limit": 2, "cursor": page["next_cursor"]})).await;
    assert_eq!(
        (page["data"][0]["user_id"].as_str(), next["data"].as_array().map(Vec::len)),
        (Some("bob"), Some(2))
    );
    // Of the last day.
    app.create(&event(json!({"event_name": "event_c"}))).await;
    let schema = client.answer("schema", json!({})).await;
    assert_eq!(schema["data"]["event_names"], json!([{"name": "event_c", "events": 1}]));
}

#[tokio::test]
async fn a_conversation_comes_in_pages_and_without_vectors_unless_they_are_wanted() {
    let app = App::start().await;
    shop(&app).await;
    let client = Client::of(&app).await;
    let first = client.answer("conversation", json!({"conversation_id": "c-shop", "limit": 3})).await;
    let rest =
        json!({"conversation_id": "c-shop", "cursor": first["next_cursor"], "include_embeddings": true});
    let rest = client.answer("conversation", rest).await;
    assert!(first["data"][0].get("input_embeddings").is_none());
    assert_eq!((&rest["data"][0]["input_embeddings"], rest.get("next_cursor")), (&json!([0.5, 1.0]), None));
    let none = client.answer("conversation", json!({"conversation_id": "a/b? c"})).await;
    assert_eq!(none, json!({"data": []}));
}

#[tokio::test]
async fn the_tools_are_the_same_in_every_version_of_the_protocol() {
    let app = App::start_writes_only().await;
    let discover = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    for (lifecycle, version) in [(ClientLifecycleMode::Initialize, "2025-11-25"), (discover, "2026-07-28")] {
        let client = Client::with(&app, lifecycle).await.unwrap();
        let peer = client.0.peer_info().unwrap();
        assert_eq!(
            (peer.protocol_version.as_str(), &*peer.server_info.as_ref().unwrap().name),
            (version, "millrace")
        );
        assert!(peer.instructions.as_ref().unwrap().contains("Call `schema` first"));
        let tools = client.0.list_all_tools().await.unwrap();
        let names: Vec<_> = tools.iter().map(|tool| &*tool.name).collect();
        assert_eq!(names, ["schema", "query", "funnel", "retention", "search", "conversation"]);
        assert!(tools.iter().all(|tool| tool.annotations.as_ref().unwrap().read_only_hint == Some(true)));
        // There is no table: the tool says so.
        let (words, code) = client.complaint("query", json!({"metrics": ["events"]})).await;
        assert_eq!(
            (&*words, code),
            ("reads are unavailable at the moment, please retry", json!("unavailable"))
        );
    }
}

#[tokio::test]
async fn two_tenants_share_nothing() {
    let app = App::start().await;
    shop(&app.tenant("acme")).await;
    let events = async |caller: &Caller| {
        let question = within(json!({"metrics": ["events"]}));
        Client::of(caller).await.answer("query", question).await["data"]["series"][0]["total"].clone()
    };
    assert_eq!(
        (events(&app.tenant("acme")).await, events(&app.tenant("globex")).await),
        (json!(4), json!(0))
    );
    let app = App::with(with_keys(ENTRIES, None)).await;
    shop(&app.key("acme-all")).await;
    assert_eq!(
        (events(&app.key("acme-read")).await, events(&app.key("other-all")).await),
        (json!(4), json!(0))
    );
    let other = Client::of(&app.key("other-all")).await;
    assert_eq!(other.answer("conversation", json!({"conversation_id": "c-shop"})).await, json!({"data": []}));
}

#[tokio::test]
async fn what_is_the_matter_with_a_question_is_an_error_of_the_tool() {
    let app = App::start().await;
    let client = Client::of(&app).await;
    for (tool, arguments, words) in [
        ("query", json!({}), "missing field `metrics`"),
        ("query", json!({"metrics": ["visits"]}), "unknown metric \"visits\""),
        ("query", json!({"metrics": ["events"], "day": 3}), "unknown field `day`"),
        (
            "query",
            json!({"metrics": ["events"], "interval": "minute", "days": 30}),
            "more than 10000 buckets",
        ),
        ("funnel", json!({"steps": []}), "steps"),
        ("retention", json!({"periods": 91}), "periods must be 1 to 90"),
        ("search", json!({}), "q is required: what to look for"),
        ("search", json!({"q": "x", "limit": 0}), "limit must be a positive integer"),
        ("search", json!({"q": "x", "filters": []}), "unknown field `filters`, expected `cursor`"),
        ("search", json!({"q": "x", "timezone": "Mars"}), "timezone must be an IANA name"),
        ("conversation", json!({}), "conversation_id is required"),
        ("schema", json!({"days": 3}), "unknown field `days`"),
    ] {
        let (said, code) = client.complaint(tool, arguments).await;
        assert!(said.contains(words), "{tool}: {said}");
        assert!(code == "invalid_field" || code == "missing_field", "{tool}: {code}");
    }
    let (said, code) = client.complaint("query", json!({"metrics": ["x".repeat(70_000)]})).await;
    assert_eq!((&*said, code), ("the body is larger than 65536 bytes", json!("too_large")));
}

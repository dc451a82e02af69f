//! `X-Tenant`: two tenants share nothing but the address.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::events::{event, new_id};
use crate::harness::{App, Ask, Caller};
use crate::keys::{ENTRIES, with_keys};

#[tokio::test]
async fn two_tenants_with_the_same_id_never_see_each_other() {
    let app = App::start().await;
    let (one, other) = (app.tenant("one"), app.tenant("other"));
    let id = new_id();
    let path = format!("/event/{id}");
    one.create(&event(json!({"id": id, "input": "of one", "error": "timeout", "latency": 1}))).await;

    for stranger in [&other, &app.tenant("default")] {
        stranger.get(&path).await.refuses(404, "not_found", "event not found");
        for write in [
            stranger.put(&format!("{path}?wait=true"), json!({"input": "x"})).await,
            stranger.delete(&format!("{path}?wait=true")).await,
        ] {
            write.refuses(404, "not_found", "event not found");
        }
        for empty in [
            "/events/conversation/c-1",
            "/analytics/errors?event_name=event_a",
            "/analytics/latency",
            "/analytics/sessions/top-errors",
        ] {
            assert_eq!(stranger.get(empty).await.data(), json!([]), "{empty}");
        }
    }

    other.create(&event(json!({"id": id, "input": "of other"}))).await;
    assert_eq!(one.put(&format!("{path}?wait=true"), json!({"output": "changed"})).await.status, 200);
    let (of_one, of_other) = (one.event(&id).await, other.event(&id).await);
    assert_eq!((&of_one["input"], &of_one["output"]), (&json!("of one"), &json!("changed")));
    assert_eq!((&of_other["input"], &of_other["output"]), (&json!("of other"), &json!("")));
    for (tenant, errors) in [(&one, 1), (&other, 0)] {
        assert_eq!(tenant.conversation("c-1").await.len(), 1);
        let days = tenant.get("/analytics/errors?event_name=event_a").await.data();
        assert_eq!((&days[0]["total_count"], &days[0]["error_count"]), (&json!(1), &json!(errors)));
        let sessions = tenant.get("/analytics/sessions/top-errors").await.data();
        assert_eq!(sessions[0]["total_events"], 1);
        assert_eq!(tenant.get("/analytics/latency").await.data()[0]["event_count"], 1);
    }

    assert_eq!(other.delete(&format!("{path}?wait=true")).await.status, 200);
    assert_eq!(one.event(&id).await, of_one);
    assert_eq!(other.conversation("c-1").await, [] as [Value; 0]);
    assert_eq!(app.sql("SELECT tenant, count() FROM events FINAL GROUP BY tenant").await, "one\t1");
}

#[tokio::test]
async fn no_route_shows_or_changes_anything_of_another_tenant() {
    let app = App::start().await;
    walk(&app, &app.tenant("one"), &app.tenant("other")).await;
}

#[tokio::test]
async fn nor_does_any_with_keys() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    walk(&app, &app.key("acme-all"), &app.key("other-all")).await;
}

/// Tries every route of the description, so that none that is added is left out, with the event of `one` as `other`.
async fn walk(app: &App, one: &Caller, other: &Caller) {
    let secret = "c-of-one";
    let sent = json!({"conversation_id": secret, "user_id": secret, "error": "secret", "latency": 1});
    let id = one.create(&event(sent)).await;
    let before = one.event(&id).await;
    let document = app.get("/openapi.json").await.json();
    let mut walked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        // It has no end; `tail/` has a test of its own for what it shows.
        if path == "/tail" {
            continue;
        }
        for method in item.as_object().unwrap().keys() {
            let mut path = path.replace("{id}", &id).replace("{key}", "none");
            for segment in ["{conversation_id}", "{subject}", "{trace_id}", "{user}"] {
                path = path.replace(segment, secret);
            }
            assert!(!path.contains('{'), "{path} has a segment that this test knows nothing of");
            let method: Method = method.to_uppercase().parse().unwrap();
            let body = if method == Method::GET { String::new() } else { event(json!({})).to_string() };
            let request = other.request(method.clone(), &format!("{path}?event_name=event_a&wait=true"));
            let answer = request.body(body).ask().await;
            assert!(
                answer.status.as_u16() != 401 && answer.status.as_u16() < 500,
                "{method} {path}: {}",
                answer.text
            );
            assert!(!answer.text.contains("secret"), "{method} {path}: {}", answer.text);
            let shows = answer.text.contains(secret) || answer.text.contains(&id);
            assert!(!shows, "{method} {path}: {}", answer.text);
            walked += 1;
        }
    }
    assert!(walked >= 60, "{walked}");
    assert_eq!(one.event(&id).await, before);
}

#[tokio::test]
async fn a_cursor_of_one_tenant_shows_nothing_of_it_to_another() {
    let app = App::start().await;
    let (one, other) = (app.tenant("one"), app.tenant("other"));
    let ids = one.create_all(&vec![event(json!({})); 3]).await;
    assert_eq!(other.conversation(&format!("c-1?cursor={}", ids[0])).await, [] as [Value; 0]);
    assert_eq!(one.conversation(&format!("c-1?cursor={}", ids[0])).await.len(), 2);
}

#[tokio::test]
async fn without_the_header_the_tenant_is_the_default_one() {
    let app = App::start().await;
    let id = app.create(&event(json!({}))).await;
    assert_eq!(app.tenant("default").event(&id).await, app.event(&id).await);
    assert_eq!(app.tenant("Default").get(&format!("/event/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_tenant_is_letters_digits_and_three_signs() {
    let app = App::start().await;
    let longest = "x".repeat(64);
    for good in ["a", "A-1_b.c", "0", &longest] {
        let tenant = app.tenant(good);
        let id = tenant.create(&event(json!({"input": good}))).await;
        assert_eq!(tenant.event(&id).await["input"], good);
    }
    let too_long = "x".repeat(65);
    for bad in ["", "a b", "a/b", "é", "a,b", "a'b", &too_long] {
        let tenant = app.tenant(bad);
        let path = format!("/event/{}", new_id());
        for answer in [
            tenant.post("/event", event(json!({}))).await,
            tenant.post("/events", json!({"events": [event(json!({}))]})).await,
            tenant.put(&path, "{}").await,
            tenant.delete(&path).await,
            tenant.get(&path).await,
            tenant.get("/events/conversation/c-1").await,
            tenant.get("/analytics/errors?event_name=event_a").await,
            tenant.get("/analytics/latency").await,
            tenant.get("/analytics/sessions/top-errors").await,
        ] {
            let words = "X-Tenant: a tenant is 1 to 64 letters, digits, '_', '.' or '-'";
            answer.refuses(400, "invalid_field", words);
        }
    }
    assert_eq!(app.sql("SELECT count() FROM events FINAL").await, "4");
}

#[tokio::test]
async fn two_tenants_at_once_are_refused() {
    let app = App::start_writes_only().await;
    let path = format!("/event/{}", new_id());
    for (method, path, body) in [
        (Method::POST, "/event", event(json!({})).to_string()),
        (Method::POST, "/events", json!({"events": [event(json!({}))]}).to_string()),
        (Method::PUT, &path, "{}".into()),
        (Method::DELETE, &path, String::new()),
        (Method::GET, &path, String::new()),
    ] {
        let two = app.request(method, path).header("x-tenant", "one").header("x-tenant", "other");
        two.body(body).ask().await.refuses(400, "invalid_field", "X-Tenant must be there once");
    }
}

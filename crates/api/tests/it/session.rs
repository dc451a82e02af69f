//! The page signs in with a key, and is known by a cookie from then on.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::events::event;
use crate::harness::{Answer, App, Ask, Part, Setup};
use crate::keys::{ENTRIES, with_keys};

/// Takes no events in, and has no table.
async fn with_keys_alone() -> App {
    let without: &[Part] = &[Part::Consumer, Part::ClickHouse];
    App::with(Setup { without, ..with_keys(ENTRIES, None) }).await
}

fn of_page(request: RequestBuilder) -> RequestBuilder {
    request.header("sec-fetch-site", "same-origin")
}

async fn sign_in(app: &App, key: &str) -> Answer {
    of_page(app.request(Method::POST, "/ui/session")).body(json!({ "key": key }).to_string()).ask().await
}

/// What the browser sends from now on.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn session(app: &App, cookie: &str) -> Value {
    of_page(app.request(Method::GET, "/ui/session")).header("cookie", cookie).ask().await.data()
}

#[tokio::test]
async fn whoever_signs_in_sees_and_does_what_the_key_may() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let nobody = session(&app, "").await;
    let expected = json!({"needs_key": true, "tenant": null, "scopes": [], "expires_at": null, "ended": false, "tenants": null});
    assert_eq!(nobody, expected);

    let id = app.key("acme-all").create(&event(json!({}))).await;
    let signed_in = sign_in(&app, "acme-read").await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text);
    let set = signed_in.header("set-cookie");
    assert!(set.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"), "{set}");
    assert!(!set.contains("acme"), "{set}");
    let (cookie, shown) = (cookie(&signed_in), signed_in.data());
    assert_eq!((&shown["tenant"], &shown["scopes"]), (&json!("acme"), &json!(["read"])));
    assert!(shown["expires_at"].is_string());
    assert_eq!(session(&app, &cookie).await, shown);

    let ask = async |method, path: &str| {
        of_page(app.request(method, path)).header("cookie", &cookie).body("{}").ask().await.status.as_u16()
    };
    let path = format!("/event/{id}");
    assert_eq!(ask(Method::GET, &path).await, 200);
    assert_eq!(ask(Method::DELETE, &path).await, 403);
    let named =
        of_page(app.request(Method::GET, &path)).header("cookie", &cookie).header("x-tenant", "other");
    assert_eq!(named.ask().await.status, 403);
    let other = cookie_of(&app, "other-all").await;
    let asked = of_page(app.request(Method::GET, &path)).header("cookie", &other).ask().await;
    assert_eq!(asked.status, 404);
}

async fn cookie_of(app: &App, key: &str) -> String {
    cookie(&sign_in(app, key).await)
}

#[tokio::test]
async fn a_cookie_does_not_count_where_another_page_may_have_made_the_browser_send_it() {
    let app = with_keys_alone().await;
    let cookie = cookie_of(&app, "acme-all").await;
    let own = app.url("");
    let ask = async |method, headers: &[(&str, &str)]| {
        let path = if method == Method::POST { "/event" } else { "/pipeline" };
        let mut request =
            app.request(method, path).header("cookie", &cookie).body(event(json!({})).to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.ask().await.status.as_u16()
    };
    for headers in [&[("sec-fetch-site", "same-origin")], &[("origin", own.as_str())]] {
        assert_eq!(ask(Method::GET, headers).await, 200, "{headers:?}");
        assert_eq!(ask(Method::POST, headers).await, 202, "{headers:?}");
    }
    for headers in [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "http://localhost:1")],
        &[("origin", "null")],
    ] {
        assert_eq!(ask(Method::GET, headers).await, 401, "{headers:?}");
        assert_eq!(ask(Method::POST, headers).await, 401, "{headers:?}");
    }
    // A page that came by plain HTTP reads so; whatever writes names its origin.
    assert_eq!((ask(Method::GET, &[]).await, ask(Method::POST, &[]).await), (200, 401));
    // A key that is sent along counts alone.
    assert_eq!(
        ask(Method::POST, &[("sec-fetch-site", "same-origin"), ("x-api-key", "acme-read")]).await,
        403
    );
}

#[tokio::test]
async fn a_wrong_key_is_told_late_and_one_that_may_not_read_at_once() {
    let app = with_keys_alone().await;
    let begun = Instant::now();
    let wrong = sign_in(&app, "acme-rea").await;
    wrong.refuses(401, "unauthorized", "the key is not known");
    assert!(begun.elapsed() >= Duration::from_secs(1) && wrong.header("set-cookie").is_empty());
    let begun = Instant::now();
    sign_in(&app, "acme-ingest").await.refuses(403, "forbidden", "the key lacks the scope read");
    assert!(begun.elapsed() < Duration::from_secs(1));
    for body in ["", "{}", "[]", "{\"key\":1}", "x"] {
        assert_eq!(app.post("/ui/session", body).await.status, 400, "{body}");
    }
    for method in [Method::POST, Method::DELETE] {
        let elsewhere = app.request(method, "/ui/session").header("origin", "https://evil.example");
        let elsewhere = elsewhere.body(r#"{"key":"acme-read"}"#).ask().await;
        elsewhere.refuses(403, "forbidden", "only the page itself signs in and out");
    }
}

#[tokio::test]
async fn a_session_that_counts_no_more_is_said_to_have_ended() {
    let (app, before) = (with_keys_alone().await, with_keys_alone().await);
    // Of a process with another secret, as one that is started anew has.
    let old = cookie_of(&before, "acme-read").await;
    let shown = session(&app, &old).await;
    assert_eq!((&shown["ended"], &shown["tenant"]), (&json!(true), &Value::Null));
    let asked = of_page(app.request(Method::GET, "/pipeline")).header("cookie", &old).ask().await;
    asked.refuses(401, "unauthorized", "the session has ended: please sign in again");

    let out = of_page(app.request(Method::DELETE, "/ui/session")).header("cookie", &old).ask().await;
    assert_eq!((out.status.as_u16(), &out.json()["message"]), (200, &json!("signed out")));
    assert!(out.header("set-cookie").starts_with("millrace_session=; Path=/; Max-Age=0"));
}

#[tokio::test]
async fn over_tls_the_cookie_is_for_tls_alone() {
    let app = with_keys_alone().await;
    let host = app.url("").replace("http://", "https://");
    for (name, value) in [("origin", host.as_str()), ("x-forwarded-proto", "https, http")] {
        let request = app.request(Method::POST, "/ui/session").header(name, value);
        let answer = request.body(r#"{"key":"acme-read"}"#).ask().await;
        assert!(answer.header("set-cookie").ends_with("; Secure"), "{name}: {}", answer.text);
    }
}

#[tokio::test]
async fn without_keys_the_page_is_told_of_all_tenants_and_signs_nobody_in() {
    let app = App::start().await;
    let tenants = async |tenant: &str| {
        let shown = app.tenant(tenant).get("/ui/session").await.data();
        assert_eq!((&shown["needs_key"], &shown["tenant"]), (&json!(false), &json!(tenant)));
        assert_eq!(shown["scopes"], json!(["ingest", "read", "admin"]));
        shown["tenants"].clone()
    };
    for tenant in ["shop", "acme"] {
        app.tenant(tenant).create(&event(json!({}))).await;
    }
    assert_eq!(tenants("acme").await, json!(["acme", "shop"]));
    assert_eq!(tenants("new").await, json!(["acme", "new", "shop"]));
    let refused = app.post("/ui/session", r#"{"key":"acme-read"}"#).await;
    refused.refuses(400, "invalid_field", "no keys are asked for here: nobody signs in");
}

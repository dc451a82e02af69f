//! Keys: what their holders may do, and to whose events.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use testing::wait::until;

use crate::harness::events::{event, new_id};
use crate::harness::{App, Ask, PATIENCE, Setup};

/// Entries of the keys `acme-all`, `acme-ingest`, `acme-read` and `other-all`: `printf acme-all | sha256sum`.
pub(crate) const ENTRIES: &str = "
    acme:ingest+read+admin:e7472089fc70b341d44cbccd753135b3b9a600b271aca1fa11f8295878b11a22,
    acme:ingest:e2dce2e0125b6ba5bee9eff80bfe7f9f78466f20acaf2c07989e487dea3315bb,
    acme:read:d964319ad9a88c527e60c0a38bf48f460a83e7eb83ba6142301b732d04365084,
    other:ingest+read:4ee9c2c39ab671f72aa61fba163359d2d7c4e9ab7fe8e8dce4cc2e4bfc4dbf0f";

pub(crate) fn with_keys(api_keys: &str, file: Option<&Path>) -> Setup {
    let api = api::Config {
        api_keys: api_keys.to_owned(),
        api_keys_file: file.map(Path::to_owned),
        ..api::Config::default()
    };
    Setup { api, ..Setup::default() }
}

#[tokio::test]
async fn a_key_decides_the_tenant_and_two_tenants_share_nothing() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let (acme, other) = (app.key("acme-all"), app.key("other-all"));
    let id = acme.create(&event(json!({"input": "of acme"}))).await;
    assert_eq!(acme.event(&id).await["input"], "of acme");
    other.get(&format!("/event/{id}")).await.refuses(404, "not_found", "event not found");
    assert_eq!(other.conversation("c-1").await, [] as [serde_json::Value; 0]);
    assert_eq!(app.sql("SELECT DISTINCT tenant FROM events").await, "acme");
    let named = |tenant| acme.request(Method::GET, &format!("/event/{id}")).header("x-tenant", tenant);
    assert_eq!(named("acme").ask().await.status, 200);
    named("other").ask().await.refuses(403, "forbidden", "X-Tenant must name the tenant of the key");
}

#[tokio::test]
async fn a_key_is_taken_as_bearer_as_x_api_key_and_as_the_user_of_basic() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let ask = |name: &str, value: &str| {
        app.request(Method::GET, &format!("/event/{}", new_id())).header(name, value).ask()
    };
    for (name, value) in [
        ("authorization", "Bearer acme-read"),
        ("authorization", "bearer acme-read"),
        ("x-api-key", "acme-read"),
        // `printf acme-read: | base64`, and without the colon
        ("authorization", "Basic YWNtZS1yZWFkOg=="),
        ("authorization", "Basic YWNtZS1yZWFk"),
    ] {
        assert_eq!(ask(name, value).await.status, 404, "{name}: {value}");
    }
    for (name, value) in [
        ("authorization", "Bearer acme-rea"),
        ("authorization", "Basic acme-read"),
        ("authorization", "Digest acme-read"),
        ("x-api-key", "ACME-READ"),
        ("x-api-key", ""),
    ] {
        let refused = ask(name, value).await;
        assert_eq!((refused.status.as_u16(), refused.header("www-authenticate")), (401, "Bearer"), "{value}");
        assert_eq!(refused.json()["code"], "unauthorized");
    }
}

#[tokio::test]
async fn only_an_admin_sees_the_pipeline_in_detail() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let seen = async |key| app.key(key).get("/pipeline").await.data();
    let (all, some) = (seen("acme-all").await, seen("acme-read").await);
    assert!(all["partitions"].is_array() && some["partitions"].is_null() && some["committed"].is_i64());
    assert_eq!((&all["lag"], &some["lag"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn the_file_of_keys_is_read_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let entry = |key: &str| ENTRIES.split(',').nth(if key == "acme-read" { 2 } else { 3 }).unwrap().trim();
    std::fs::write(&file, "# none yet: nobody is let in\n").unwrap();
    let app = App::with(with_keys("", Some(&file))).await;
    let status = async |key: &str| app.key(key).get("/analytics/latency").await.status.as_u16();
    assert_eq!((status("acme-read").await, status("other-all").await), (401, 401));

    std::fs::write(&file, entry("acme-read")).unwrap();
    until("the key is known", PATIENCE, async || status("acme-read").await == 200).await;
    std::fs::write(&file, entry("other-all")).unwrap();
    until("the other key is known", PATIENCE, async || status("other-all").await == 200).await;
    assert_eq!(status("acme-read").await, 401);
}

#[tokio::test]
async fn a_page_may_send_with_a_key_whatever_its_origin_but_not_read() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let origin = |request: reqwest::RequestBuilder| request.header("origin", "https://shop.example");
    let sent =
        origin(app.key("acme-ingest").request(Method::POST, "/event").body(event(json!({})).to_string()));
    let sent = sent.ask().await;
    assert_eq!(
        (sent.status.as_u16(), sent.header("access-control-allow-origin")),
        (202, "https://shop.example")
    );
    let refused = origin(app.request(Method::POST, "/event")).ask().await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("access-control-allow-origin")),
        (401, "https://shop.example")
    );
    let read = origin(app.key("acme-read").request(Method::GET, "/analytics/latency")).ask().await;
    assert_eq!((read.status.as_u16(), read.header("access-control-allow-origin")), (200, ""));
    for (path, method, allowed) in
        [("/event", "POST", "https://shop.example"), ("/analytics/latency", "GET", "")]
    {
        let asked =
            origin(app.request(Method::OPTIONS, path)).header("access-control-request-method", method);
        let asked = asked.ask().await;
        assert_eq!((asked.status.as_u16(), asked.header("access-control-allow-origin")), (204, allowed));
    }
}

#[tokio::test]
async fn numbers_need_a_key_unless_they_have_a_port_of_their_own() {
    let mut setup = with_keys(ENTRIES, None);
    let port = testing::port::free();
    setup.api.metrics_port = Some(port);
    let app = App::with(setup).await;
    assert_eq!(app.get("/metrics").await.status, 401);
    assert_eq!(app.key("acme-ingest").get("/metrics").await.status, 403);
    assert_eq!(app.key("acme-read").get("/metrics").await.status, 200);
    let open = async |path: &str| reqwest::get(format!("http://127.0.0.1:{port}{path}")).await.unwrap();
    let metrics = open("/metrics").await;
    assert_eq!(metrics.status(), 200);
    assert!(metrics.text().await.unwrap().contains("millrace_lag_operations"));
    for path in ["/pipeline", "/ready", "/"] {
        assert_eq!(open(path).await.status(), 404, "{path}");
    }
}

/// Every operation of the description that asks for a key, with a path that names this event and its conversation;
/// and whether it is one of those who write.
async fn operations(app: &App, id: &str) -> Vec<(Method, String, bool)> {
    let document = app.get("/openapi.json").await.json();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"].is_array() {
                let path =
                    path.replace("{id}", id).replace("{conversation_id}", "c-1").replace("{key}", "none");
                let description = operation["description"].as_str().unwrap();
                all.push((
                    method.to_uppercase().parse().unwrap(),
                    format!("{path}?event_name=event_a&wait=true"),
                    description.contains("one of scope `ingest`"),
                ));
            }
        }
    }
    assert!(all.len() >= 22, "{all:?}");
    all
}

#[tokio::test]
async fn whoever_may_write_reads_nothing_and_whoever_may_read_writes_nothing_on_any_route() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let (all, ingest, read) = (app.key("acme-all"), app.key("acme-ingest"), app.key("acme-read"));
    let id = all.create(&event(json!({"input": "secret"}))).await;
    let before = all.event(&id).await;
    for (method, path, writes) in operations(&app, &id).await {
        let body = if method == Method::GET { String::new() } else { event(json!({})).to_string() };
        let asker = if writes { &read } else { &ingest };
        let refused = asker.request(method.clone(), &path).body(body).ask().await;
        assert_eq!(refused.status, 403, "{method} {path}: {}", refused.text);
        assert_eq!(refused.json()["code"], "forbidden", "{method} {path}");
    }
    assert_eq!(all.event(&id).await, before);
    assert_eq!(app.sql("SELECT count() FROM events FINAL").await, "1");
}

#[tokio::test]
async fn two_hundred_credentials_that_are_none_are_refused_on_every_route() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let key = "acme-all";
    let (mut forged, letters) = (Vec::new(), "ACMEl-aq0_ ");
    for place in 0..key.len() {
        forged.push(key[..place].to_owned());
        forged.push(format!("{}{}", &key[..place], &key[place + 1..]));
        for letter in letters.chars().filter(|letter| !key[place..].starts_with(*letter)) {
            forged.push(format!("{}{letter}{}", &key[..place], &key[place + 1..]));
            forged.push(format!("{}{letter}{}", &key[..place], &key[place..]));
        }
    }
    forged.extend([key.repeat(2), format!("{key}{key}x"), format!("{key},{key}"), format!("{key}:{key}")]);
    // An entry of the configuration is no key.
    forged.extend(ENTRIES.split(',').map(|entry| entry.trim().to_owned()));
    forged.extend(ENTRIES.split([',', ':']).map(|part| part.trim().to_owned()));
    forged.retain(|text| text.trim() != key);
    assert!(forged.len() >= 200, "{}", forged.len());
    let operations = operations(&app, &new_id()).await;
    for (number, text) in forged.iter().enumerate() {
        let (method, path, _) = &operations[number % operations.len()];
        for (name, value) in [("authorization", format!("Bearer {text}")), ("x-api-key", text.clone())] {
            let refused = app.request(method.clone(), path).header(name, value).ask().await;
            assert_eq!(refused.status, 401, "{method} {path} {text:?}: {}", refused.text);
            assert_eq!(refused.json()["code"], "unauthorized");
        }
    }
    assert_eq!(app.sql("SELECT count() FROM events").await, "0");
}

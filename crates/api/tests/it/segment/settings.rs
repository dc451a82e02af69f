//! What clients ask for before they send.

use insta::assert_snapshot;
use reqwest::Method;

use super::writes_only;
use crate::harness::Ask;

#[tokio::test]
async fn settings_send_clients_to_where_they_asked() {
    let app = writes_only(api::Config::default()).await;
    for path in ["/v1/projects/wk/settings", "/projects/wk/settings", "//v1/projects/wk/settings/"] {
        let answer = app.request(Method::GET, path).header("host", "localhost:8080").ask().await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.text,
            r#"{"integrations":{"Segment.io":{"apiHost":"localhost:8080/v1","apiKey":"wk","protocol":"http"}},"metrics":{"sampleRate":0}}"#
        );
    }
    let proxied = app.request(Method::GET, "/v1/projects/a%20b/settings").header("host", "localhost");
    let proxied = proxied.header("x-forwarded-proto", "https").ask().await.json();
    let settings = &proxied["integrations"]["Segment.io"];
    assert_eq!((&settings["protocol"], &settings["apiKey"]), (&"https".into(), &"a b".into()));
}

#[tokio::test]
async fn settings_name_the_public_address_if_there_is_one() {
    let public_url = Some("https://events.example.com/millrace".parse().unwrap());
    let app = writes_only(api::Config { public_url, ..api::Config::default() }).await;
    let settings = app.get("/v1/projects/wk/settings").await.json()["integrations"]["Segment.io"].take();
    assert_eq!(settings["apiHost"], "events.example.com/millrace/v1");
    assert_eq!(settings["protocol"], "https");
}

#[tokio::test]
async fn a_source_is_there_and_has_no_destinations() {
    let app = writes_only(api::Config::default()).await;
    let answer = app.get("/sourceConfig/?p=npm&v=3.34.1&writeKey=wk").await;
    assert_snapshot!(answer.text, @r#"{"source":{"config":{"statsCollection":{"errors":{"enabled":false},"metrics":{"enabled":false}}},"destinations":[],"enabled":true,"id":"millrace","name":"millrace","workspaceId":"millrace"}}"#);
}

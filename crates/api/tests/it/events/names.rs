//! What a conversation may be called, and how its name is written in a path.

use serde_json::json;

use crate::harness::App;
use crate::harness::events::event;

#[tokio::test]
async fn any_name_is_found_by_its_percent_encoding() {
    let app = App::start().await;
    for (name, path) in [
        ("a/b", "a%2Fb"),
        ("/", "%2F"),
        ("a/", "a%2F"),
        ("//x//", "%2F%2Fx%2f%2f"),
        ("two words", "two%20words"),
        (" ", "%20"),
        ("a+b", "a+b"),
        ("100%", "100%25"),
        ("%2F", "%252F"),
        ("grüße-日本語-🙂", "gr%C3%BC%C3%9Fe-%E6%97%A5%E6%9C%AC%E8%AA%9E-%F0%9F%99%82"),
        ("?a=b&c#d", "%3Fa=b&c%23d"),
        ("it's \"quoted\" \\ ` ; --", "it's%20%22quoted%22%20%5C%20%60%20;%20--"),
        ("{limit:UInt64}", "%7Blimit:UInt64%7D"),
        ("tab\tline\nnull\u{0}end", "tab%09line%0Anull%00end"),
        ("...", "..."),
        ("conversation", "conversation"),
        ("x", "x/"),
    ] {
        app.create(&event(json!({"conversation_id": name, "input": name}))).await;
        assert_eq!(app.column(path, "conversation_id").await, [name], "{path}");
    }
}

#[tokio::test]
async fn a_long_name_is_a_name() {
    let app = App::start().await;
    let name = "n".repeat(1_024);
    app.create(&event(json!({"conversation_id": name}))).await;
    assert_eq!(app.conversation(&name).await.len(), 1);
}

#[tokio::test]
async fn a_name_that_is_no_text_is_refused_in_the_envelope() {
    let app = App::start_writes_only().await;
    let answer = app.get("/events/conversation/%ff").await;
    answer.refuses(400, "invalid_field", "conversation_id must be UTF-8, percent-encoded");
}

#[tokio::test]
async fn a_name_with_a_slash_that_is_not_encoded_is_no_route() {
    let app = App::start_writes_only().await;
    app.get("/events/conversation/a/b").await.refuses(404, "not_found", "no such route");
    app.get("/events/conversation/").await.refuses(404, "not_found", "no such route");
}

//! What can be wrong with a body, and the words for it.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::events::{event, new_id};
use crate::harness::{Answer, App, Ask};

/// Status, code and sentence of a refusal.
fn words(answer: &Answer) -> String {
    let json = answer.json();
    assert_eq!(json["success"], false);
    let (code, error) = (json["code"].as_str().unwrap(), json["error"].as_str().unwrap());
    format!("{} {code}: {error}", answer.status.as_u16())
}

/// What a good event and one more field are answered, a line for each.
async fn answers_to_fields(app: &App, fields: &[&str]) -> String {
    let update = format!("/event/{}", new_id());
    let mut lines = Vec::new();
    for field in fields {
        let whole = format!(r#"{{"conversation_id":"c","event_name":"event_a",{field}}}"#);
        let created = words(&app.post("/event", whole).await);
        let updated = words(&app.put(&update, format!("{{{field}}}")).await);
        let (_, same) = updated.split_once(' ').unwrap();
        let (same, _) = same.split_once(" at line").unwrap_or((same, ""));
        assert!(created.contains(same), "{field}: {created} but {updated}");
        lines.push(format!("{field:45} {created}"));
    }
    lines.join("\n")
}

/// Nothing of what was refused went on.
async fn nothing_was_written(app: &App) {
    assert_eq!(app.get("/pipeline").await.data()["lag"], 0);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_in_words_that_clients_match() {
    let app = App::start_writes_only().await;
    let update = format!("/event/{}", new_id());
    let mut lines = Vec::new();
    for body in [
        "",
        " \n",
        "{",
        "{}{}",
        "{} rubbish",
        "rubbish",
        "event_name=event_a&conversation_id=c",
        r#"{"error":}"#,
        r#"{"error":"x",}"#,
        "{'error':'x'}",
        r#"{"error":"x"#,
        "null",
        "7",
        r#""text""#,
        "[]",
        "[{}]",
        r#"["019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b"]"#,
    ] {
        let created = words(&app.post("/event", body).await);
        assert_eq!(words(&app.put(&update, body).await), created);
        lines.push(format!("{body:40} {created}"));
    }
    assert_snapshot!(lines.join("\n"), @r#"
                                             400 invalid_json: invalid JSON body: EOF while parsing a value at line 1 column 0
     
                                           400 invalid_json: invalid JSON body: EOF while parsing a value at line 2 column 0
    {                                        400 invalid_json: invalid JSON body: EOF while parsing an object at line 1 column 1
    {}{}                                     400 invalid_json: invalid JSON body: trailing characters at line 1 column 3
    {} rubbish                               400 invalid_json: invalid JSON body: trailing characters at line 1 column 4
    rubbish                                  400 invalid_json: invalid JSON body: expected value at line 1 column 1
    event_name=event_a&conversation_id=c     400 invalid_json: invalid JSON body: expected value at line 1 column 1
    {"error":}                               400 invalid_json: invalid JSON body: error: expected value at line 1 column 10
    {"error":"x",}                           400 invalid_json: invalid JSON body: trailing comma at line 1 column 14
    {'error':'x'}                            400 invalid_json: invalid JSON body: key must be a string at line 1 column 2
    {"error":"x                              400 invalid_json: invalid JSON body: error: EOF while parsing a string at line 1 column 11
    null                                     400 invalid_field: invalid JSON body: invalid type: null, expected an object at line 1 column 4
    7                                        400 invalid_field: invalid JSON body: invalid type: integer `7`, expected an object at line 1 column 1
    "text"                                   400 invalid_field: invalid JSON body: invalid type: string "text", expected an object at line 1 column 6
    []                                       400 invalid_field: invalid JSON body: expected an object, not a list
    [{}]                                     400 invalid_field: invalid JSON body: expected an object, not a list
    ["019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b"] 400 invalid_field: invalid JSON body: expected an object, not a list
    "#);
    nothing_was_written(&app).await;
}

#[tokio::test]
async fn missing_fields_and_unknown_names_are_refused_in_words_that_clients_match() {
    let app = App::start_writes_only().await;
    let (conversation, name) = ("conversation_id is required", "event_name is required");
    let unknown = "event_name must be one of: event_a, event_b, event_c";
    for (body, code, error) in [
        ("{}", "missing_field", conversation),
        (r#"{"event_name":"event_a"}"#, "missing_field", conversation),
        (r#"{"conversation_id":"","event_name":"event_a"}"#, "missing_field", conversation),
        (r#"{"conversation_id":null,"event_name":"event_a"}"#, "missing_field", conversation),
        (r#"{"conversation_id":"c"}"#, "missing_field", name),
        (r#"{"conversation_id":"c","event_name":""}"#, "missing_field", name),
        (r#"{"conversation_id":"c","event_name":null}"#, "missing_field", name),
        (r#"{"conversation_id":"c","event_name":"event_d"}"#, "invalid_field", unknown),
        (r#"{"conversation_id":"c","event_name":"EVENT_A"}"#, "invalid_field", unknown),
        (r#"{"conversation_id":"c","event_name":" event_a"}"#, "invalid_field", unknown),
    ] {
        app.post("/event", body).await.refuses(400, code, error);
    }
    let update = format!("/event/{}", new_id());
    for body in [r#"{"event_name":"event_d"}"#, r#"{"event_name":""}"#] {
        app.put(&update, body).await.refuses(400, "invalid_field", unknown);
    }
    nothing_was_written(&app).await;
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_named() {
    let app = App::start_writes_only().await;
    let answers = answers_to_fields(
        &app,
        &[
            r#""error":7"#,
            r#""input":["x"]"#,
            r#""output":{}"#,
            r#""user_id":true"#,
            r#""latency":"fast""#,
            r#""latency":"5""#,
            r#""latency":[1]"#,
            r#""input_embeddings":"x""#,
            r#""input_embeddings":[1,"2"]"#,
            r#""output_embeddings":[null]"#,
            r#""output_embeddings":{"0":1}"#,
            r#""tags":"x""#,
            r#""tags":["x",1]"#,
            r#""conversation_metadata":7"#,
            r#""conversation_metadata":[]"#,
            r#""properties":"{}""#,
            r#""properties":[]"#,
            r#""properties":1"#,
            r#""input":"a","input":"b""#,
        ],
    )
    .await;
    assert_snapshot!(answers, @r#"
    "error":7                                     400 invalid_field: invalid JSON body: error: invalid type: integer `7`, expected a string at line 1 column 55
    "input":["x"]                                 400 invalid_field: invalid JSON body: input: invalid type: sequence, expected a string at line 1 column 54
    "output":{}                                   400 invalid_field: invalid JSON body: output: invalid type: map, expected a string at line 1 column 55
    "user_id":true                                400 invalid_field: invalid JSON body: user_id: invalid type: boolean `true`, expected a string at line 1 column 60
    "latency":"fast"                              400 invalid_field: invalid JSON body: latency: invalid type: string "fast", expected f64 at line 1 column 62
    "latency":"5"                                 400 invalid_field: invalid JSON body: latency: invalid type: string "5", expected f64 at line 1 column 59
    "latency":[1]                                 400 invalid_field: invalid JSON body: latency: invalid type: sequence, expected f64 at line 1 column 56
    "input_embeddings":"x"                        400 invalid_field: invalid JSON body: input_embeddings: must be a list of numbers within single precision at line 1 column 69
    "input_embeddings":[1,"2"]                    400 invalid_field: invalid JSON body: input_embeddings: must be a list of numbers within single precision, and [1] is none at line 1 column 73
    "output_embeddings":[null]                    400 invalid_field: invalid JSON body: output_embeddings: must be a list of numbers within single precision, and [0] is none at line 1 column 73
    "output_embeddings":{"0":1}                   400 invalid_field: invalid JSON body: output_embeddings: must be a list of numbers within single precision at line 1 column 74
    "tags":"x"                                    400 invalid_field: invalid JSON body: tags: invalid type: string "x", expected a sequence at line 1 column 56
    "tags":["x",1]                                400 invalid_field: invalid JSON body: tags[1]: invalid type: integer `1`, expected a string at line 1 column 59
    "conversation_metadata":7                     400 invalid_field: invalid JSON body: conversation_metadata: expected a string or an object at line 1 column 72
    "conversation_metadata":[]                    400 invalid_field: invalid JSON body: conversation_metadata: expected a string or an object at line 1 column 73
    "properties":"{}"                             400 invalid_field: invalid JSON body: properties: expected a JSON object at line 1 column 64
    "properties":[]                               400 invalid_field: invalid JSON body: properties: expected a JSON object at line 1 column 62
    "properties":1                                400 invalid_field: invalid JSON body: properties: expected a JSON object at line 1 column 61
    "input":"a","input":"b"                       400 invalid_field: invalid JSON body: duplicate field `input` at line 1 column 65
    "#);
    nothing_was_written(&app).await;
}

#[tokio::test]
async fn a_number_that_cannot_be_kept_is_refused_by_the_fields_name() {
    let app = App::start_writes_only().await;
    let answers = answers_to_fields(
        &app,
        &[
            r#""latency":-1"#,
            r#""latency":-0.001"#,
            r#""latency":NaN"#,
            r#""latency":Infinity"#,
            r#""latency":-Infinity"#,
            r#""latency":1e999"#,
            r#""input_embeddings":[1e39]"#,
            r#""output_embeddings":[0,-1e39]"#,
            r#""input_embeddings":[NaN]"#,
            r#""properties":{"a":1e999}"#,
            r#""properties":{"a":NaN}"#,
        ],
    )
    .await;
    assert_snapshot!(answers, @r#"
    "latency":-1                                  400 invalid_field: invalid JSON body: latency: must be a finite number that is not negative at line 1 column 59
    "latency":-0.001                              400 invalid_field: invalid JSON body: latency: must be a finite number that is not negative at line 1 column 63
    "latency":NaN                                 400 invalid_json: invalid JSON body: latency: expected value at line 1 column 57
    "latency":Infinity                            400 invalid_json: invalid JSON body: latency: expected value at line 1 column 57
    "latency":-Infinity                           400 invalid_json: invalid JSON body: latency: invalid number at line 1 column 58
    "latency":1e999                               400 invalid_field: invalid JSON body: latency: number out of range at line 1 column 61
    "input_embeddings":[1e39]                     400 invalid_field: invalid JSON body: input_embeddings: must be a list of numbers within single precision, and [0] is none at line 1 column 72
    "output_embeddings":[0,-1e39]                 400 invalid_field: invalid JSON body: output_embeddings: must be a list of numbers within single precision, and [1] is none at line 1 column 76
    "input_embeddings":[NaN]                      400 invalid_json: invalid JSON body: input_embeddings: expected value at line 1 column 67
    "properties":{"a":1e999}                      400 invalid_field: invalid JSON body: properties: number out of range at line 1 column 10
    "properties":{"a":NaN}                        400 invalid_json: invalid JSON body: properties: expected value at line 1 column 65
    "#);
    nothing_was_written(&app).await;
}

#[tokio::test]
async fn text_that_is_no_unicode_is_refused_by_the_fields_name() {
    let app = App::start_writes_only().await;
    let answers = answers_to_fields(
        &app,
        &[
            r#""input":"\ud800""#,
            r#""properties":{"a":"\ud800"}"#,
            r#""properties":{"\udfff":1}"#,
            r#""conversation_metadata":{"a":"\ud800"}"#,
            r#""input":"\x41""#,
            "\"input\":\"\u{1}\"",
            "\"input\":\"a\nb\"",
        ],
    )
    .await;
    assert_snapshot!(answers, @r#"
    "input":"\ud800"                              400 invalid_json: invalid JSON body: input: unexpected end of hex escape at line 1 column 62
    "properties":{"a":"\ud800"}                   400 invalid_field: invalid JSON body: properties: unexpected end of hex escape at line 1 column 13
    "properties":{"\udfff":1}                     400 invalid_field: invalid JSON body: properties: lone leading surrogate in hex escape at line 1 column 8
    "conversation_metadata":{"a":"\ud800"}        400 invalid_field: invalid JSON body: conversation_metadata: unexpected end of hex escape at line 1 column 13
    "input":"\x41"                                400 invalid_json: invalid JSON body: input: invalid escape at line 1 column 57
    "input":""                                   400 invalid_json: invalid JSON body: input: control character (\u0000-\u001F) found while parsing a string at line 1 column 56
    "input":"a
    b"                                 400 invalid_json: invalid JSON body: input: control character (\u0000-\u001F) found while parsing a string at line 2 column 0
    "#);

    let invalid = |field: &str| {
        let start = format!(r#"{{"conversation_id":"c","event_name":"event_a","{field}":"#).into_bytes();
        [&start[..], b"\"\xff\xfe\"}"].concat()
    };
    let mut lines = Vec::new();
    for field in ["input", "tags", "conversation_metadata", "colour"] {
        let answer = app.request(reqwest::Method::POST, "/event").body(invalid(field)).ask().await;
        lines.push(format!("{field:45} {}", words(&answer)));
    }
    assert_snapshot!(lines.join("\n"), @r#"
    input                                         400 invalid_json: invalid JSON body: input: invalid unicode code point at line 1 column 56
    tags                                          400 invalid_json: invalid JSON body: tags: invalid unicode code point at line 1 column 55
    conversation_metadata                         400 invalid_json: invalid JSON body: conversation_metadata: invalid unicode code point at line 1 column 72
    colour                                        400 invalid_json: invalid JSON body: not UTF-8: invalid utf-8 sequence of 1 bytes from index 56
    "#);
    nothing_was_written(&app).await;
}

#[tokio::test]
async fn nesting_bombs_are_refused_and_cost_nothing() {
    let app = App::start_writes_only().await;
    let (open, close) = ("[".repeat(200_000), "]".repeat(200_000));
    let objects = r#"{"a":"#.repeat(100_000);
    for (field, name) in [
        (format!(r#""properties":{{"a":{open}{close}}}"#), "properties: "),
        (format!(r#""properties":{{"a":{open}"#), ""),
        (format!(r#""conversation_metadata":{{"a":{open}{close}}}"#), "conversation_metadata: "),
        (format!(r#""input":{open}{close}"#), "input: "),
        (format!(r#""tags":{open}{close}"#), "tags"),
        (format!(r#""input_embeddings":{open}"#), "input_embeddings"),
        (format!(r#""latency":{objects}"#), "latency: "),
    ] {
        let answer =
            app.post("/event", format!(r#"{{"conversation_id":"c","event_name":"event_a",{field}}}"#)).await;
        assert!(words(&answer).contains(&format!(": invalid JSON body: {name}")), "{}", answer.text);
        assert_eq!(answer.status, 400);
    }
    for body in [open, objects] {
        assert_eq!(app.post("/event", body).await.status, 400);
    }
    nothing_was_written(&app).await;
}

#[tokio::test]
async fn properties_as_deep_as_they_are_taken_come_back() {
    let app = App::start().await;
    let deep = |levels: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let mut taken = None;
    for levels in [1, 20, 100, 120, 130, 200] {
        let body =
            format!(r#"{{"conversation_id":"c-1","event_name":"event_a","properties":{}}}"#, deep(levels));
        let answer = app.post("/event?wait=true", body).await;
        if answer.status == 201 {
            let text = app.get(&format!("/event/{}", answer.id())).await.text;
            assert!(text.contains(&deep(levels)), "{levels}: {text}");
            taken = Some(levels);
        } else {
            assert_eq!(answer.status, 400, "{levels}: {}", answer.text);
        }
    }
    assert_eq!(taken, Some(120));
}

#[tokio::test]
async fn one_bad_request_harms_no_other() {
    let app = App::start_writes_only().await;
    assert_eq!(app.post("/event", "rubbish").await.status, 400);
    assert_eq!(app.post("/event", event(json!({}))).await.status, 202);
}

#[tokio::test]
async fn a_text_that_names_something_has_a_limit() {
    let app = App::start_writes_only().await;
    let update = format!("/event/{}", new_id());
    let tags = |count: usize, bytes: usize| json!(vec!["x".repeat(bytes); count]);
    let many = "tags must be at most 100 texts of at most 256 bytes each";
    for (field, at_most, beyond, words) in [
        (
            "conversation_id",
            json!("ü".repeat(512)),
            json!("x".repeat(1_025)),
            "conversation_id must be at most 1024 bytes",
        ),
        (
            "conversation_id",
            json!("x"),
            json!("x".repeat(70_000)),
            "conversation_id must be at most 1024 bytes",
        ),
        ("user_id", json!("x".repeat(1_024)), json!("ü".repeat(513)), "user_id must be at most 1024 bytes"),
        ("tags", tags(100, 256), tags(101, 1), many),
        ("tags", tags(1, 256), tags(1, 257), many),
    ] {
        assert_eq!(app.post("/event", event(json!({field: at_most}))).await.status, 202, "{field}");
        let long = event(json!({field: beyond}));
        app.post("/event", &long).await.refuses(400, "invalid_field", words);
        let batch = app.post("/events", json!({"events": [event(json!({})), long]})).await;
        assert_eq!((batch.status.as_u16(), &batch.data()["results"][1]["error"]), (202, &json!(words)));
        if field != "conversation_id" {
            app.put(&update, json!({field: beyond})).await.refuses(400, "invalid_field", words);
        }
    }
    let long_texts = event(
        json!({"input": "x".repeat(100_000), "error": "x".repeat(100_000), "conversation_metadata": "x".repeat(100_000)}),
    );
    assert_eq!(app.post("/event", long_texts).await.status, 202);
}

//! What is sent: bodies of every shape that has to survive the way.

use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;
use serde_json::value::RawValue;

use super::large::Large;

/// Objects whose text must come back as it is.
const PROPERTIES: [&str; 4] = [
    r#"{"model":"m-1","price":1.0,"nothing":null,"empty":{}}"#,
    r#"{"at":"2023-10-15T14:30:00Z","big":12345678901234567890,"a.b":1,"a":{"b":2}}"#,
    r#"{"list":[1,2.50,"three",[]],"text":"é\u00e9\n\"quoted\""}"#,
    "{}",
];
const NAMES: [&str; 3] = ["event_a", "event_b", "event_c"];
const ERRORS: [&str; 3] = ["", "timeout", "refused: code 7"];
const CONVERSATIONS: u32 = 200;

/// The body of a create, or of an update if it has no conversation.
#[derive(Serialize)]
#[serde(bound = "")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_name: Option<&'a str>,
    input: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_embeddings: Option<Vec<f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<&'a RawValue>,
}

/// A new event with this id.
pub(super) fn create(id: String, input: &str, large: Option<&Large>, dice: &mut StdRng) -> String {
    let conversation_id = Some(format!("conversation-{}", dice.random_range(0..CONVERSATIONS)));
    let body = Body { id: Some(id), conversation_id, ..any(input, large, dice) };
    text(&Body { event_name: Some(one(&NAMES, dice)), ..body })
}

/// A change that sets this input, and some other fields or none.
pub(super) fn update(input: &str, large: Option<&Large>, dice: &mut StdRng) -> String {
    text(&any(input, large, dice))
}

/// Each field is there about as often as not; some are empty, which clears them, and one may be large.
fn any<'a>(input: &'a str, large: Option<&'a Large>, dice: &mut StdRng) -> Body<'a> {
    let properties = one(&PROPERTIES, dice);
    let mut body = Body {
        id: None,
        conversation_id: None,
        event_name: maybe(dice, |dice| one(&NAMES, dice)),
        input,
        output: maybe(dice, |dice| "answer ".repeat(dice.random_range(0..40))),
        error: maybe(dice, |dice| one(&ERRORS, dice)),
        latency: maybe(dice, |dice| dice.random::<f64>() * 1_000.0),
        input_embeddings: maybe(dice, |dice| {
            let length = dice.random_range(0..5);
            dice.random_iter().take(length).collect()
        }),
        tags: maybe(dice, |dice| (0..dice.random_range(0..3)).map(|n| format!("tag-{n}")).collect()),
        user_id: maybe(dice, |dice| format!("user-{}", dice.random_range(0..500))),
        properties: maybe(dice, |_| serde_json::from_str(properties).ok()).flatten(),
    };
    match large {
        Some(Large::Output(text)) => body.output = Some(text.clone()),
        Some(Large::Properties(json)) => body.properties = Some(json),
        None => {}
    }
    body
}

fn maybe<T>(dice: &mut StdRng, value: impl FnOnce(&mut StdRng) -> T) -> Option<T> {
    dice.random_bool(0.5).then(|| value(dice))
}

fn one<'a>(all: &[&'a str], dice: &mut StdRng) -> &'a str {
    all.get(dice.random_range(..all.len())).copied().unwrap_or_default()
}

/// Plain values into memory: nothing that can fail.
fn text(body: &Body<'_>) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

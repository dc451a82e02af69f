//! Creates as the clients of Segment's tracking API send them: `track` calls with message ids of version 4, times
//! in milliseconds and all else that such a client writes of itself.

use std::fmt::Write;

use model::Timestamp;
use serde_json::{Map, Value};

use super::{Draft, message_id};

pub(super) const FRAME_BYTES: usize = 363;

pub(super) fn open(sent_at: Timestamp, body: &mut String) {
    // Writing to memory can't fail.
    let _ = write!(body, r#"{{"writeKey":"millrace-benchmark","sentAt":"{sent_at}","batch":["#);
}

pub(super) fn create(draft: &Draft<'_>, body: &mut String) {
    let Draft { at, conversation_id, event_name, latency, user, input, output, model, tokens, .. } = draft;
    let message_id = message_id(draft.random);
    let _ = write!(
        body,
        r#"{{"type":"track","messageId":"{message_id}","timestamp":"{at}","userId":"user-{user}","anonymousId":null,"event":"{event_name}","context":{{"library":{{"name":"millrace-benchmark","version":"{}"}},"sessionId":"{conversation_id}"}},"integrations":{{}},"properties":{{"latency":{latency},"model":"m-{model}","tokens":{tokens},"input":"{input}","output":"{output}""#,
        env!("CARGO_PKG_VERSION"),
    );
    if !draft.error.is_empty() {
        let _ = write!(body, r#","error":"{}""#, draft.error);
    }
    body.push_str("}}");
}

/// An event as it must come back.
pub(super) fn fields(mut sent: Map<String, Value>) -> Map<String, Value> {
    let mut take = |name: &str| sent.remove(name).unwrap_or_default();
    let [message_id, event_name, user_id] = ["messageId", "event", "userId"].map(&mut take);
    let [context, properties] = ["context", "properties"].map(take);
    let within = |object: &Value, name: &str| object.get(name).cloned().unwrap_or_else(|| "".into());
    let fields = [
        ("message_id", message_id),
        ("event_name", event_name),
        ("user_id", user_id),
        ("conversation_id", within(&context, "sessionId")),
        ("error", within(&properties, "error")),
        ("properties", properties),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use model::{Source, Tenant};
    use serde_json::json;

    use super::*;
    use crate::dialect::derived;

    fn draft(error: &'static str) -> Draft<'static> {
        Draft {
            random: [0xab; 16],
            at: Timestamp::parse("2026-11-20T21:57:13.120Z").unwrap(),
            conversation_id: "c-1".into(),
            event_name: "event_a",
            error,
            latency: 7.5,
            user: 7,
            input: "in",
            output: "out",
            model: 1,
            tokens: 9,
            embeddings: None,
        }
    }

    fn sent(draft: &Draft<'_>) -> Map<String, Value> {
        let mut body = String::new();
        create(draft, &mut body);
        serde_json::from_str(&body).unwrap()
    }

    #[test]
    fn a_create_is_a_track_call_and_comes_back_as_an_event() {
        let sent = sent(&draft("timeout"));
        assert_eq!(sent["type"], "track");
        assert_eq!(sent["timestamp"], "2026-11-20T21:57:13.120Z");
        assert_eq!((&sent["anonymousId"], &sent["integrations"]), (&Value::Null, &json!({})));
        let properties = json!({
            "latency": 7.5, "model": "m-1", "tokens": 9, "input": "in", "output": "out", "error": "timeout",
        });
        let returned = json!({
            "message_id": "abababab-abab-4bab-abab-abababababab",
            "event_name": "event_a",
            "user_id": "user-7",
            "conversation_id": "c-1",
            "error": "timeout",
            "properties": properties,
        });
        assert_eq!(Value::from(fields(sent)), returned);
    }

    #[test]
    fn an_event_without_an_error_does_not_name_one() {
        let sent = sent(&draft(""));
        assert_eq!(sent["properties"].get("error"), None);
        assert_eq!(fields(sent)["error"], "");
    }

    #[test]
    fn the_id_hangs_on_the_tenant() {
        let Draft { random, at, .. } = draft("");
        let [ours, theirs] = ["default", "acme"]
            .map(|name| derived(Source::Segment, random, at, &Tenant::parse(name).unwrap()));
        assert_eq!(ours.get_version_num(), 8);
        assert_ne!(ours, theirs);
    }

    #[test]
    fn a_batch_says_whose_it_is_and_when_it_was_sent() {
        let mut body = String::new();
        open(draft("").at, &mut body);
        create(&draft(""), &mut body);
        let batch: Value = serde_json::from_str(&(body + "]}")).unwrap();
        assert_eq!(batch["sentAt"], "2026-11-20T21:57:13.120Z");
        assert_eq!(batch["writeKey"], "millrace-benchmark");
        assert_eq!(batch["batch"].as_array().unwrap().len(), 1);
    }
}

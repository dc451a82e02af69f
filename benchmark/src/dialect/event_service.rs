//! Creates as laboratory software sends them to the `EventService` API: messages in Pascal case with ids of version 4
//! and .NET's seven digits of a second, in arrays.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::{Draft, message_id};

pub(super) const FRAME_BYTES: usize = 386;

pub(super) fn create(draft: &Draft<'_>, body: &mut String) {
    let Draft { conversation_id, event_name, error, latency, user, input, output, model, tokens, .. } = draft;
    let event_id = message_id(draft.random);
    let at = draft.at.to_string();
    // Writing to memory can't fail.
    let _ = write!(
        body,
        r#"{{"EventId":"{event_id}","Topic":"{event_name}","Subjects":["sample-{tokens}","arm-{model}"],"Tags":["benchmark"],"CreatedDateUtc":"{}0000","OrganizationId":"millrace","ActorId":"user-{user}","ActivityId":"{conversation_id}","ModuleId":"m-{model}","SourceTraceIds":["{conversation_id}"],"ExpirationDateUtc":null,"Data":{{"latency":{latency},"input":"{input}","output":"{output}","error":"{error}"}}}}"#,
        at.trim_end_matches('Z'),
    );
}

/// An event as it must come back; Millrace's own reads leave out subjects and trace ids.
pub(super) fn fields(mut sent: Map<String, Value>) -> Map<String, Value> {
    let names = [
        ("message_id", "EventId"),
        ("event_name", "Topic"),
        ("tags", "Tags"),
        ("user_id", "ActorId"),
        ("conversation_id", "ActivityId"),
        ("properties", "Data"),
    ];
    names
        .into_iter()
        .map(|(name, member)| (name.to_owned(), sent.remove(member).unwrap_or_default()))
        .collect()
}

#[cfg(test)]
mod tests {
    use model::{Source, Tenant, Timestamp};
    use serde_json::json;

    use super::*;
    use crate::dialect::derived;

    fn draft() -> Draft<'static> {
        Draft {
            random: [0xab; 16],
            at: Timestamp::parse("2026-11-20T21:57:13.120Z").unwrap(),
            conversation_id: "c-1".into(),
            event_name: "event_a",
            error: "timeout",
            latency: 7.5,
            user: 7,
            input: "in",
            output: "out",
            model: 1,
            tokens: 9,
            embeddings: None,
        }
    }

    #[test]
    fn a_create_is_a_message_and_comes_back_as_an_event() {
        let mut body = String::new();
        create(&draft(), &mut body);
        let sent: Map<String, Value> = serde_json::from_str(&body).unwrap();
        assert_eq!(sent["CreatedDateUtc"], "2026-11-20T21:57:13.1200000");
        assert_eq!((&sent["OrganizationId"], &sent["ExpirationDateUtc"]), (&json!("millrace"), &Value::Null));
        let returned = json!({
            "message_id": "abababab-abab-4bab-abab-abababababab",
            "event_name": "event_a",
            "tags": ["benchmark"],
            "user_id": "user-7",
            "conversation_id": "c-1",
            "properties": {"latency": 7.5, "input": "in", "output": "out", "error": "timeout"},
        });
        assert_eq!(Value::from(fields(sent)), returned);
    }

    #[test]
    fn the_id_hangs_on_the_tenant() {
        let Draft { random, at, .. } = draft();
        let [ours, theirs] = ["default", "acme"]
            .map(|name| derived(Source::EventService, random, at, &Tenant::parse(name).unwrap()));
        assert_eq!(ours.get_version_num(), 8);
        assert_ne!(ours, theirs);
    }
}

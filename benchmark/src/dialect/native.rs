//! Creates in Millrace's own dialect.

use std::fmt::Write;

use model::Timestamp;
use uuid::{Builder, Uuid};

use super::Draft;

pub(super) const FRAME_BYTES: usize = 215;

pub(super) fn open(body: &mut String) {
    body.push_str(r#"{"events":["#);
}

pub(super) fn create(draft: &Draft<'_>, body: &mut String) {
    let Draft { conversation_id, event_name, error, latency, user, input, output, model, tokens, .. } = draft;
    let id = id(draft.random, draft.at);
    // Writing to memory can't fail.
    let _ = write!(
        body,
        r#"{{"id":"{id}","conversation_id":"{conversation_id}","event_name":"{event_name}","error":"{error}","latency":{latency},"user_id":"user-{user}","input":"{input}","output":"{output}","properties":{{"model":"m-{model}","tokens":{tokens}}}"#,
    );
    if let Some([input, output]) = draft.embeddings {
        let _ = write!(body, r#","input_embeddings":{input},"output_embeddings":{output}"#);
    }
    body.push('}');
}

/// A UUID of version 7.
pub(super) fn id(random: [u8; 16], at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.millis()).unwrap_or_default();
    let [tail @ .., _, _, _, _, _, _] = random;
    Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
}

//! The body of a batch, taken apart into the bodies of its events.

use serde::{Deserialize, de};
use serde_json::value::RawValue;

use crate::wire::WireError;
use crate::wire::error::{json_bytes, read_object};
use crate::wire::separate::elements;

/// `{"events":[…]}`.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Batch<'a> {
    #[serde(borrow)]
    events: Option<Vec<&'a RawValue>>,
}

/// Whether a batch's first value has `events`, whatever is in it.
#[derive(Deserialize)]
struct First {
    events: Option<de::IgnoredAny>,
}

/// Splits the body of a batch into the bodies of its events: `{"events":[…]}`, a list, or one event a line.
///
/// Without a word in `lines`, a body whose first value is an object without `events` is the latter, and
/// so is one of several lines whose first is broken and no beginning of a batch. What is wrong
/// with one event is left to [`create`](super::create) to find, so that it costs only that event.
pub fn split(body: &[u8], lines: bool) -> Result<Vec<&[u8]>, WireError> {
    let body = json_bytes(body)?;
    let first = body.trim_ascii_start().first();
    if first == Some(&b'[') || (!lines && first == Some(&b'{')) {
        let events = if first == Some(&b'[') {
            serde_json::from_slice(body).ok()
        } else {
            serde_json::from_slice(body).ok().and_then(|batch: Batch<'_>| batch.events)
        };
        if let Some(events) = events {
            return Ok(events.into_iter().map(|event: &RawValue| event.get().as_bytes()).collect());
        }
        // Some event is no JSON, or the whole is none.
        if let Some(events) = elements(body, "events") {
            return Ok(events);
        }
    }
    if lines || are_lines(body) {
        return Ok(by_line(body).collect());
    }
    if first == Some(&b'[') {
        let error = serde_json::from_slice::<Vec<de::IgnoredAny>>(body).err();
        let text = error.map_or_else(|| "could not be read".into(), |error| error.to_string());
        return Err(WireError::InvalidJson(text));
    }
    let batch: Batch<'_> = read_object(body)?;
    Ok(batch.events.into_iter().flatten().map(|event| event.get().as_bytes()).collect())
}

fn by_line(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty())
}

/// Whether a body that is no batch as a whole is one event a line.
fn are_lines(body: &[u8]) -> bool {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    match serde_json::Deserializer::from_slice(body).into_iter::<First>().next() {
        Some(Ok(First { events })) if is_object => events.is_none(),
        Some(_) => by_line(body).count() > 1 && !by_line(body).next().is_some_and(begins_a_batch),
        None => false,
    }
}

/// Whether a line is the first of a JSON text over several lines rather than an event, as far as a
/// broken one tells.
fn begins_a_batch(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_open_list = line.starts_with(b"[") && serde_json::from_slice::<de::IgnoredAny>(line).is_err();
    line == b"{" || is_open_list || line.windows(br#""events""#.len()).any(|part| part == br#""events""#)
}

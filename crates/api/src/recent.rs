//! The last requests that brought events, for whoever sets up a client: what became of them, and why.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{Source, Tenant, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Caller, KeyEnd};
use crate::call::Call;
use crate::error::ApiError;
use crate::ingest::Outcome;
use crate::parameters::short_limit;
use crate::reply::Reply;
use crate::shapes::Good;

/// How many requests are remembered.
const KEPT: usize = 1_000;
/// How much of a body is remembered, in bytes.
const BODY_BYTES: usize = 2 << 10;
/// How many refused events of one request are, and how many characters of a message id.
const REFUSED: usize = 20;
const MESSAGE_ID_CHARS: usize = 128;

/// The last requests, of all tenants.
#[derive(Default)]
pub(crate) struct Recent(Mutex<VecDeque<Seen>>);

/// A request that brought events.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Seen {
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    #[schema(example = "segment")]
    pub(crate) dialect: &'static str,
    /// What the route is called.
    #[schema(example = "segment_batch")]
    pub(crate) route: &'static str,
    #[serde(skip)]
    pub(crate) tenant: Tenant,
    /// The last four characters of the key, if it was looked at and is longer than that.
    #[schema(value_type = Option<String>)]
    pub(crate) key: Option<KeyEnd>,
    /// How many events were taken in.
    pub(crate) accepted: usize,
    /// Those that were not, at most the first 20.
    pub(crate) refused: Vec<Refused>,
    /// The beginning of the body, unpacked, at most 2 KiB, its keys masked; null if it came with too many others.
    pub(crate) body: Option<String>,
}

/// An event that was not taken in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Refused {
    /// Its place in the body.
    pub(crate) index: usize,
    pub(crate) message_id: Option<String>,
    #[schema(example = "missing_field")]
    pub(crate) code: &'static str,
    #[schema(example = "event is required")]
    pub(crate) message: String,
}

/// Of the question what was seen.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Limit {
    /// How many requests at most.
    #[serde(deserialize_with = "short_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u16,
}

impl Default for Limit {
    fn default() -> Self {
        Self { limit: 100 }
    }
}

/// The last requests that brought events, the newest first: what was taken in and what was refused, and why. Whoever
/// holds a key sees those of its tenant.
#[utoipa::path(
    get,
    path = "/v1/debug/recent",
    tag = "operation",
    params(Limit),
    responses((status = 200, description = "The last requests", body = Good<Vec<Seen>>))
)]
pub(crate) async fn show(call: Call) -> Result<Reply<Vec<Seen>>, ApiError> {
    let Limit { limit } = call.parameters()?;
    Ok(Reply::ok(call.app.recent.of(&call.caller.tenant, limit.into())))
}

impl Recent {
    /// The beginning of a body, to be remembered. `None` while more requests come in a second than are kept: nobody
    /// looks at them one by one, and taking events in must not cost more for it.
    pub(crate) fn beginning(&self, now: Timestamp, body: &[u8]) -> Option<String> {
        let is_of_this_second = |oldest: &Seen| now.millis() - oldest.at.millis() < 1_000;
        let all = self.0.try_lock().ok()?;
        let is_flood = all.len() >= KEPT && all.front().is_some_and(is_of_this_second);
        drop(all);
        (!is_flood).then(|| beginning(body))
    }

    /// Remembers a request in place of the oldest, unless it is one of a flood of which nothing was refused. One of
    /// which nothing was refused is not either if it comes while another is being remembered: it is not to wait for this.
    pub(crate) fn add(&self, mut seen: Seen) {
        if seen.body.is_none() && seen.refused.is_empty() {
            return;
        }
        seen.refused.truncate(REFUSED);
        for id in seen.refused.iter_mut().filter_map(|refused| refused.message_id.as_mut()) {
            if let Some((end, _)) = id.char_indices().nth(MESSAGE_ID_CHARS) {
                id.truncate(end);
            }
        }
        let all = if seen.refused.is_empty() { self.0.try_lock().ok() } else { Some(self.locked()) };
        let Some(mut all) = all else { return };
        if all.len() >= KEPT {
            all.pop_front();
        }
        all.push_back(seen);
    }

    fn locked(&self) -> MutexGuard<'_, VecDeque<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last requests of a tenant, the newest first.
    fn of(&self, tenant: &Tenant, limit: usize) -> Vec<Seen> {
        let all = self.locked();
        all.iter().rev().filter(|seen| seen.tenant == *tenant).take(limit).cloned().collect()
    }
}

impl Seen {
    /// A request of which nothing has been taken in yet.
    pub(crate) fn by(caller: &Caller, dialect: Source, route: &'static str, body: Option<String>) -> Self {
        Self {
            at: caller.received_at,
            dialect: dialect.as_str(),
            route,
            tenant: caller.tenant.clone(),
            key: caller.key_end,
            accepted: 0,
            refused: Vec::new(),
            body,
        }
    }

    /// Counts what became of the event at a place in the body.
    pub(crate) fn count(&mut self, index: usize, outcome: &Outcome, message_id: Option<String>) {
        match outcome {
            Ok(_) => self.accepted += 1,
            Err(refusal) => self.refuse(index, &refusal.error, message_id),
        }
    }

    /// Notes that the event at a place in the body was refused; a body that could not be read is at place 0.
    pub(crate) fn refuse(&mut self, index: usize, error: &ApiError, message_id: Option<String>) {
        let (_, code) = error.status_and_code();
        self.refused.push(Refused { index, message_id, code, message: error.to_string() });
    }
}

/// The beginning of a body as text, its keys masked.
fn beginning(body: &[u8]) -> String {
    let cut = body.get(..BODY_BYTES).unwrap_or(body);
    let mut text = String::from_utf8_lossy(cut).into_owned();
    for name in ["\"writeKey\"", "\"write_key\""] {
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|rest| rest.find(name)) {
            from += found + name.len();
            from = mask(&mut text, from);
        }
    }
    text
}

/// Masks the string that follows the name which ends at `from`; tells where the rest begins.
fn mask(text: &mut String, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let value = rest.trim_start().strip_prefix(':').map(str::trim_start);
    let Some(value) = value.and_then(|value| value.strip_prefix('"')) else { return from };
    let begins = text.len() - value.len();
    // No key has an escaped quotation mark; of a cut one there is no end.
    let ends = begins + value.find('"').unwrap_or(value.len());
    text.replace_range(begins..ends, "***");
    begins + "***".len()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;
    use crate::request::RequestId;

    #[test]
    fn keys_are_masked_in_bodies_also_in_one_that_is_cut() {
        for (body, shown) in [
            (r#"{"writeKey":"secret","a":1}"#, r#"{"writeKey":"***","a":1}"#),
            (
                r#"[{"write_key" : "secret"},{"writeKey":"b"}]"#,
                r#"[{"write_key" : "***"},{"writeKey":"***"}]"#,
            ),
            (r#"{"writeKey":null,"write_key":"sec"#, r#"{"writeKey":null,"write_key":"***"#),
            (r#"{"writeKey""#, r#"{"writeKey""#),
            (r#"{"writeKey":"""#, r#"{"writeKey":"***""#),
        ] {
            assert_eq!(beginning(body.as_bytes()), shown);
        }
        let long = format!(r#"{}{{"writeKey":"secret"}}"#, " ".repeat(BODY_BYTES - 15));
        assert!(beginning(long.as_bytes()).ends_with(r#"{"writeKey":"***"#));
        assert_eq!(beginning(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn the_last_requests_of_a_tenant_are_kept() {
        let recent = Recent::default();
        let tenant = |name| Tenant::parse(name).unwrap();
        for number in 0..KEPT + 2 {
            let caller = Caller {
                tenant: tenant(if number % 2 == 0 { "a" } else { "b" }),
                ..Caller::nobody(RequestId::of(&HeaderMap::new()))
            };
            let body = Some(number.to_string());
            let mut seen = Seen::by(&caller, Source::Segment, "segment_batch", body);
            let refused =
                Refused { index: 0, message_id: None, code: "missing_field", message: String::new() };
            seen.refused = vec![refused; REFUSED + 1];
            recent.add(seen);
        }
        let of_a = recent.of(&tenant("a"), KEPT);
        assert_eq!((of_a.len(), of_a[0].refused.len()), (KEPT / 2, REFUSED));
        assert_eq!((of_a[0].body.as_deref(), of_a[1].body.as_deref()), (Some("1000"), Some("998")));
        assert_eq!(recent.of(&tenant("b"), 1)[0].body.as_deref(), Some("1001"));
    }

    #[test]
    fn of_a_flood_only_what_is_refused_is_remembered() {
        let recent = Recent::default();
        let caller = Caller::nobody(RequestId::of(&HeaderMap::new()));
        let seen = |at: Timestamp, recent: &Recent| {
            let body = recent.beginning(at, b"{}");
            Seen { at, ..Seen::by(&caller, Source::Native, "create_event", body) }
        };
        let begun = caller.received_at;
        for _ in 0..KEPT {
            recent.add(seen(begun, &recent));
        }
        let late = Timestamp::from_millis(begun.millis() + 999).unwrap();
        assert_eq!(seen(late, &recent).body, None);
        recent.add(seen(late, &recent));
        assert_eq!(recent.of(&caller.tenant, 1)[0].at, begun);
        let mut refused = seen(late, &recent);
        refused.refuse(0, &ApiError::Internal, Some("x".repeat(1_000)));
        recent.add(refused);
        let last = &recent.of(&caller.tenant, 1)[0];
        assert_eq!(
            (last.at, last.refused[0].message_id.as_ref().map(String::len)),
            (late, Some(MESSAGE_ID_CHARS))
        );
        let later = Timestamp::from_millis(begun.millis() + 1_000).unwrap();
        assert_eq!(seen(later, &recent).body.as_deref(), Some("{}"));
    }
}

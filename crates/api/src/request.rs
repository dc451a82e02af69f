//! The id of the request that a task answers: for whoever logs a failure or writes a record on the way.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use model::message;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: the client's, or a random one. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct RequestId {
    text: Arc<str>,
    /// Whether the client made it.
    is_named: bool,
}

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(HEADER).and_then(|value| value.to_str().ok());
        let usable =
            |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        let named = sent.filter(usable);
        let text = named.map_or_else(|| format!("{:032x}", rand::random::<u128>()).into(), Arc::from);
        Self { text, is_named: named.is_some() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Names the request in its answer.
    pub(crate) fn name<B>(&self, response: &mut Response<B>) {
        if let Ok(value) = HeaderValue::from_str(&self.text) {
            response.headers_mut().insert(HEADER, value);
        }
    }
}

tokio::task_local! {
    static CURRENT: RequestId;
}

/// Does the work for this request.
pub(crate) async fn answering<F: Future>(id: RequestId, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// Its id, for the log; empty outside of a request.
pub(crate) fn id() -> String {
    CURRENT.try_with(|id| id.text.to_string()).unwrap_or_default()
}

/// What its records bear: the id that its client named. One of our own making would tell nobody more than the
/// place of the record does, which the answer names, and a header costs the consumer three allocations a record.
pub(crate) fn header() -> Option<(String, Vec<u8>)> {
    let named = |id: &RequestId| id.is_named.then(|| id.text.as_bytes().to_vec());
    let value = CURRENT.try_with(named).ok().flatten()?;
    Some((message::REQUEST_ID.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_an_id_that_the_client_named_goes_with_the_records() {
        assert_eq!((id(), header()), (String::new(), None));
        let named = HeaderMap::from_iter([("x-request-id".parse().unwrap(), "r-1".parse().unwrap())]);
        let found = answering(RequestId::of(&named), async { (id(), header()) }).await;
        assert_eq!(found, ("r-1".to_owned(), Some(("request-id".to_owned(), b"r-1".to_vec()))));
        let (id, header) = answering(RequestId::of(&HeaderMap::new()), async { (id(), header()) }).await;
        assert_eq!((id.len(), header), (32, None));
    }
}

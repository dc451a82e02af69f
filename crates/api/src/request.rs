//! The request that a task answers: for whoever logs a failure or writes a record on the way.

use model::message;

use crate::envelope::RequestId;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// Does the work for this request.
pub(crate) async fn answering<F: Future>(id: RequestId, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// Its id, for the log; empty outside of a request.
pub(crate) fn id() -> String {
    CURRENT.try_with(|id| id.text.clone()).unwrap_or_default()
}

/// What its records bear: the id that its client named. One of our own making would tell nobody more than the
/// place of the record does, which the answer names, and a header costs the consumer three allocations a record.
pub(crate) fn header() -> Option<(String, Vec<u8>)> {
    let named = |id: &RequestId| id.is_named.then(|| id.text.clone().into_bytes());
    let value = CURRENT.try_with(named).ok().flatten()?;
    Some((message::REQUEST_ID.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

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

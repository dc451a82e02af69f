//! How operations are asked for, and what an answer says of each.

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Deserialize;

use super::books::Outcome;
use audit::operation::{Kind, Operation, Place};

/// How much of an answer that nobody expects is told.
const SHOWN: usize = 200;

/// An operation and what asks for it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) operation: Operation,
    /// The JSON.
    pub(super) body: String,
    /// Of an update that names itself, so that it may be asked for again.
    pub(super) idempotency_key: Option<String>,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Written {
    partition: i32,
    offset: i64,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<One>,
}

/// What an answer says of one event of a batch.
#[derive(Debug, Deserialize)]
struct One {
    id: Option<String>,
    error: Option<String>,
    code: Option<String>,
}

/// Asks for one operation.
pub(super) async fn one(client: &Client, api: &str, item: &Item) -> Outcome {
    let Operation { kind, key, .. } = &item.operation;
    let (method, path) = match kind {
        Kind::Create => (Method::POST, "/event".to_owned()),
        Kind::Update => (Method::PUT, format!("/event/{}", key.id)),
        Kind::Delete => (Method::DELETE, format!("/event/{}", key.id)),
    };
    let mut request = client.request(method, format!("{api}{path}")).body(item.body.clone());
    if let Some(key) = &item.idempotency_key {
        request = request.header("idempotency-key", key);
    }
    let Some((status, text)) = answer(request, &item.operation).await else { return Outcome::Silent };
    match (status, serde_json::from_str(&text)) {
        (StatusCode::ACCEPTED, Ok(Answer { data: Written { partition, offset } })) => {
            Outcome::Acknowledged(Some(Place { partition, offset }))
        }
        (StatusCode::SERVICE_UNAVAILABLE, _) => Outcome::Unavailable,
        _ => unexpected(status, &text),
    }
}

/// Asks for many creates of one tenant at once: an outcome of each, in their order.
pub(super) async fn batch(client: &Client, api: &str, items: &[Item]) -> Vec<Outcome> {
    let Some(Item { operation, .. }) = items.first() else { return Vec::new() };
    let bodies: Vec<_> = items.iter().map(|item| item.body.as_str()).collect();
    let request = client.post(format!("{api}/events")).body(format!("{{\"events\":[{}]}}", bodies.join(",")));
    match answer(request, operation).await {
        Some((status, text)) => outcomes(status, &text, items),
        None => items.iter().map(|_| Outcome::Silent).collect(),
    }
}

async fn answer(request: RequestBuilder, operation: &Operation) -> Option<(StatusCode, String)> {
    let answer = request.header("x-tenant", operation.key.tenant.as_str()).send().await.ok()?;
    let status = answer.status();
    Some((status, answer.text().await.ok()?))
}

/// What the answer to a batch says of each event.
fn outcomes(status: StatusCode, text: &str, items: &[Item]) -> Vec<Outcome> {
    let results = serde_json::from_str(text).ok().map(|Answer { data: Results { results } }| results);
    match (status, results) {
        (StatusCode::ACCEPTED | StatusCode::SERVICE_UNAVAILABLE, Some(results))
            if results.len() == items.len() =>
        {
            results.iter().zip(items).map(|(result, item)| outcome(status, result, item)).collect()
        }
        (StatusCode::SERVICE_UNAVAILABLE, None) => items.iter().map(|_| Outcome::Unavailable).collect(),
        _ => items.iter().map(|_| unexpected(status, text)).collect(),
    }
}

fn outcome(status: StatusCode, result: &One, item: &Item) -> Outcome {
    let One { id, error, code } = result;
    let is_its = id.as_ref().is_some_and(|id| *id == item.operation.key.id.to_string());
    match (error, code.as_deref()) {
        (None, None) if is_its => Outcome::Acknowledged(None),
        (Some(_), Some("unavailable")) if is_its && status == StatusCode::SERVICE_UNAVAILABLE => {
            Outcome::Unavailable
        }
        _ => unexpected(status, &format!("{result:?}")),
    }
}

fn unexpected(status: StatusCode, text: &str) -> Outcome {
    Outcome::Unexpected(format!("{status} {}", text.chars().take(SHOWN).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use model::{EventId, EventKey, Tenant};

    use super::*;

    const IDS: [&str; 3] = [
        "019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5c",
        "019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5d",
    ];

    fn items() -> Vec<Item> {
        let key = |id| EventKey { tenant: Tenant::default(), id: EventId::parse(id).unwrap() };
        let operation = |id| Operation::new(Kind::Create, key(id), None);
        IDS.map(|id| Item { operation: operation(id), body: "{}".into(), idempotency_key: None }).into()
    }

    fn of(status: StatusCode, results: &str) -> Vec<Outcome> {
        outcomes(status, &format!(r#"{{"success":true,"data":{{"results":[{results}]}}}}"#), &items())
    }

    fn taken(id: &str) -> String {
        format!(r#"{{"id":"{id}"}}"#)
    }

    fn refused(id: &str, code: &str) -> String {
        format!(r#"{{"id":"{id}","error":"no","code":"{code}"}}"#)
    }

    #[test]
    fn each_event_of_a_batch_has_an_outcome_of_its_own() {
        let [a, b, c] = IDS;
        let all = of(StatusCode::ACCEPTED, &[taken(a), taken(b), taken(c)].join(","));
        assert!(all.iter().all(|outcome| matches!(outcome, Outcome::Acknowledged(None))), "{all:?}");
        let results = [taken(a), refused(b, "unavailable"), taken(c)].join(",");
        let some = of(StatusCode::SERVICE_UNAVAILABLE, &results);
        let [Outcome::Acknowledged(None), Outcome::Unavailable, Outcome::Acknowledged(None)] =
            some.as_slice()
        else {
            panic!("{some:?}")
        };
        let none = outcomes(StatusCode::SERVICE_UNAVAILABLE, r#"{"success":false}"#, &items());
        assert!(none.len() == 3 && none.iter().all(|outcome| matches!(outcome, Outcome::Unavailable)));
    }

    #[test]
    fn an_answer_that_does_not_fit_the_batch_is_unexpected() {
        let [a, b, c] = IDS;
        let swapped = of(StatusCode::ACCEPTED, &[taken(a), taken(c), taken(b)].join(","));
        let [Outcome::Acknowledged(None), Outcome::Unexpected(_), Outcome::Unexpected(_)] =
            swapped.as_slice()
        else {
            panic!("{swapped:?}")
        };
        let short = of(StatusCode::ACCEPTED, &[taken(a), taken(b)].join(","));
        let refusing = of(StatusCode::BAD_REQUEST, &[taken(a), taken(b), taken(c)].join(","));
        let inconsistent = of(StatusCode::ACCEPTED, &IDS.map(|id| refused(id, "unavailable")).join(","));
        let invalid = of(StatusCode::ACCEPTED, &IDS.map(|id| refused(id, "invalid_field")).join(","));
        for all in [short, refusing, inconsistent, invalid] {
            assert_eq!(all.len(), 3);
            assert!(all.iter().all(|outcome| matches!(outcome, Outcome::Unexpected(_))), "{all:?}");
        }
    }
}

//! What an answer to a write means.

use std::borrow::Cow;

use serde::Deserialize;

use crate::http::Answer;

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All of it was taken in.
    Accepted,
    /// A batch was taken in but for these: their place in it, and the kind of error.
    InPart(Vec<(usize, String)>),
    /// It was refused for good, with this kind of error.
    Refused(String),
    /// Not now: it is to be sent again.
    Again(String),
}

#[derive(Deserialize)]
struct Failed<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    data: Results<'a>,
}

#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow)]
    results: Vec<One<'a>>,
}

#[derive(Deserialize)]
struct One<'a> {
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Taken<'a> {
    success: bool,
    #[serde(borrow, default)]
    rejected: Vec<Rejected<'a>>,
}

#[derive(Deserialize)]
struct Rejected<'a> {
    index: usize,
    #[serde(borrow)]
    code: Cow<'a, str>,
}

/// Of an answer about one event.
pub(crate) fn single(answer: &Answer<'_>) -> Verdict {
    if (200..300).contains(&answer.status) { Verdict::Accepted } else { failed(answer) }
}

/// Of an answer about a batch.
pub(crate) fn batch(answer: &Answer<'_>) -> Verdict {
    if !(200..300).contains(&answer.status) {
        return failed(answer);
    }
    match serde_json::from_slice(answer.body) {
        Ok(Batch { data }) => data.verdict(),
        Err(_) => Verdict::Refused("not a batch's answer".into()),
    }
}

/// Of an answer about an array of messages of the `EventService` API.
pub(crate) fn array(answer: &Answer<'_>) -> Verdict {
    if answer.status != 200 {
        return failed(answer);
    }
    match serde_json::from_slice::<Results<'_>>(answer.body) {
        Ok(results) => results.verdict(),
        Err(_) => Verdict::Refused("not an array's answer".into()),
    }
}

/// Of an answer in Segment's dialect. Some of its clients send again what is not answered with exactly 200 and
/// `success`, so anything else is a refusal.
pub(crate) fn segment(answer: &Answer<'_>) -> Verdict {
    if answer.status != 200 {
        return failed(answer);
    }
    match serde_json::from_slice(answer.body) {
        Ok(Taken { success: true, rejected }) => {
            taken_but(rejected.into_iter().map(|one| (one.index, one.code.into_owned())).collect())
        }
        _ => Verdict::Refused("not an answer of Segment's".into()),
    }
}

impl Results<'_> {
    fn verdict(self) -> Verdict {
        let refused = self
            .results
            .into_iter()
            .enumerate()
            .filter_map(|(place, one)| Some((place, one.code?.into_owned())));
        taken_but(refused.collect())
    }
}

fn taken_but(refused: Vec<(usize, String)>) -> Verdict {
    if refused.is_empty() { Verdict::Accepted } else { Verdict::InPart(refused) }
}

/// Errors of the server's, and too many requests, pass.
fn failed(answer: &Answer<'_>) -> Verdict {
    let code = serde_json::from_slice::<Failed<'_>>(answer.body).map_or("".into(), |failed| failed.code);
    let kind = format!("{} {code}", answer.status).trim_end().to_owned();
    match answer.status {
        408 | 429 | 500.. => Verdict::Again(kind),
        _ => Verdict::Refused(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer<'_> {
        Answer { status, body: body.as_bytes() }
    }

    #[test]
    fn trouble_that_passes_is_told_from_refusals() {
        assert_eq!(single(&answer(202, "")), Verdict::Accepted);
        let unavailable = r#"{"success":false,"error":"please retry","code":"unavailable"}"#;
        assert_eq!(single(&answer(503, unavailable)), Verdict::Again("503 unavailable".into()));
        assert_eq!(single(&answer(502, "<html>")), Verdict::Again("502".into()));
        assert_eq!(single(&answer(429, "")), Verdict::Again("429".into()));
        assert_eq!(batch(&answer(413, r#"{"code":"too_large"}"#)), Verdict::Refused("413 too_large".into()));
    }

    #[test]
    fn each_event_of_a_batch_has_its_own_answer() {
        let all = r#"{"data":{"results":[{"id":"a"},{"id":"b"}]}}"#;
        assert_eq!(batch(&answer(202, all)), Verdict::Accepted);
        let some = r#"{"data":{"results":[{"id":"a"},{"error":"no","code":"invalid_field"}]}}"#;
        assert_eq!(batch(&answer(202, some)), Verdict::InPart(vec![(1, "invalid_field".into())]));
        assert_eq!(batch(&answer(200, "{}")), Verdict::Refused("not a batch's answer".into()));
    }

    #[test]
    fn each_message_of_an_array_has_its_own_answer() {
        let all = r#"{"success":true,"results":[{"success":true,"eventId":"a"}]}"#;
        assert_eq!(array(&answer(200, all)), Verdict::Accepted);
        let some = r#"{"success":true,"results":[{"success":true,"eventId":"a"},{"success":false,"error":"no","code":"invalid_field"}]}"#;
        assert_eq!(array(&answer(200, some)), Verdict::InPart(vec![(1, "invalid_field".into())]));
        assert_eq!(array(&answer(200, "{}")), Verdict::Refused("not an array's answer".into()));
        let none = r#"{"success":false,"code":"invalid_field","message":"no","results":[]}"#;
        assert_eq!(array(&answer(400, none)), Verdict::Refused("400 invalid_field".into()));
    }

    #[test]
    fn segments_clients_take_nothing_but_a_200_that_says_success() {
        assert_eq!(segment(&answer(200, r#"{"success":true}"#)), Verdict::Accepted);
        let some =
            r#"{"success":true,"rejected":[{"index":3,"messageId":"m","code":"too_large","message":"no"}]}"#;
        assert_eq!(segment(&answer(200, some)), Verdict::InPart(vec![(3, "too_large".into())]));
        for body in ["", "ok", "{}", r#"{"success":false}"#] {
            let verdict = segment(&answer(200, body));
            assert_eq!(verdict, Verdict::Refused("not an answer of Segment's".into()), "{body:?}");
        }
        assert_eq!(segment(&answer(202, r#"{"success":true}"#)), Verdict::Refused("202".into()));
        let all = r#"{"success":false,"code":"invalid_request","message":"no","rejected":[]}"#;
        assert_eq!(segment(&answer(400, all)), Verdict::Refused("400 invalid_request".into()));
        assert_eq!(
            segment(&answer(503, r#"{"code":"unavailable"}"#)),
            Verdict::Again("503 unavailable".into())
        );
    }
}

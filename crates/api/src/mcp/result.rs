//! The answer of a route as the result of a tool.

use axum::body::Body;
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use rmcp::model::{CallToolResult, ContentBlock};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::ApiError;

/// The largest answer in bytes, which is more than an assistant can read. It is held as a text and as a value.
const MAX_BYTES: usize = 1 << 20;

/// What of an answer's envelope is shown, as it was written.
#[derive(Deserialize, Serialize)]
struct Shown<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    meta: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// A result with the answer as structured content and as text, in which long numbers keep their digits; or an error
/// with the sentence that the route says.
pub(super) async fn of(response: Response) -> CallToolResult {
    match whole(response.into_body()).await {
        Ok(body) => of_envelope(&body),
        Err(error) => CallToolResult::error(vec![ContentBlock::text(error.to_string())]),
    }
}

async fn whole(body: Body) -> Result<Vec<u8>, ApiError> {
    let body = Limited::new(body, MAX_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            ApiError::QueryTooLarge("the answer has more than 1 MiB: ask for fewer buckets, values or events")
        } else {
            ApiError::unavailable("reads", error)
        }
    })?;
    Ok(body.to_bytes().into())
}

fn of_envelope(body: &[u8]) -> CallToolResult {
    let shown = serde_json::from_slice::<Shown<'_>>(body).map(|mut shown| {
        if shown.error.is_none() {
            shown.request_id = None;
        }
        shown
    });
    let told = shown.and_then(|shown| {
        let text = serde_json::to_string(&shown)?;
        Ok((serde_json::from_str(&text)?, text, shown.error))
    });
    let (value, text, error) = match told {
        Ok(told) => told,
        Err(error) => {
            tracing::error!(%error, request_id = crate::request::id(), "an answer could not be read");
            return CallToolResult::error(vec![ContentBlock::text(ApiError::Internal.to_string())]);
        }
    };
    let mut result = match error {
        None => CallToolResult::success(vec![ContentBlock::text(text)]),
        Some(error) => CallToolResult::error(vec![ContentBlock::text(error)]),
    };
    result.structured_content = Some(value);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn long_numbers_keep_their_digits_in_the_text() {
        let body =
            r#"{"success":true,"data":[{"total":12345678901234.5678}],"meta":{"from":"x"},"request_id":"r"}"#;
        let result = of(Response::new(Body::from(body))).await;
        let text = result.content[0].as_text().unwrap().text.clone();
        assert_eq!(text, r#"{"data":[{"total":12345678901234.5678}],"meta":{"from":"x"}}"#);
        assert_eq!(result.is_error, Some(false));
    }

    #[tokio::test]
    async fn an_error_is_its_sentence() {
        let body = r#"{"success":false,"error":"days is wrong","code":"invalid_field","request_id":"r"}"#;
        let result = of(Response::new(Body::from(body))).await;
        assert_eq!(
            (result.is_error, &*result.content[0].as_text().unwrap().text),
            (Some(true), "days is wrong")
        );
        let shown = serde_json::json!({"error": "days is wrong", "code": "invalid_field", "request_id": "r"});
        assert_eq!(result.structured_content, Some(shown));
    }

    #[tokio::test]
    async fn an_answer_that_nobody_can_read_is_an_error() {
        let result = of(Response::new(Body::from(vec![b' '; MAX_BYTES + 1]))).await;
        let text = &result.content[0].as_text().unwrap().text;
        assert!(result.is_error == Some(true) && text.contains("more than 1 MiB"), "{text}");
    }
}

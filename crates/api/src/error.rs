//! Everything that can go wrong in a request, and how it is answered.

use std::fmt::Display;

use axum::http::StatusCode;
use bus::{BusError, SendError};
use model::TenantError;
use model::wire::WireError;
use store::{FilterError, MetricError, RangeError, ResolveError, StoreError};

use crate::request;

/// Why a request was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The body is no event.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A parameter or header is wrong.
    #[error("{0}")]
    Invalid(String),
    /// A parameter is missing.
    #[error("{0}")]
    Missing(&'static str),
    /// The body broke off.
    #[error("the body could not be read: {0}")]
    BrokenBody(String),
    /// The body did not come in time.
    #[error("the body did not arrive in time")]
    SlowBody,
    /// No such event.
    #[error("event not found")]
    EventNotFound,
    /// No such alert.
    #[error("alert not found")]
    AlertNotFound,
    /// No event is of this user.
    #[error("user not found")]
    UserNotFound,
    /// No such route.
    #[error("no such route")]
    NoRoute,
    /// No such route, where clients of Segment's dialect look for theirs.
    #[error(
        "no such route: Segment's are /v1/track, /v1/batch and their like; clients are given the host without /v1"
    )]
    NoSegmentRoute,
    /// What came is no request.
    #[error("this is no HTTP request")]
    NotHttp,
    /// The path and query of a request are too long.
    #[error("the address of the request is too long")]
    LongAddress,
    /// The head of a request is too large.
    #[error("the head of the request is too large: at most 64 KiB and 100 headers are taken")]
    LargeHead,
    /// Whoever asks has shown no key that is known.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// Whoever asks is not let in.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The key is for other things.
    #[error("the key lacks the scope {0}")]
    NotInScope(&'static str),
    /// A route, but not for this method.
    #[error("method not allowed")]
    Method {
        /// As the `Allow` header lists them.
        allowed: String,
    },
    /// More than is taken at once.
    #[error("{0}")]
    TooLarge(String),
    /// The event was refused after it had been taken in.
    #[error("the event was taken in, but could not be stored: it is among the dead letters")]
    DeadLettered,
    /// A create with the id of an event that was deleted.
    #[error("an event with this id was deleted: its id stays deleted")]
    Deleted,
    /// The tenant asks too many questions at once. Worth a retry.
    #[error("{0}")]
    TooMany(String),
    /// The tenant, or all together, watch too many tails at once. Worth a retry.
    #[error("{0}")]
    TooManyWatchers(String),
    /// Kafka or ClickHouse is away, or too much is waiting. Worth a retry.
    #[error("{0}")]
    Unavailable(String),
    /// ClickHouse gave a question up, and would give it up again.
    #[error("the question is too large to be answered: {0}")]
    QueryTooLarge(&'static str),
    /// An event without the vector that it is to be compared by.
    #[error("the event was sent without such embeddings")]
    NoVector,
    /// A row of the table that somebody else wrote.
    #[error("the table holds a row that Millrace did not write and can't read")]
    ForeignRow,
    /// A fault of ours.
    #[error("internal error")]
    Internal,
}

impl ApiError {
    /// Logs what is the matter; the answer tells only which part is concerned.
    pub(crate) fn unavailable(part: &'static str, reason: impl Display) -> Self {
        tracing::warn!(%reason, request_id = request::id(), "{part} unavailable");
        Self::Unavailable(format!("{part} are unavailable at the moment, please retry"))
    }

    /// Why a question about many events was not answered; `narrow` says what to ask instead of one that is too
    /// large.
    pub(crate) fn question(error: StoreError, narrow: &'static str) -> Self {
        if !error.is_too_large() {
            return error.into();
        }
        tracing::warn!(%error, request_id = request::id(), "a question was too large");
        Self::QueryTooLarge(narrow)
    }

    /// Whether the path leads nowhere.
    pub(crate) fn is_no_route(&self) -> bool {
        matches!(self, Self::NoRoute | Self::NoSegmentRoute)
    }

    /// A body of more bytes than are taken.
    pub(crate) fn larger_than(limit: usize) -> Self {
        Self::TooLarge(format!("the body is larger than {limit} bytes"))
    }

    /// The answer's status and stable word.
    pub(crate) fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Wire(error) => (StatusCode::BAD_REQUEST, error.code()),
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid_field"),
            Self::Missing(_) => (StatusCode::BAD_REQUEST, "missing_field"),
            Self::BrokenBody(_) => (StatusCode::BAD_REQUEST, "invalid_body"),
            Self::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::Forbidden(_) | Self::NotInScope(_) => (StatusCode::FORBIDDEN, "forbidden"),
            Self::NotHttp => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::LongAddress => (StatusCode::URI_TOO_LONG, "too_large"),
            Self::LargeHead => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "too_large"),
            Self::SlowBody => (StatusCode::REQUEST_TIMEOUT, "timeout"),
            Self::EventNotFound
            | Self::AlertNotFound
            | Self::UserNotFound
            | Self::NoRoute
            | Self::NoSegmentRoute => (StatusCode::NOT_FOUND, "not_found"),
            Self::Method { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::DeadLettered => (StatusCode::UNPROCESSABLE_ENTITY, "dead_lettered"),
            Self::QueryTooLarge(_) => (StatusCode::UNPROCESSABLE_ENTITY, "query_too_large"),
            Self::NoVector => (StatusCode::UNPROCESSABLE_ENTITY, "no_vector"),
            Self::ForeignRow => (StatusCode::INTERNAL_SERVER_ERROR, "foreign_row"),
            Self::Deleted => (StatusCode::CONFLICT, "deleted"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_questions"),
            Self::TooManyWatchers(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_watchers"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

impl From<TenantError> for ApiError {
    fn from(error: TenantError) -> Self {
        Self::Invalid(format!("X-Tenant: {error}"))
    }
}

impl From<SendError> for ApiError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::TooLarge { .. } => Self::TooLarge(error.to_string()),
            SendError::Full | SendError::Unavailable(_) => Self::unavailable("writes", error),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Foreign(_)) {
            tracing::error!(%error, request_id = request::id(), "a row could not be read");
            return Self::ForeignRow;
        }
        Self::unavailable("reads", error)
    }
}

impl From<FilterError> for ApiError {
    fn from(error: FilterError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<MetricError> for ApiError {
    fn from(error: MetricError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<RangeError> for ApiError {
    fn from(error: RangeError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<ResolveError> for ApiError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Range(error) => error.into(),
            ResolveError::Store(error) => error.into(),
        }
    }
}

impl From<BusError> for ApiError {
    fn from(error: BusError) -> Self {
        Self::unavailable("the pipeline's positions", error)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::openapi;
    use crate::routes::ROUTES;

    /// The error behind this one, in an order that has all of them: a new one needs a place in it.
    fn next(error: &ApiError) -> Option<ApiError> {
        Some(match error {
            ApiError::Wire(WireError::InvalidJson(_)) => WireError::InvalidType(String::new()).into(),
            ApiError::Wire(WireError::InvalidType(_)) => WireError::MissingField("").into(),
            ApiError::Wire(WireError::MissingField(_)) => {
                WireError::MissingForKind { field: "", kind: "" }.into()
            }
            ApiError::Wire(WireError::MissingForKind { .. }) => {
                WireError::InvalidField { field: "", expected: String::new() }.into()
            }
            ApiError::Wire(WireError::InvalidField { .. }) => {
                WireError::EventTooLarge { bytes: 0, most: 0 }.into()
            }
            ApiError::Wire(WireError::EventTooLarge { .. }) => {
                WireError::TooManyEvents { count: 0, most: 0 }.into()
            }
            ApiError::Wire(WireError::TooManyEvents { .. }) => ApiError::Invalid(String::new()),
            ApiError::Invalid(_) => ApiError::Missing(""),
            ApiError::Missing(_) => ApiError::BrokenBody(String::new()),
            ApiError::BrokenBody(_) => ApiError::SlowBody,
            ApiError::SlowBody => ApiError::EventNotFound,
            ApiError::EventNotFound => ApiError::AlertNotFound,
            ApiError::AlertNotFound => ApiError::UserNotFound,
            ApiError::UserNotFound => ApiError::NoRoute,
            ApiError::NoRoute => ApiError::NoSegmentRoute,
            ApiError::NoSegmentRoute => ApiError::NotHttp,
            ApiError::NotHttp => ApiError::LongAddress,
            ApiError::LongAddress => ApiError::LargeHead,
            ApiError::LargeHead => ApiError::Unauthorized(""),
            ApiError::Unauthorized(_) => ApiError::Forbidden(""),
            ApiError::Forbidden(_) => ApiError::NotInScope(""),
            ApiError::NotInScope(_) => ApiError::Method { allowed: String::new() },
            ApiError::Method { .. } => ApiError::TooLarge(String::new()),
            ApiError::TooLarge(_) => ApiError::DeadLettered,
            ApiError::DeadLettered => ApiError::Deleted,
            ApiError::Deleted => ApiError::TooMany(String::new()),
            ApiError::TooMany(_) => ApiError::TooManyWatchers(String::new()),
            ApiError::TooManyWatchers(_) => ApiError::Unavailable(String::new()),
            ApiError::Unavailable(_) => ApiError::QueryTooLarge(""),
            ApiError::QueryTooLarge(_) => ApiError::NoVector,
            ApiError::NoVector => ApiError::ForeignRow,
            ApiError::ForeignRow => ApiError::Internal,
            ApiError::Internal => return None,
        })
    }

    /// Each code with the statuses that it comes with.
    fn answered() -> BTreeSet<(String, String)> {
        let first = WireError::InvalidJson(String::new()).into();
        let all = std::iter::successors(Some(first), next);
        let words = |error: ApiError| {
            let (status, code) = error.status_and_code();
            (code.to_owned(), status.as_str().to_owned())
        };
        all.map(words).collect()
    }

    /// The same, by `docs/errors.md`.
    fn documented() -> BTreeSet<(String, String)> {
        let rows =
            include_str!("../../../docs/errors.md").lines().filter_map(|line| line.strip_prefix("| `"));
        let of_row = |row: &str| {
            let mut cells = row.split(" | ").map(str::to_owned);
            let code = cells.next().unwrap_or_default().trim_end_matches('`').to_owned();
            let statuses = cells.next().unwrap_or_default();
            statuses.split(", ").map(|status| (code.clone(), status.to_owned())).collect::<Vec<_>>()
        };
        rows.flat_map(of_row).collect()
    }

    #[test]
    fn every_code_and_status_is_documented_and_described() {
        assert_eq!(documented(), answered());
        let description: Value = serde_json::from_str(&openapi::document(ROUTES)).unwrap();
        let paths = description["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|path| path.as_object().unwrap().values());
        let described = operations.flat_map(|operation| operation["responses"].as_object().unwrap().keys());
        let described: BTreeSet<_> = described.filter(|status| status.as_str() >= "400").cloned().collect();
        assert_eq!(described, answered().into_iter().map(|(_, status)| status).collect());
    }
}

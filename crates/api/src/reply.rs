//! What handlers answer. The data keep their type until the answer is written, in the voice of the route.

use std::fmt::Display;

use axum::http::StatusCode;
use model::Timestamp;
use serde::Serialize;
use store::Read;
use utoipa::ToSchema;

use crate::error::ApiError;

/// An answer before it is written.
#[derive(Debug)]
pub(crate) struct Reply<T = ()> {
    pub(crate) status: StatusCode,
    pub(crate) message: Option<&'static str>,
    pub(crate) data: Option<T>,
    /// Beside the data of an answer to a question.
    pub(crate) meta: Option<Meta>,
    /// Where the next page of a list goes on, if there are more.
    pub(crate) next_cursor: Option<String>,
    pub(crate) error: Option<ApiError>,
}

impl<T> Reply<T> {
    /// A good answer.
    pub(crate) fn new(status: StatusCode, message: &'static str) -> Self {
        Self { status, message: Some(message), data: None, meta: None, next_cursor: None, error: None }
    }

    /// A good answer that is all data.
    pub(crate) fn ok(data: T) -> Self {
        Self {
            status: StatusCode::OK,
            message: None,
            data: Some(data),
            meta: None,
            next_cursor: None,
            error: None,
        }
    }

    /// That all is well, or what is not.
    pub(crate) fn of(error: Option<ApiError>) -> Self {
        let good = Self {
            status: StatusCode::OK,
            message: None,
            data: None,
            meta: None,
            next_cursor: None,
            error: None,
        };
        error.map_or(good, Self::failed)
    }

    /// A bad answer.
    pub(crate) fn failed(error: ApiError) -> Self {
        Self {
            status: error.status_and_code().0,
            message: None,
            data: None,
            meta: None,
            next_cursor: None,
            error: Some(error),
        }
    }

    /// The same, saying what was asked about.
    pub(crate) fn about(mut self, meta: Meta) -> Self {
        self.meta = Some(meta);
        self
    }

    /// The same, if there are more of what was asked for.
    pub(crate) fn with_more(mut self, next_cursor: Option<impl Display>) -> Self {
        self.next_cursor = next_cursor.map(|cursor| cursor.to_string());
        self
    }

    /// The same with data.
    pub(crate) fn with(mut self, data: T) -> Self {
        self.data = Some(data);
        self
    }
}

/// `meta` of an answer: what was asked about, in full.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Meta {
    #[schema(value_type = String, format = DateTime)]
    pub(crate) from: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) to: Timestamp,
    pub(crate) timezone: String,
    /// The width of the buckets, where the answer has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval: Option<&'static str>,
    /// Up to when all that was taken in is in the answer, at most `to`; null if that can't be seen just now.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) complete_until: Option<Timestamp>,
    /// Whether a number is near what it says, since the exact one would take too much.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) approximate: bool,
    /// By what part of themselves percentiles may be off, where they are near what they say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.01)]
    pub(crate) relative_error: Option<f64>,
    /// Hours that were rolled up before and read in place of their events, where an answer may be read from such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rolled_hours: Option<usize>,
    /// Beside them, hours whose events were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) live_hours: Option<usize>,
    /// How many of the rolled hours were written to since, if some were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stale_hours: Option<usize>,
    /// If some were: all that was acknowledged before is in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) as_of: Option<Timestamp>,
}

impl Meta {
    /// The same of an answer that may be made of rollups.
    pub(crate) fn read_from(&mut self, read: Read, relative_error: Option<f64>) {
        let Read { rolled_hours, live_hours, stale_hours, as_of } = read;
        self.approximate |= relative_error.is_some();
        self.relative_error = relative_error;
        // Of the hours that were written to since no more is in it.
        self.complete_until = match (self.complete_until, as_of) {
            (Some(until), Some(as_of)) => Some(until.min(as_of)),
            (until, _) => until,
        };
        let is_of_rollups = rolled_hours + live_hours > 0;
        self.rolled_hours = is_of_rollups.then_some(rolled_hours);
        self.live_hours = is_of_rollups.then_some(live_hours);
        self.stale_hours = Some(stale_hours).filter(|hours| *hours > 0);
        self.as_of = as_of;
    }
}

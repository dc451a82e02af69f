//! What of a trail is asked for, and in which form.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use utoipa::{IntoParams, ToSchema};

use crate::cursor::Cursor;
use crate::error::ApiError;
use crate::parameters;

const DEFAULT_LIMIT: u16 = 100;
/// Also the most events that an answer with a digest can be of.
pub(super) const MAX_LIMIT: u16 = 1_000;

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Format {
    /// A page in the envelope.
    #[default]
    Json,
    /// The whole period, for spreadsheets.
    Csv,
    /// The whole period, a record a line.
    Ndjson,
}

/// The parameters of a trail, but for its period.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Wanted {
    /// The most events of a page: of `format=json` alone.
    #[serde(deserialize_with = "limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u16>,
    /// The `next_cursor` of an earlier page, whose period it goes on with.
    #[serde(deserialize_with = "parameters::cursor")]
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// A page in JSON, as if it is absent, or the whole period as a file.
    #[serde(deserialize_with = "format")]
    #[param(inline)]
    pub(super) format: Format,
    /// Whether the answer ends with a SHA-256 of its records, which are then all of the period.
    #[serde(deserialize_with = "digest")]
    #[param(default = false)]
    pub(super) digest: bool,
    /// Whether what was done to the events is told beside their records, as far as it is still on the topic: in JSON
    /// and in lines.
    #[serde(deserialize_with = "history")]
    #[param(default = false)]
    pub(super) history: bool,
}

impl Wanted {
    /// Refuses parameters that can't stand together: what is of the whole period has no pages, and a spreadsheet no
    /// room for histories.
    pub(super) fn checked(self) -> Result<Self, ApiError> {
        if self.history && self.format == Format::Csv {
            let words = "history=true can't be given together with format=csv: ask for format=ndjson";
            return Err(ApiError::Invalid(words.to_owned()));
        }
        let whole = match self.format {
            Format::Json if self.digest => "digest=true".to_owned(),
            Format::Json => return Ok(self),
            format => format!("format={format}"),
        };
        let is_export = self.format != Format::Json;
        let beside = if self.cursor.is_some() {
            Some("cursor")
        } else {
            self.limit.filter(|_| is_export).map(|_| "limit")
        };
        match beside {
            Some(name) => Err(ApiError::Invalid(format!(
                "{name} can't be given together with {whole}, which is of the whole period"
            ))),
            None => Ok(self),
        }
    }

    /// How many events of a page are wanted.
    pub(super) fn limit(&self) -> u16 {
        let is_whole = self.digest || self.format != Format::Json;
        self.limit.unwrap_or(if is_whole { MAX_LIMIT } else { DEFAULT_LIMIT })
    }

    /// Where it goes on.
    pub(super) fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        })
    }
}

fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    parameters::short_limit(deserializer).map(Some)
}

fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Format, D::Error> {
    match parameters::text(deserializer)?.as_deref() {
        None | Some("json") => Ok(Format::Json),
        Some("csv") => Ok(Format::Csv),
        Some("ndjson") => Ok(Format::Ndjson),
        Some(_) => Err(de::Error::custom("format must be json, csv or ndjson")),
    }
}

fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parameters::flag(deserializer, "digest")
}

fn history<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parameters::flag(deserializer, "history")
}

//! Parameters of query strings: a struct per question, read by serde, refused in the same words everywhere.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use model::Span;
use serde::de::value::{Error, MapDeserializer};
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use store::{Filters, Interval, RangeParams, RangeSpec, Reading, WeekStart};
use utoipa::IntoParams;

use crate::cursor::Cursor;
use crate::error::ApiError;

/// Of a `cursor` that can't be read.
pub(crate) const BAD_CURSOR: &str = "cursor must be the next_cursor of an earlier answer";

const MAX_DAYS: u32 = 3_650;
const MAX_LIMIT: u64 = 10_000;
const MAX_OFFSET: u32 = 1_000_000_000;
const WAIT: Duration = Duration::from_secs(10);
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Reads a query string. Of a parameter given twice the last counts; unknown ones are ignored.
pub(crate) fn read<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let parameters: BTreeMap<Cow<'_, str>, Cow<'_, str>> = form_urlencoded::parse(query.as_bytes()).collect();
    let read = T::deserialize(MapDeserializer::new(parameters.into_iter()));
    read.map_err(|error: Error| ApiError::Invalid(error.to_string()))
}

/// Of a write.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Waiting {
    /// How long the answer may wait for the write to be visible: `true`, or a time of at most 30 s.
    #[serde(deserialize_with = "wait")]
    #[param(value_type = Option<String>, example = "5s")]
    pub(crate) wait: Option<Duration>,
}

/// Of a question: the times it is about.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Period {
    /// Where the period begins: an RFC 3339 time (in a link its `+` is `%2B`), or a date for the start of that day in
    /// `timezone`. If it and `days` are absent: 7 days ago where a question does not say otherwise, or, in the two about
    /// the latency of sessions, the beginning of all time.
    #[serde(deserialize_with = "text")]
    #[param(example = "2026-11-20")]
    from: Option<String>,
    /// Where the period ends, likewise: the first time that counts no more. Now if absent.
    #[serde(deserialize_with = "text")]
    to: Option<String>,
    /// In place of `from` and `to`: so many times 24 hours up to now.
    #[serde(deserialize_with = "days")]
    #[param(minimum = 1, maximum = 3650)]
    days: Option<u32>,
    /// The IANA name of the zone of dates and days.
    #[serde(deserialize_with = "text")]
    #[param(default = "UTC", example = "Europe/Berlin")]
    timezone: Option<String>,
    /// `true`: all hours that were written to since they were rolled up are read anew, and percentiles are exact; `raw`:
    /// nothing is read from hours that were rolled up.
    #[serde(deserialize_with = "exact")]
    #[param(value_type = Option<String>, example = "true")]
    exact: Reading,
}

impl Period {
    /// The same of the members of a JSON object, which are taken out of it. Unlike those of a query string they are
    /// of one type.
    pub(crate) fn take(object: &mut Map<String, Value>) -> Result<Self, ApiError> {
        let mut text = |name| match object.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(_) => Err(ApiError::Invalid(format!("{name} must be a text"))),
        };
        let (from, to, timezone) = (text("from")?, text("to")?, text("timezone")?);
        let days = match object.remove("days") {
            None | Some(Value::Null) => None,
            Some(days) => Some(whole_days(&days)?),
        };
        let exact = match object.remove("exact") {
            None | Some(Value::Null) => Reading::default(),
            Some(Value::Bool(exact)) => reading(if exact { "true" } else { "false" })?,
            Some(Value::String(word)) => reading(&word)?,
            Some(_) => return Err(ApiError::Invalid(EXACT.into())),
        };
        Ok(Self { from, to, days, timezone, exact })
    }

    /// How rollups may be used.
    pub(crate) fn reading(&self) -> Reading {
        self.exact
    }

    /// What the caller means. Where nothing says when the period begins it is so many days ago, or the beginning
    /// of all time.
    pub(crate) fn spec(&self, default_days: Option<u32>) -> Result<RangeSpec, ApiError> {
        let params = RangeParams {
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            days: self.days,
            timezone: self.timezone.as_deref(),
        };
        Ok(RangeSpec::parse(&params, default_days)?)
    }
}

const EXACT: &str = "exact must be true, false or raw";

fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Reading, D::Error> {
    reading(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// The word of `exact`; its name alone is `true`.
fn reading(word: &str) -> Result<Reading, ApiError> {
    match word {
        "" | "true" | "1" => Ok(Reading::Exact),
        "false" | "0" => Ok(Reading::Bounded),
        "raw" => Ok(Reading::Raw),
        _ => Err(ApiError::Invalid(EXACT.into())),
    }
}

fn whole_days(value: &Value) -> Result<u32, ApiError> {
    let days = value.as_u64().and_then(|days| u32::try_from(days).ok());
    days.filter(|days| (1..=MAX_DAYS).contains(days))
        .ok_or_else(|| ApiError::Invalid(format!("days must be a positive integer of at most {MAX_DAYS}")))
}

/// A text; an empty one counts as absent.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(String::deserialize(deserializer)?).filter(|text| !text.is_empty()))
}

/// Of a question: which events it is about.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Filtered {
    /// A JSON list of filters that must all hold, each `{"field":…,"op":…,"values":[…]}`.
    #[serde(deserialize_with = "filters")]
    #[param(value_type = Option<String>, example = r#"[{"field":"source","op":"is","values":["native"]}]"#)]
    pub(crate) filters: Filters,
}

/// Of a question: the buckets of its answer.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Bucketed {
    /// The width of a bucket: `auto`, `minute`, `hour`, `day`, `week` or `month`, of the calendar of `timezone`.
    #[serde(deserialize_with = "interval")]
    #[param(value_type = Option<String>, default = "auto", example = "day")]
    pub(crate) interval: Option<Interval>,
    /// The day on which weeks begin: `monday` or `sunday`.
    #[serde(deserialize_with = "week_start")]
    #[param(value_type = Option<String>, default = "monday")]
    pub(crate) week_start: WeekStart,
}

fn filters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Filters, D::Error> {
    let Some(text) = text(deserializer)? else { return Ok(Filters::NONE) };
    serde_json::from_str(&text).map_err(|error: serde_json::Error| {
        let must = if error.is_data() { "" } else { "must be a JSON list of filters: " };
        de::Error::custom(format_args!("filters: {must}{error}"))
    })
}

fn interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Interval>, D::Error> {
    let name = text(deserializer)?;
    name.map_or(Ok(None), |name| Interval::parse(&name).map_err(de::Error::custom))
}

pub(crate) fn week_start<'de, D: Deserializer<'de>>(deserializer: D) -> Result<WeekStart, D::Error> {
    let name = text(deserializer)?;
    name.map_or(Ok(WeekStart::default()), |name| name.parse().map_err(de::Error::custom))
}

/// `limit`: 1 to 10,000.
pub(crate) fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    positive(deserializer, "limit", MAX_LIMIT)
}

/// `limit` of an answer that is made in one piece: 1 to 1,000.
pub(crate) fn short_limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    positive(deserializer, "limit", 1_000)
}

/// `cursor`: the `next_cursor` of an earlier answer.
pub(crate) fn cursor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cursor>, D::Error> {
    let Some(text) = text(deserializer)? else { return Ok(None) };
    Cursor::parse(&text).map(Some).ok_or_else(|| de::Error::custom(BAD_CURSOR))
}

/// `offset`: how many are passed over, at most a billion.
pub(crate) fn offset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && number <= MAX_OFFSET => Ok(number),
        _ => Err(de::Error::custom(format_args!("offset must be an integer from 0 to {MAX_OFFSET}"))),
    }
}

/// `days`: 1 to 3,650.
fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    positive(deserializer, "days", MAX_DAYS).map(Some)
}

/// `min_events`: at least 1.
pub(crate) fn min_events<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    positive(deserializer, "min_events", u64::MAX)
}

/// `include_embeddings`.
pub(crate) fn include_embeddings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    flag(deserializer, "include_embeddings")
}

/// `true` or `false`; its name alone is `true`.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D, name: &str) -> Result<bool, D::Error> {
    match &*String::deserialize(deserializer)? {
        "" | "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(de::Error::custom(format_args!("{name} must be true or false"))),
    }
}

/// `wait`; its name alone is `wait=true`.
fn wait<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match &*text {
        "false" | "0" => return Ok(None),
        "" | "true" | "1" => return Ok(Some(WAIT)),
        _ => {}
    }
    let (number, unit) =
        text.strip_suffix("ms").map_or((text.strip_suffix('s').unwrap_or(&text), 1_000), |ms| (ms, 1));
    let limit = number.parse::<u64>().ok().map(|number| Duration::from_millis(number.saturating_mul(unit)));
    match limit {
        Some(limit) if limit <= MAX_WAIT => Ok(Some(limit)),
        _ => Err(de::Error::custom("wait must be true, false or a time of at most 30s, such as 5s or 500ms")),
    }
}

/// One of some words.
pub(crate) fn choice<'de, D: Deserializer<'de>, T: Copy>(
    deserializer: D,
    name: &str,
    choices: &[(&str, T)],
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
    let words = || {
        choices.iter().map(|(word, _)| *word).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" or ")
    };
    chosen.ok_or_else(|| de::Error::custom(format_args!("{name} must be {}", words())))
}

/// A length of time.
pub(crate) fn span<'de, D: Deserializer<'de>>(deserializer: D, name: &str) -> Result<Span, D::Error> {
    let span = Span::parse(&String::deserialize(deserializer)?);
    span.ok_or_else(|| {
        de::Error::custom(format_args!(
            "{name} must be a number of ms, s, m, h, d or w, such as 24h, and at most 366d"
        ))
    })
}

/// A whole number from 1 up to `most`.
pub(crate) fn positive<'de, D, T>(deserializer: D, name: &str, most: T) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr + PartialOrd + Display,
{
    let text = String::deserialize(deserializer)?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.bytes().all(|byte| byte == b'0') {
        return Err(de::Error::custom(format_args!("{name} must be a positive integer")));
    }
    // Digits that can't be read are a number that is too large for its type.
    let number = text.parse::<T>().ok().filter(|number| *number <= most);
    number
        .ok_or_else(|| de::Error::custom(format_args!("{name} must be a positive integer of at most {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(default)]
    struct Question {
        #[serde(deserialize_with = "limit")]
        limit: u64,
        #[serde(deserialize_with = "days")]
        days: Option<u32>,
        #[serde(deserialize_with = "text")]
        name: Option<String>,
    }

    impl Default for Question {
        fn default() -> Self {
            Self { limit: 100, days: None, name: None }
        }
    }

    fn refused(query: &str) -> String {
        read::<Question>(query).unwrap_err().to_string()
    }

    #[test]
    fn limits_and_days_are_positive_integers_within_bounds() {
        let read = |query| read::<Question>(query).unwrap();
        assert_eq!((read("").limit, read("").days), (100, None));
        assert_eq!((read("limit=7&other=x").limit, read("limit=1&limit=8").limit), (7, 8));
        assert_eq!(read("days=3650").days, Some(3_650));
        for bad in ["0", "-1", "x", "", "%2B1", "1.5"] {
            assert_eq!(refused(&format!("limit={bad}")), "limit must be a positive integer", "{bad}");
            assert_eq!(refused(&format!("days={bad}")), "days must be a positive integer", "{bad}");
        }
        for large in ["10001", "99999999999999999999999"] {
            assert_eq!(
                refused(&format!("limit={large}")),
                "limit must be a positive integer of at most 10000"
            );
            assert_eq!(refused(&format!("days={large}")), "days must be a positive integer of at most 3650");
        }
    }

    #[test]
    fn an_empty_text_is_as_if_absent() {
        let name = |query| read::<Question>(query).unwrap().name;
        assert_eq!((name(""), name("name"), name("name=")), (None, None, None));
        assert_eq!(name("name=a%20b+c").as_deref(), Some("a b c"));
    }

    #[test]
    fn a_wait_is_a_flag_or_a_time() {
        let wait = |query| read::<Waiting>(query).map(|waiting| waiting.wait);
        assert_eq!(wait("").unwrap(), None);
        assert_eq!(wait("wait=false").unwrap(), None);
        for yes in ["wait", "wait=", "wait=true"] {
            assert_eq!(wait(yes).unwrap(), Some(WAIT), "{yes}");
        }
        assert_eq!(wait("wait=5s").unwrap(), Some(Duration::from_secs(5)));
        assert_eq!(wait("wait=250ms").unwrap(), Some(Duration::from_millis(250)));
        for bad in ["wait=31s", "wait=soon", "wait=-1s", "wait=1h", "wait=99999999999999999999s"] {
            assert!(wait(bad).is_err(), "{bad}");
        }
    }
}

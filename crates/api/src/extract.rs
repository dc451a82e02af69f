//! What handlers take out of a request besides its body.

use std::collections::HashMap;
use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use model::{EventId, EventKey, Tenant, Timestamp};
use store::Range;

use crate::error::ApiError;

const MAX_DAYS: u32 = 3_650;
const MAX_LIMIT: u64 = 10_000;
const WAIT: Duration = Duration::from_secs(10);
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Whose events a request is about: what the `X-Tenant` header names, else the default tenant.
pub(crate) struct TenantOf(pub(crate) Tenant);

impl<S: Sync> FromRequestParts<S> for TenantOf {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(&parts.headers)
    }
}

impl TenantOf {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut names = headers.get_all("x-tenant").iter();
        let Some(name) = names.next() else { return Ok(Self(Tenant::default())) };
        if names.next().is_some() {
            return Err(ApiError::Invalid("X-Tenant must be there once".into()));
        }
        Ok(Self(Tenant::parse(name.to_str().unwrap_or_default())?))
    }
}

/// The event that the path names. One that can't exist is not found, without a question to anyone.
pub(crate) struct KeyOf(pub(crate) EventKey);

impl<S: Send + Sync> FromRequestParts<S> for KeyOf {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let TenantOf(tenant) = TenantOf::from_request_parts(parts, state).await?;
        let Path(id) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| ApiError::EventNotFound)?;
        let id = EventId::parse(&id).map_err(|_| ApiError::EventNotFound)?;
        Ok(Self(EventKey { tenant, id }))
    }
}

/// The query string. Of a parameter given twice the last counts.
pub(crate) struct Params(HashMap<String, String>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

impl Params {
    pub(crate) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A parameter; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// `limit`: 1 to 10,000.
    pub(crate) fn limit(&self, default: u64) -> Result<u64, ApiError> {
        Ok(self.positive("limit", MAX_LIMIT)?.unwrap_or(default))
    }

    /// From `days` × 24 hours ago, 1 to 3,650 days, or from the beginning, up to now.
    pub(crate) fn range(&self, default_days: Option<u32>) -> Result<Range, ApiError> {
        let (days, now) = (self.positive("days", MAX_DAYS)?.or(default_days), Timestamp::now());
        let from = days.map_or_else(Timestamp::default, |days| now.days_before(days));
        Range::new(from, now, now).map_err(|error| ApiError::Invalid(error.to_string()))
    }

    /// A whole number from 1 up to `most`.
    pub(crate) fn positive<T>(&self, name: &str, most: T) -> Result<Option<T>, ApiError>
    where
        T: FromStr + PartialOrd + From<u8> + ToString + Copy,
    {
        let Some(text) = self.0.get(name) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<T>() {
            Ok(number) if digits && number >= T::from(1) && number <= most => Ok(Some(number)),
            Ok(number) if digits && number > most => Err(ApiError::Invalid(format!(
                "{name} must be a positive integer of at most {}",
                most.to_string()
            ))),
            _ => Err(ApiError::Invalid(format!("{name} must be a positive integer"))),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, ApiError> {
        match self.get(name) {
            None => Ok(default),
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(_) => Err(ApiError::Invalid(format!("{name} must be true or false"))),
        }
    }

    /// `wait`: how long the answer may wait for the write to be visible; `None` if it should not. Its name alone
    /// is `wait=true`.
    pub(crate) fn wait(&self) -> Result<Option<Duration>, ApiError> {
        let text = match self.0.get("wait").map(String::as_str) {
            None | Some("false" | "0") => return Ok(None),
            Some("" | "true" | "1") => return Ok(Some(WAIT)),
            Some(text) => text,
        };
        let (number, unit) =
            text.strip_suffix("ms").map_or((text.strip_suffix('s').unwrap_or(text), 1_000), |ms| (ms, 1));
        let limit =
            number.parse::<u64>().ok().map(|number| Duration::from_millis(number.saturating_mul(unit)));
        match limit {
            Some(limit) if limit <= MAX_WAIT => Ok(Some(limit)),
            _ => Err(ApiError::Invalid(
                "wait must be true, false or a time of at most 30s, such as 5s or 500ms".into(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        Params(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    #[test]
    fn limits_and_days_are_positive_integers_within_bounds() {
        assert_eq!(params("").limit(100).unwrap(), 100);
        assert_eq!(params("limit=7").limit(100).unwrap(), 7);
        for bad in [
            "limit=0",
            "limit=-1",
            "limit=x",
            "limit=",
            "limit=+1",
            "limit=1.5",
            "limit=10001",
            "limit=99999999999999999999999",
        ] {
            let text = params(bad).limit(100).unwrap_err().to_string();
            assert!(text.starts_with("limit must be a positive integer"), "{bad}: {text}");
        }
        let range = |query, default| params(query).range(default);
        assert_eq!(range("days=0", None).unwrap_err().to_string(), "days must be a positive integer");
        assert!(range("days=3651", None).is_err() && range("days=99999999999999999999", Some(1)).is_err());
        assert_eq!(range("", None).unwrap().from(), Timestamp::default());
        let week = range("days=7", None).unwrap();
        assert_eq!((week.from(), range("", Some(7)).is_ok()), (week.to().days_before(7), true));
    }

    #[test]
    fn a_wait_is_a_flag_or_a_time() {
        let wait = |query| params(query).wait();
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

//! Who comes back.

use serde::Deserialize;
use serde::de::{self, Deserializer};
use store::queries::retention::{Cell, Count, Kind, Mode, Retained, RetainedUser, Retention};
use store::{Filters, Grid, Interval, Rolled, WeekStart};
use utoipa::{IntoParams, ToSchema};

use crate::asked::{Asked, DEFAULT_DAYS, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters;
use crate::questions::body::Link;
use crate::questions::users::cursor::{Cursor, List, Page};
use crate::reply::Reply;
use crate::shapes::{FoundPage, SentEvents, Told};

/// Periods behind the one with the start.
pub(crate) const MAX_PERIODS: u16 = 90;

/// What is asked besides `from`, `to`, `days` and `timezone`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asks {
    #[serde(default)]
    start: Those,
    #[serde(default)]
    r#return: Those,
    #[serde(default)]
    period: Period,
    #[serde(default = "seven")]
    periods: u16,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    count: Count,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    week_start: WeekStart,
}

/// Events of which all filters hold.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Those {
    #[serde(default)]
    filters: Filters,
}

/// How long a period is.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RetentionPeriod)]
pub(crate) enum Period {
    #[default]
    Day,
    Week,
    Month,
}

fn seven() -> u16 {
    7
}

/// A question about who comes back.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the description alone")]
#[schema(example = json!({
    "start": {"filters": [{"field": "event_name", "op": "is", "values": ["user.registered"]}]},
    "period": "week", "periods": 4, "days": 60, "timezone": "Europe/Berlin"
}))]
pub(crate) struct RetentionQuestion {
    /// Events by which users begin; any if absent.
    start: Option<SentEvents>,
    /// Events by which they come back, likewise.
    r#return: Option<SentEvents>,
    /// The width of cohorts, and of the periods behind them; a day if absent.
    period: Option<Period>,
    /// How many periods are looked at behind the one with the start; 7 if absent.
    #[schema(minimum = 1, maximum = 90)]
    periods: Option<u16>,
    /// Whether a user begins once: with the `first` start event of all time, or in each period with the first there.
    mode: Option<Mode>,
    /// Whether a return counts `on` its period alone, or for all up to it.
    count: Option<Count>,
    /// Whether periods are local days, weeks and months, or 24 hours, 7 days and 30 days from each user's start on.
    kind: Option<Kind>,
    /// An RFC 3339 time, or a date for the start of that day in `timezone`: users begin from then on.
    from: Option<String>,
    /// Likewise: nobody begins from then on. Returns count up to now.
    to: Option<String>,
    /// In place of both: so many times 24 hours up to now; 7 if nothing is said.
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<u32>,
    /// The IANA name of the zone of dates and periods.
    #[schema(default = "UTC", example = "Europe/Berlin")]
    timezone: Option<String>,
    /// The day on which weeks begin: `monday` or `sunday`.
    #[schema(default = "monday")]
    week_start: Option<String>,
}

/// How many of the users who began in the same period came back, by periods since.
#[utoipa::path(
    post,
    path = "/retention",
    tag = "questions",
    request_body = RetentionQuestion,
    responses((status = 200, description = "A cohort for each period in which somebody began", body = Told<Retained>))
)]
pub(crate) async fn retention(mut call: Call) -> Result<Reply<Retained>, ApiError> {
    let (range, asks) = call.question::<Asks>().await?;
    let (retention, grid, asked) = about(call, &range, asks).await?;
    asked.tell_in(&grid, asked.store().retention(&asked.scope(), &grid, &retention).await)
}

/// What the question is, and about what.
async fn about(
    call: Call,
    range: &parameters::Period,
    asks: Asks,
) -> Result<(Retention, Grid, Asked), ApiError> {
    let Asks { start, r#return, period, periods, mode, count, kind, week_start } = asks;
    if !(1..=MAX_PERIODS).contains(&periods) {
        return Err(ApiError::Invalid(format!("periods must be 1 to {MAX_PERIODS}")));
    }
    let retention =
        Retention { start: start.filters, returning: r#return.filters, periods, mode, count, kind };
    let asked = Asked::about(call, range, Some(DEFAULT_DAYS), Filters::NONE).await?;
    let grid = asked.grid(Some(period.into()), week_start).await?;
    Ok((retention, grid, asked))
}

/// The same as a link.
#[utoipa::path(
    get,
    path = "/retention",
    tag = "questions",
    params(Link),
    responses((status = 200, description = "As to the POST", body = Told<Retained>))
)]
pub(crate) async fn retention_link(call: Call) -> Result<Reply<Retained>, ApiError> {
    retention(call).await
}

/// Which users of a cohort are wanted.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Which {
    /// The cohort's first local day.
    #[serde(deserialize_with = "parameters::text")]
    #[param(value_type = String, required = true, example = "2026-11-20")]
    cohort: Option<String>,
    /// Only those who came back in this period, from 0, that with the start; all of the cohort if absent.
    #[serde(deserialize_with = "returned_in")]
    #[param(value_type = Option<u16>, minimum = 0, maximum = 90)]
    returned_in: Option<u16>,
}

/// Who the users are that a cell of retention counts, those first who began last. The body is that of the retention.
#[utoipa::path(
    post,
    path = "/retention/users",
    tag = "questions",
    params(Which, Page),
    request_body = RetentionQuestion,
    responses((status = 200, description = "A page of them", body = FoundPage<RetainedUser>))
)]
pub(crate) async fn users(mut call: Call) -> Result<Reply<Vec<RetainedUser>>, ApiError> {
    let (Which { cohort, returned_in }, page) = (call.parameters()?, call.parameters::<Page>()?);
    let cohort = cohort.ok_or(ApiError::Missing("cohort is required: the first local day of one"))?;
    let after = page.after(List::Cohort)?;
    let (range, asks) = call.question::<Asks>().await?;
    let (retention, grid, asked) = about(call, &range, asks).await?;
    if returned_in.is_some_and(|period| period > retention.periods) {
        return Err(ApiError::Invalid(format!(
            "returned_in must be 0 to {}, the last period",
            retention.periods
        )));
    }
    let (asked, cell) = (page.within(asked), Cell { cohort, period: returned_in });
    let (scope, limit) = (asked.scope(), page.limit.into());
    let found = asked.store().retention_users(&scope, &grid, &retention, &cell, after, limit).await;
    let Rolled { data, read, relative_error } = found.map_err(|error| ApiError::question(error, NARROW))?;
    let next = data.next.map(|after| Cursor { range: asked.range(), list: List::Cohort, after });
    let mut meta = asked.meta();
    meta.read_from(read, relative_error);
    Ok(Reply::ok(data.users).about(meta).with_more(next))
}

/// The same as a link.
#[utoipa::path(
    get,
    path = "/retention/users",
    tag = "questions",
    params(Link, Which, Page),
    responses((status = 200, description = "As to the POST", body = FoundPage<RetainedUser>))
)]
pub(crate) async fn users_link(call: Call) -> Result<Reply<Vec<RetainedUser>>, ApiError> {
    users(call).await
}

fn returned_in<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let Some(text) = parameters::text(deserializer)? else { return Ok(None) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .map(Some)
        .ok_or_else(|| de::Error::custom("returned_in must be a period's number"))
}

impl From<Period> for Interval {
    fn from(period: Period) -> Self {
        match period {
            Period::Day => Self::Day,
            Period::Week => Self::Week,
            Period::Month => Self::Month,
        }
    }
}

//! Metrics over time: of all events, of those of each value of a field, and beside another time.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use store::queries::{Breakdown, Found, Number, Series};
use store::{Bucket, Compare, Filters, Interval, Metric, WeekStart};
use utoipa::ToSchema;

use crate::asked::{Asked, DEFAULT_DAYS, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::questions::body::Link;
use crate::reply::Reply;
use crate::shapes::{SentBreakdown, SentFilter, Told};

/// Metrics of one question.
/// Values of one answer, of all of its series.
const MAX_VALUES: usize = 1_000_000;
const MAX_METRICS: usize = 20;

/// What is asked besides `from`, `to`, `days` and `timezone`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asks {
    metrics: Vec<Metric>,
    #[serde(default)]
    filters: Filters,
    breakdown: Option<Breakdown>,
    #[serde(default, deserialize_with = "interval")]
    interval: Option<Interval>,
    #[serde(default)]
    week_start: WeekStart,
    compare: Option<Compare>,
}

/// A question about metrics over time.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the description alone")]
#[schema(example = json!({"metrics": ["events", "error_rate"], "days": 7, "breakdown": {"field": "event_name"}}))]
pub(crate) struct MetricsQuestion {
    /// `events`, `users`, `conversations`, `errors`, `error_rate` (of events, 0 to 1), `latency_p50`, `latency_p95`,
    /// `latency_p99` (in milliseconds), or `sum`, `avg`, `min`, `max`, `p95` or `distinct` of a field:
    /// `{"sum":"properties.price"}`.
    #[schema(min_items = 1, max_items = 20)]
    metrics: Vec<Value>,
    /// What must hold of the events: all of these.
    filters: Option<Vec<SentFilter>>,
    /// A field by whose values events are divided.
    breakdown: Option<SentBreakdown>,
    /// The width of a bucket: `auto`, `minute`, `hour`, `day`, `week` or `month`, of the calendar of `timezone`.
    #[schema(default = "auto")]
    interval: Option<String>,
    /// Where the range begins: an RFC 3339 time, or a date for the start of that day in `timezone`.
    from: Option<String>,
    /// Where it ends, likewise: the first time that counts no more. Now if absent.
    to: Option<String>,
    /// In place of both: so many times 24 hours up to now; 7 if nothing is said.
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<u32>,
    /// The IANA name of the zone of dates and buckets.
    #[schema(default = "UTC", example = "Europe/Berlin")]
    timezone: Option<String>,
    /// `"true"` (or true): all hours that were written to since they were rolled up are read anew, and percentiles are
    /// exact; `"raw"`: nothing is read from hours that were rolled up.
    exact: Option<String>,
    /// The day on which weeks begin: `monday` or `sunday`.
    #[schema(default = "monday")]
    week_start: Option<String>,
    /// The time to compare with: `previous_period` or `same_weekday`; not together with a breakdown.
    compare: Option<String>,
}

/// Metrics over time.
#[derive(Serialize, ToSchema)]
pub(crate) struct Answer {
    /// Each bucket of the range, also those without events.
    buckets: Vec<Bucket>,
    series: Vec<Series>,
    /// The same series of the time that is compared with, each with as many values as that time has buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    compare: Option<Vec<Compared>>,
}

/// A series of the time that is compared with.
#[derive(Serialize, ToSchema)]
pub(crate) struct Compared {
    #[serde(flatten)]
    #[schema(inline)]
    series: Series,
    /// By what part of that time's total the total is more than it; null if that is 0 or none.
    #[schema(value_type = Option<f64>)]
    change: Option<Number>,
}

/// Metrics over time, in local calendar buckets.
#[utoipa::path(
    post,
    path = "/query",
    tag = "questions",
    request_body = MetricsQuestion,
    responses((status = 200, description = "A series for each metric, and for each value of the breakdown", body = Told<Answer>))
)]
pub(crate) async fn query(mut call: Call) -> Result<Reply<Answer>, ApiError> {
    let (period, asks) = call.question::<Asks>().await?;
    let Asks { metrics, filters, breakdown, interval, week_start, compare } = asks;
    if metrics.is_empty() || metrics.len() > MAX_METRICS {
        return Err(ApiError::Invalid(format!("metrics must name 1 to {MAX_METRICS} metrics")));
    }
    if compare.is_some() && breakdown.is_some() {
        return Err(ApiError::Invalid("compare can't be given together with breakdown".into()));
    }
    let asked = Asked::about(call, &period, Some(DEFAULT_DAYS), filters).await?;
    let grid = asked.grid(interval, week_start).await?;
    // With the others and those without a value.
    let series = metrics.len() * breakdown.as_ref().map_or(1, |breakdown| breakdown.limit() + 2);
    if series * grid.buckets().len() > MAX_VALUES {
        let problem = format!(
            "{series} series of {} values are more than {MAX_VALUES} values: ask for a longer interval or fewer metrics or values of the breakdown",
            grid.buckets().len()
        );
        return Err(ApiError::Invalid(problem));
    }
    let question = |error| ApiError::question(error, NARROW);
    let scope = asked.scope();
    let found = asked.store().series(&scope, &grid, &metrics, breakdown.as_ref()).await.map_err(question)?;
    let mut meta = asked.meta();
    meta.interval = Some(grid.interval().as_str());
    let (mut read, mut relative_error) = (found.read, found.relative_error);
    meta.approximate = found.approximate;
    let compare = match compare {
        None => None,
        Some(compare) => {
            let range = asked.store().compared(&asked.range(), asked.zone(), compare).await?;
            let grid = asked.store().grid(&range, asked.zone(), Some(grid.interval()), week_start).await?;
            let scope = store::Scope { range, ..scope };
            let before = asked.store().series(&scope, &grid, &metrics, None).await.map_err(question)?;
            meta.approximate |= before.approximate;
            read = read.and(before.read);
            relative_error = relative_error.or(before.relative_error);
            Some(compared(&found, before))
        }
    };
    meta.read_from(read, relative_error);
    Ok(Reply::ok(Answer { buckets: grid.buckets().to_vec(), series: found.series, compare }).about(meta))
}

/// The same as a link.
#[utoipa::path(
    get,
    path = "/query",
    tag = "questions",
    params(Link),
    responses((status = 200, description = "As to the POST", body = Told<Answer>))
)]
pub(crate) async fn query_link(call: Call) -> Result<Reply<Answer>, ApiError> {
    query(call).await
}

fn compared(now: &Found, before: Found) -> Vec<Compared> {
    let with_change = |(now, before): (&Series, Series)| {
        let change = match (now.total, before.total) {
            (Some(now), Some(before)) if before.0 != 0.0 => Some(Number((now.0 - before.0) / before.0)),
            _ => None,
        };
        Compared { series: before, change }
    };
    now.series.iter().zip(before.series).map(with_change).collect()
}

/// `interval` of a body.
pub(crate) fn interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Interval>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    name.map_or(Ok(None), |name| Interval::parse(&name).map_err(de::Error::custom))
}

#[cfg(test)]
mod tests {
    use store::queries::Role;

    use super::*;

    fn of_total(total: Option<f64>) -> Found {
        let total = total.map(Number);
        let series =
            Series { key: None, role: Role::All, metric: "m".into(), values: vec![], total, n: None };
        Found { series: vec![series], approximate: false, relative_error: None, read: store::Read::default() }
    }

    #[test]
    fn there_is_no_change_against_nothing() {
        let change = |now, before| compared(&of_total(now), of_total(before)).remove(0).change;
        assert_eq!(change(Some(15.0), Some(10.0)), Some(Number(0.5)));
        assert_eq!(change(Some(0.0), Some(10.0)), Some(Number(-1.0)));
        for (now, before) in [(Some(5.0), Some(0.0)), (Some(5.0), None), (None, Some(5.0))] {
            assert_eq!(change(now, before), None);
        }
    }
}

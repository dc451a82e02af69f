//! Metrics over time from hours that were rolled up.

use std::collections::HashMap;

use super::{Breakdown, Found, Group, NONE, SERIES, TOP, Top, series};
use crate::range::{Grid, START};
use crate::rollup::{Parts, Plan, RELATIVE_ERROR, can_hold, is_told_apart};
use crate::{Filters, Interval, Metric, Reading, Scope, Store, StoreError};

/// Different users, and conversations, have sources of their own. Each list counts twice: in its bucket and in all of
/// them, which is none. A day that is there as a whole needs no counting where it is the bucket.
const DIFFERENT: &str = "
    SELECT /* start */ AS start, toUInt16(0) AS place,
        [CAST(uniqExactArrayIf(hashes, NOT is_counted) + sumIf(length(hashes), is_counted), 'Nullable(Float64)')] AS values,
        [toUInt64(0)] AS counts
    FROM (
        SELECT if(is_all, NULL, /* bucket */) AS bucket, NOT is_all AND is_day AND /* days are buckets */ AS is_counted, hashes
        FROM /* source */
        ARRAY JOIN [true, false] AS is_all)
    GROUP BY bucket";

impl Store {
    /// The series, where rollups tell them; else none.
    pub(super) async fn series_rolled(
        &self,
        scope: &Scope<'_>,
        grid: &Grid,
        metrics: &[Metric],
        breakdown: Option<&Breakdown>,
    ) -> Result<Option<Found>, StoreError> {
        if !are_told(scope.filters, grid, metrics, breakdown) {
            return Ok(None);
        }
        let Some(plan) = self.plan(scope).await? else { return Ok(None) };
        let is_near = metrics.iter().any(Metric::is_near_of_quarters);
        if is_near && (plan.is_small() || scope.reading == Reading::Exact) {
            return Ok(None);
        }
        let top = match breakdown {
            Some(breakdown) => self.top_rolled(scope, &plan, metrics, breakdown).await?,
            None => Vec::new(),
        };
        let counts = self.counts(scope, &plan, grid, metrics, breakdown, &top);
        let parts = Parts::of(scope, grid.interval());
        let users = self.different(scope, &plan, parts, grid, metrics, &Metric::Users);
        let talks = self.different(scope, &plan, Parts::Quarters, grid, metrics, &Metric::Conversations);
        let (counts, users, talks) = tokio::try_join!(counts, users, talks)?;
        let groups = together(counts, users, &Metric::Users, metrics);
        let groups = together(groups, talks, &Metric::Conversations, metrics);
        Ok(Some(Found {
            relative_error: is_near.then_some(RELATIVE_ERROR),
            read: plan.read,
            ..Found::live(series(groups, grid, metrics, breakdown.map(|_| &*top)))
        }))
    }

    async fn top_rolled(
        &self,
        scope: &Scope<'_>,
        plan: &Plan,
        metrics: &[Metric],
        breakdown: &Breakdown,
    ) -> Result<Vec<Top>, StoreError> {
        let metric = metrics.first().and_then(Metric::of_quarters).unwrap_or_default();
        let sql = from_quarters(TOP, Some(breakdown), metrics.get(..1).unwrap_or_default())
            .replace("/* metric */", &metric);
        let question = self.ask_rolled(scope, plan, Parts::Quarters, &sql);
        question.param("limit", breakdown.limit() as u64).fetch_all().await
    }

    /// All but different users and conversations, of whom there are none here.
    async fn counts(
        &self,
        scope: &Scope<'_>,
        plan: &Plan,
        grid: &Grid,
        metrics: &[Metric],
        breakdown: Option<&Breakdown>,
        top: &[Top],
    ) -> Result<Vec<Group>, StoreError> {
        if metrics.iter().all(Metric::counts_distinct) {
            return Ok(Vec::new());
        }
        let nothing = || "CAST(0, 'Nullable(Float64)')".to_owned();
        let values = metrics.iter().map(|metric| metric.of_quarters().unwrap_or_else(nothing));
        let counts = metrics.iter().map(|metric| if metric.is_near_of_quarters() { "sum(m)" } else { "0" });
        let counts = counts.map(|count| format!("toUInt64({count})"));
        let sql = from_quarters(SERIES, breakdown, metrics)
            .replace("/* bucket */", &grid.bucket())
            .replace("/* start */", START)
            .replace("/* values */", &values.collect::<Vec<_>>().join(", "))
            .replace("/* counts */", &counts.collect::<Vec<_>>().join(", "));
        let hashes: Vec<_> = top.iter().map(|top| top.hash).collect();
        self.ask_rolled(scope, plan, Parts::Quarters, &sql).param("top", &hashes).fetch_all().await
    }

    /// Of one of the metrics that count what is different; nothing if it is not asked for.
    async fn different(
        &self,
        scope: &Scope<'_>,
        plan: &Plan,
        parts: Parts,
        grid: &Grid,
        metrics: &[Metric],
        metric: &Metric,
    ) -> Result<Vec<Group>, StoreError> {
        if !metrics.contains(metric) {
            return Ok(Vec::new());
        }
        let source = if *metric == Metric::Users { "{people}" } else { "{conversations}" };
        let days_are_buckets = grid.interval() == Interval::Day;
        let sql = DIFFERENT
            .replace("/* source */", source)
            .replace("/* bucket */", &grid.bucket())
            .replace("/* start */", START)
            .replace("/* days are buckets */", &days_are_buckets.to_string());
        self.ask_rolled(scope, plan, parts, &sql).fetch_all().await
    }
}

/// Whether quarters of an hour tell these metrics of these events.
fn are_told(filters: &Filters, grid: &Grid, metrics: &[Metric], breakdown: Option<&Breakdown>) -> bool {
    let is_whole = filters.is_empty() && breakdown.is_none();
    grid.interval() != Interval::Minute
        && can_hold(filters)
        && breakdown.is_none_or(|breakdown| is_told_apart(breakdown.field()))
        && metrics.iter().all(|metric| match metric {
            Metric::Users | Metric::Conversations => is_whole,
            metric => metric.of_quarters().is_some(),
        })
}

/// With quarters in place of events, and the value that divides them.
fn from_quarters(sql: &str, breakdown: Option<&Breakdown>, metrics: &[Metric]) -> String {
    let value =
        breakdown.map_or_else(|| "''".to_owned(), |breakdown| format!("toString({})", breakdown.field()));
    let source = if metrics.iter().any(Metric::is_near_of_quarters) { "{latencies}" } else { "{quarters}" };
    sql.replace("{events}", &format!("(SELECT *, {value} AS value FROM {source})"))
}

/// Puts the values of one metric in their places among the others.
fn together(counts: Vec<Group>, of_one: Vec<Group>, one: &Metric, metrics: &[Metric]) -> Vec<Group> {
    let mut groups: HashMap<_, Group> =
        counts.into_iter().map(|group| ((group.place, group.start), group)).collect();
    for found in of_one {
        let empty = || Group {
            start: found.start,
            place: NONE,
            values: metrics.iter().map(Metric::of_nothing).collect(),
            counts: vec![0; metrics.len()],
        };
        let group = groups.entry((found.place, found.start)).or_insert_with(empty);
        for (value, _) in group.values.iter_mut().zip(metrics).filter(|(_, metric)| *metric == one) {
            *value = found.values.first().copied().flatten();
        }
    }
    groups.into_values().collect()
}

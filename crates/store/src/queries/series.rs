//! What metrics come to, bucket by bucket, of all events or of those of each value of a field.

mod rolled;

use std::collections::HashMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::Breakdown;
use crate::ask::Besides;
use crate::range::{Grid, START};
use crate::rollup::Read;
use crate::{Metric, Scope, Store, StoreError};

/// One pass over the events: each bucket of each series, and each series as a whole, since the whole of a
/// percentile or of distinct values is no sum. The place of a series is that of its value among the top, from 1 on,
/// which are known by their hashes: the texts may be longer than what a server takes as a parameter.
const SERIES: &str = "
    WITH /* bucket */ AS bucket,
        transform(cityHash64(value), arrayPushFront({top:Array(UInt64)}, cityHash64('')),
            range(toUInt16(length({top:Array(UInt64)}) + 1)), 65535::UInt16) AS place
    SELECT if(grouping(bucket) = 1, NULL, /* start */) AS start, place, [/* values */] AS values, [/* counts */] AS counts
    FROM {events}
    GROUP BY GROUPING SETS ((place, bucket), (place))";

/// The values of a field that have most of a metric; of equals the first by their text.
const TOP: &str = "
    SELECT value, cityHash64(value) AS hash
    FROM {events}
    WHERE value != ''
    GROUP BY value
    ORDER BY /* metric */ DESC NULLS LAST, value
    LIMIT {limit:UInt64}";

/// Which events a series is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// All that were asked about.
    All,
    /// Those of one value.
    Value,
    /// Those of the values that have no series of their own.
    Other,
    /// Those without a value.
    None,
}

/// One metric of some events.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Series {
    /// The value of the breakdown's field, where it is of one.
    pub key: Option<String>,
    /// Which events it is of.
    pub role: Role,
    /// The metric's name.
    #[schema(example = "sum(properties.price)")]
    pub metric: String,
    /// Of each bucket; null of a rate, a mean or a percentile of nothing.
    #[schema(value_type = Vec<Option<f64>>)]
    pub values: Vec<Option<Number>>,
    /// Of the whole range.
    #[schema(value_type = Option<f64>)]
    pub total: Option<Number>,
    /// How many values a percentile's total is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
}

/// A number as JSON has it: a whole one without a fraction.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Number(pub f64);

/// The series of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Those of the values by the first metric, then the others, then those without a value; each of all metrics.
    pub series: Vec<Series>,
    /// Whether distinct values were estimated, since there are too many to be counted.
    pub approximate: bool,
    /// By what part of themselves percentiles may be off; none if they are exact.
    pub relative_error: Option<f64>,
    /// What they were read from.
    pub read: Read,
}

/// A value of a breakdown that has a series of its own.
#[derive(Row, Deserialize)]
struct Top {
    value: String,
    hash: u64,
}

/// The place of events without a value.
const NONE: u16 = 0;
/// The place of those whose value is not among the top.
const OTHER: u16 = u16::MAX;

#[derive(Row, Deserialize)]
struct Group {
    start: Option<i64>,
    place: u16,
    values: Vec<Option<f64>>,
    counts: Vec<u64>,
}

impl Store {
    /// The metrics in each bucket of the grid and altogether.
    pub async fn series(
        &self,
        scope: &Scope<'_>,
        grid: &Grid,
        metrics: &[Metric],
        breakdown: Option<&Breakdown>,
    ) -> Result<Found, StoreError> {
        match self.series_rolled(scope, grid, metrics, breakdown).await {
            Ok(Some(found)) => return Ok(found),
            // What is different may still be estimated.
            Err(error) if !error.is_out_of_memory() => return Err(error),
            Ok(None) | Err(_) => {}
        }
        let exact = self.series_by(scope, grid, metrics, breakdown, Distinct::Counted).await;
        match exact {
            Err(error) if error.is_out_of_memory() && metrics.iter().any(Metric::counts_distinct) => {
                let series = self.series_by(scope, grid, metrics, breakdown, Distinct::Estimated).await?;
                Ok(Found { approximate: true, ..Found::live(series) })
            }
            exact => Ok(Found::live(exact?)),
        }
    }

    async fn series_by(
        &self,
        scope: &Scope<'_>,
        grid: &Grid,
        metrics: &[Metric],
        breakdown: Option<&Breakdown>,
        distinct: Distinct,
    ) -> Result<Vec<Series>, StoreError> {
        let top = match breakdown {
            Some(breakdown) => self.top_values(scope, metrics, breakdown, distinct).await?,
            None => Vec::new(),
        };
        let mut besides = columns(metrics, breakdown);
        if breakdown.is_none() {
            besides.columns += ", '' AS value";
        }
        let values = metrics.iter().enumerate().map(|(n, metric)| distinct.value(metric, &column(n)));
        let counts = metrics
            .iter()
            .enumerate()
            .map(|(n, metric)| metric.count(&column(n)).unwrap_or_else(|| "0".into()));
        let counts = counts.map(|count| format!("toUInt64({count})"));
        let sql = SERIES
            .replace("/* bucket */", &grid.bucket())
            .replace("/* start */", START)
            .replace("/* values */", &values.collect::<Vec<_>>().join(", "))
            .replace("/* counts */", &counts.collect::<Vec<_>>().join(", "));
        let hashes: Vec<_> = top.iter().map(|top| top.hash).collect();
        let groups: Vec<Group> =
            self.ask_besides(scope, &sql, besides).param("top", &hashes).fetch_all().await?;
        Ok(series(groups, grid, metrics, breakdown.map(|_| &*top)))
    }

    /// Most of the first metric first.
    async fn top_values(
        &self,
        scope: &Scope<'_>,
        metrics: &[Metric],
        breakdown: &Breakdown,
        distinct: Distinct,
    ) -> Result<Vec<Top>, StoreError> {
        let Some(first) = metrics.first() else { return Ok(Vec::new()) };
        let besides = columns(std::slice::from_ref(first), Some(breakdown));
        let sql = TOP.replace("/* metric */", &distinct.value(first, &column(0)));
        self.ask_besides(scope, &sql, besides).param("limit", breakdown.limit() as u64).fetch_all().await
    }
}

impl Found {
    /// All of it read from the events.
    fn live(series: Vec<Series>) -> Self {
        Self { series, approximate: false, relative_error: None, read: Read::default() }
    }
}

/// How different values are counted.
#[derive(Clone, Copy)]
enum Distinct {
    /// Each is remembered.
    Counted,
    /// By a sketch of a fixed size.
    Estimated,
}

impl Distinct {
    fn value(self, metric: &Metric, column: &str) -> String {
        let exact = metric.value(column);
        match self {
            Self::Counted => exact,
            Self::Estimated => exact.replace("uniqExact", "uniqCombined64"),
        }
    }
}

fn column(n: usize) -> String {
    format!("metric{n}")
}

/// What the metrics need, and the value of the breakdown.
fn columns(metrics: &[Metric], breakdown: Option<&Breakdown>) -> Besides {
    let mut besides = Besides::default();
    for (n, metric) in metrics.iter().enumerate() {
        besides.columns += &metric.column(&column(n), &mut besides.params);
    }
    if let Some(breakdown) = breakdown {
        let value = breakdown.value(&mut besides.params);
        besides.columns += &format!(", {value} AS value");
    }
    besides
}

/// Puts the groups in their places. Without a breakdown there is a series whether there are events or not.
fn series(groups: Vec<Group>, grid: &Grid, metrics: &[Metric], top: Option<&[Top]>) -> Vec<Series> {
    let mut found: HashMap<u16, Vec<Group>> = HashMap::new();
    for group in groups {
        found.entry(group.place).or_default().push(group);
    }
    let Some(top) = top else {
        return of_key(found.remove(&NONE).unwrap_or_default(), None, Role::All, grid, metrics);
    };
    let values = (1..).zip(top).map(|(place, top)| (place, Some(&top.value), Role::Value));
    let series = values.chain([(OTHER, None, Role::Other), (NONE, None, Role::None)]);
    let series = series.filter_map(|(place, key, role)| {
        Some(of_key(found.remove(&place)?, key.cloned(), role, grid, metrics))
    });
    series.flatten().collect()
}

fn of_key(
    groups: Vec<Group>,
    key: Option<String>,
    role: Role,
    grid: &Grid,
    metrics: &[Metric],
) -> Vec<Series> {
    let empty = |metric: &Metric| Series {
        key: key.clone(),
        role,
        metric: metric.to_string(),
        values: vec![metric.of_nothing().map(Number); grid.buckets().len()],
        total: metric.of_nothing().map(Number),
        n: metric.count("").map(|_| 0),
    };
    let mut all: Vec<_> = metrics.iter().map(empty).collect();
    for Group { start, values, counts, .. } in groups {
        for ((series, value), count) in all.iter_mut().zip(values).zip(counts) {
            let value = value.map(Number);
            match start {
                None => {
                    series.total = value;
                    series.n = series.n.map(|_| count);
                }
                Some(start) => {
                    if let Some(place) = grid.place(start).and_then(|place| series.values.get_mut(place)) {
                        *place = value;
                    }
                }
            }
        }
    }
    all
}

impl Role {
    /// As answers have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Value => "value",
            Self::Other => "other",
            Self::None => "none",
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// 2^53: whole numbers beyond it are no more exact.
        const MOST: f64 = 9_007_199_254_740_992.0;
        if self.0.fract() == 0.0 && self.0.abs() <= MOST {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within the bounds of an i64")]
            return serializer.serialize_i64(self.0 as i64);
        }
        serializer.serialize_f64(self.0)
    }
}

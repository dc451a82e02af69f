//! What can be measured of events. Each metric is defined here, once for every question that asks for it.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::filter::{Binder, NUMBER, Params, USER, distinct, distinct_in};
use crate::rollup::MERGED;
use crate::{Field, FilterError};

/// A number that events come to. A rate, a mean or a percentile of nothing is none, a sum or count of nothing 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metric {
    /// `events`: all of them.
    Events,
    /// `users`: those who have an event, by their ids.
    Users,
    /// `conversations`: those that have an event.
    Conversations,
    /// `errors`: events with an error.
    Errors,
    /// `error_rate`: the share of events with an error, 0 to 1.
    ErrorRate,
    /// `latency_p50`, `latency_p95`, `latency_p99`: a percentile of the latencies that were measured, in milliseconds.
    Latency(Percentile),
    /// `{"sum": "properties.price"}`: of what the events say under a name.
    Of(Function, Field),
}

/// The value that so many of a hundred are not greater than: of n sorted values the one at ⌊q·n⌋, or the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Percentile {
    /// The median.
    P50,
    /// 95 of a hundred.
    P95,
    /// 99 of a hundred.
    P99,
}

/// What is made of the values of a field. All but `Distinct` take its numbers, and texts that are numbers in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `p95`
    P95,
    /// `distinct`: how many different texts there are.
    Distinct,
}

const NAMES: [(&str, Metric); 8] = [
    ("events", Metric::Events),
    ("users", Metric::Users),
    ("conversations", Metric::Conversations),
    ("errors", Metric::Errors),
    ("error_rate", Metric::ErrorRate),
    ("latency_p50", Metric::Latency(Percentile::P50)),
    ("latency_p95", Metric::Latency(Percentile::P95)),
    ("latency_p99", Metric::Latency(Percentile::P99)),
];

const FUNCTIONS: [(&str, Function); 6] = [
    ("sum", Function::Sum),
    ("avg", Function::Avg),
    ("min", Function::Min),
    ("max", Function::Max),
    ("p95", Function::P95),
    ("distinct", Function::Distinct),
];

/// A metric that can't be meant. Names what is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// None of those that there are.
    #[error("unknown metric {0:?}: it must be one of {names}, or one of {functions} with a field", names = NAMES.map(|(name, _)| name).join(", "), functions = FUNCTIONS.map(|(name, _)| name).join(", "))]
    Unknown(String),
    /// Its field can't be meant.
    #[error(transparent)]
    Field(#[from] FilterError),
}

impl Metric {
    /// The metric of this name that needs no field.
    pub fn named(name: &str) -> Result<Self, MetricError> {
        let known = NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, metric)| metric);
        known.ok_or_else(|| MetricError::Unknown(name.chars().take(64).collect()))
    }

    /// That of a field.
    pub fn of(function: &str, field: &str) -> Result<Self, MetricError> {
        let known = FUNCTIONS.into_iter().find(|(known, _)| *known == function).map(|(_, function)| function);
        let function = known.ok_or_else(|| MetricError::Unknown(function.chars().take(64).collect()))?;
        Ok(Self::Of(function, Field::parse(field)?))
    }

    /// The column that it needs beside those of `events`, or nothing; its name is `name`.
    pub(crate) fn column(&self, name: &str, params: &mut Params) -> String {
        let Self::Of(function, field) = self else { return String::new() };
        let texts = Binder::new(name, params).texts_of(field);
        match function {
            Function::Distinct => format!(", arrayFilter(text -> text != '', {texts}) AS {name}"),
            _ => format!(
                // Of 1e999 only infinity is left, which would make any sum of it none.
                ", arrayFilter(number -> isFinite(number), arrayMap(text -> toFloat64OrZero(text), arrayFilter(text -> match(text, {NUMBER}), {texts}))) AS {name}"
            ),
        }
    }

    /// Whether it tells how many different values there are, which takes memory for each.
    pub(crate) fn counts_distinct(&self) -> bool {
        matches!(self, Self::Users | Self::Conversations | Self::Of(Function::Distinct, _))
    }

    /// What it comes to where there are no events.
    pub(crate) fn of_nothing(&self) -> Option<f64> {
        let is_count = matches!(self, Self::Events | Self::Errors | Self::Of(Function::Sum, _));
        (is_count || self.counts_distinct()).then_some(0.0)
    }

    /// The number of values behind a percentile as SQL over events that have its column, or nothing.
    pub(crate) fn count(&self, name: &str) -> Option<String> {
        match self {
            Self::Latency(_) => Some("countIf(latency > 0)".to_owned()),
            Self::Of(Function::P95, _) => Some(format!("sum(length({name}))")),
            _ => None,
        }
    }

    /// Its value as SQL over events that have its column: a number, or NULL where there is none.
    pub(crate) fn value(&self, name: &str) -> String {
        let some = |value: String| format!("if(sum(length({name})) = 0, NULL, {value})");
        let value = match self {
            Self::Events => "count()".to_owned(),
            Self::Users => distinct(USER),
            Self::Conversations => distinct("conversation_id"),
            Self::Errors => "countIf(error != '')".to_owned(),
            Self::ErrorRate => "if(count() = 0, NULL, countIf(error != '') / count())".to_owned(),
            Self::Latency(percentile) => format!(
                "if(countIf(latency > 0) = 0, NULL, quantileExactIf({})(latency, latency > 0))",
                percentile.level()
            ),
            Self::Of(Function::Sum, _) => format!("sumArray({name})"),
            Self::Of(Function::Distinct, _) => distinct_in(name),
            Self::Of(Function::Avg, _) => some(format!("avgArray({name})")),
            Self::Of(Function::Min, _) => some(format!("minArray({name})")),
            Self::Of(Function::Max, _) => some(format!("maxArray({name})")),
            Self::Of(Function::P95, _) => some(format!("quantileExactArray(0.95)({name})")),
        };
        format!("CAST({value}, 'Nullable(Float64)')")
    }
}

impl Metric {
    /// Its value as SQL over quarters of hours that were rolled up; none if they don't tell it. Percentiles are within
    /// 1 % of what they say.
    pub(crate) fn of_quarters(&self) -> Option<String> {
        let value = match self {
            Self::Events => "sum(n)".to_owned(),
            Self::Errors => "sum(e)".to_owned(),
            Self::ErrorRate => "if(sum(n) = 0, NULL, sum(e) / sum(n))".to_owned(),
            Self::Latency(percentile) => MERGED.replace("/* level */", percentile.level()),
            Self::Users | Self::Conversations | Self::Of(..) => return None,
        };
        Some(format!("CAST({value}, 'Nullable(Float64)')"))
    }

    /// Whether it is near what it says where it is told by quarters.
    pub(crate) fn is_near_of_quarters(&self) -> bool {
        matches!(self, Self::Latency(_))
    }
}

impl Function {
    fn as_str(self) -> &'static str {
        FUNCTIONS.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }
}

impl Percentile {
    fn level(self) -> &'static str {
        match self {
            Self::P50 => "0.5",
            Self::P95 => "0.95",
            Self::P99 => "0.99",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Of(function, field) = self {
            return write!(f, "{}({field})", function.as_str());
        }
        f.write_str(NAMES.iter().find(|(_, known)| known == self).map_or("", |(name, _)| name))
    }
}

/// As it is read.
impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Of(function, field) => serializer.collect_map([(function.as_str(), field)]),
            _ => serializer.collect_str(self),
        }
    }
}

/// A name, or an object of one function and its field.
impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyMetric)
    }
}

struct AnyMetric;

impl<'de> Visitor<'de> for AnyMetric {
    type Value = Metric;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a metric, or a function with its field, such as sum with properties.price")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Metric, E> {
        Metric::named(name).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metric, A::Error> {
        let Some((function, field)) = map.next_entry::<String, String>()? else {
            return Err(de::Error::invalid_length(0, &self));
        };
        if map.next_key::<String>()?.is_some() {
            return Err(de::Error::invalid_length(2, &self));
        }
        Metric::of(&function, &field).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(json: &str) -> Result<Metric, String> {
        // Without the place in the text.
        serde_json::from_str(json)
            .map_err(|error| error.to_string().split(" at line ").next().unwrap().to_owned())
    }

    #[test]
    fn a_metric_is_called_as_it_is_asked_for() {
        for (name, _) in NAMES {
            let named = metric(&format!("{name:?}")).unwrap();
            assert_eq!(named.to_string(), name);
            assert_eq!(serde_json::to_value(&named).unwrap(), name);
        }
        let sum = r#"{"sum":"properties.a.b"}"#;
        assert_eq!(serde_json::to_string(&metric(sum).unwrap()).unwrap(), sum);
        assert_eq!(metric(r#"{"sum":"properties.a.b"}"#).unwrap().to_string(), "sum(properties.a.b)");
        assert_eq!(metric(r#"{"distinct":"user"}"#).unwrap().to_string(), "distinct(user)");
    }

    #[test]
    fn what_can_not_be_meant_is_named() {
        for (json, problem) in [
            (r#""event""#, "unknown metric \"event\": it must be one of events, users"),
            (r#""sum""#, "unknown metric \"sum\""),
            (r#"{"median":"latency"}"#, "unknown metric \"median\""),
            (r#"{"sum":"price"}"#, "unknown field \"price\""),
            (r#"{"sum":"latency","max":"latency"}"#, "invalid length 2"),
            ("{}", "invalid length 0"),
            ("7", "invalid type: integer `7`, expected the name of a metric"),
        ] {
            let error = metric(json).unwrap_err();
            assert!(error.contains(problem), "{json}: {error}");
        }
    }
}

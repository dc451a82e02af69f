//! A rule as it is told to people: what the file says of it.

use serde::Serialize;
use store::{Filter, Filters, Metric};
use utoipa::ToSchema;

use super::{Bound, Condition, EventRule, Kind, Rule};

/// A rule in force.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct ToldRule {
    rule: String,
    #[serde(flatten)]
    of: ToldOf,
}

/// What it is of, in the words of the file.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "of", rename_all = "snake_case")]
enum ToldOf {
    Event {
        event: String,
        key: Vec<String>,
        resolved_by: Option<String>,
    },
    Metric {
        #[schema(value_type = serde_json::Value)]
        metric: Metric,
        #[schema(value_type = Vec<Filter>)]
        filters: Filters,
        window: String,
        /// One of both is there.
        over: Option<f64>,
        under: Option<f64>,
        min_events: u64,
    },
    Silence {
        #[schema(value_type = Vec<Filter>)]
        filters: Filters,
        silence: String,
    },
    Lag {
        lag_over: u64,
    },
}

impl From<&Rule> for ToldRule {
    fn from(rule: &Rule) -> Self {
        Self { rule: rule.name.clone(), of: ToldOf::from(&rule.kind) }
    }
}

impl From<&Kind> for ToldOf {
    fn from(kind: &Kind) -> Self {
        match kind {
            Kind::Event(EventRule { event, key, resolved_by }) => Self::Event {
                event: event.clone(),
                key: key.iter().map(ToString::to_string).collect(),
                resolved_by: resolved_by.clone(),
            },
            Kind::Condition(Condition::Metric { metric, filters, window, bound, min_events }) => {
                let (over, under) = match *bound {
                    Bound::Over(bound) => (Some(bound), None),
                    Bound::Under(bound) => (None, Some(bound)),
                };
                Self::Metric {
                    metric: metric.clone(),
                    filters: filters.clone(),
                    window: window.to_string(),
                    over,
                    under,
                    min_events: *min_events,
                }
            }
            Kind::Condition(Condition::Silence { filters, span }) => {
                Self::Silence { filters: filters.clone(), silence: span.to_string() }
            }
            Kind::Condition(Condition::Lag { over }) => Self::Lag { lag_over: *over },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ToldRule;
    use crate::rules::Rules;

    #[test]
    fn a_rule_is_told_in_the_words_of_its_file() {
        let rules = Rules::parse(
            r#"
            rule = [
                { name = "stock", event = "low", key = ["properties.sku"], resolved_by = "full" },
                { name = "slow", metric = { p95 = "properties.ms" }, window = "90s", over = 2.5, min_events = 20,
                  filters = [{ field = "latency", op = "gt", values = [5, "6"] }, { field = "error", op = "set" }] },
                { name = "few", metric = "events", window = "7d", under = 1 },
                { name = "quiet", silence = "10m" },
                { name = "late", lag_over = 7 },
            ]"#,
        );
        let told: Vec<_> = rules.unwrap().rules.iter().map(ToldRule::from).collect();
        let filters = [
            json!({"field": "latency", "op": "gt", "values": ["5", "6"]}),
            json!({"field": "error", "op": "set", "values": []}),
        ];
        let expected = json!([
            {"rule": "stock", "of": "event", "event": "low", "key": ["properties.sku"], "resolved_by": "full"},
            {"rule": "slow", "of": "metric", "metric": {"p95": "properties.ms"}, "filters": filters, "window": "90s",
             "over": 2.5, "under": null, "min_events": 20},
            {"rule": "few", "of": "metric", "metric": "events", "filters": [], "window": "7d",
             "over": null, "under": 1.0, "min_events": 0},
            {"rule": "quiet", "of": "silence", "filters": [], "silence": "10m"},
            {"rule": "late", "of": "lag", "lag_over": 7},
        ]);
        assert_eq!(serde_json::to_value(told).unwrap(), expected);
    }
}

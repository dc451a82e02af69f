//! A rule as the file has it, and what it may be.

use model::{Span, Tenant};
use serde::Deserialize;
use store::{Field, Filters, Metric};

use super::{Bound, Condition, EventRule, Kind, Rule};

const MAX_NAME_BYTES: usize = 256;
const MAX_KEY_FIELDS: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    name: String,
    tenant: Option<String>,
    event: Option<String>,
    key: Option<Vec<String>>,
    resolved_by: Option<String>,
    metric: Option<Metric>,
    filters: Option<Filters>,
    window: Option<String>,
    over: Option<f64>,
    under: Option<f64>,
    min_events: Option<u64>,
    silence: Option<String>,
    lag_over: Option<u64>,
}

/// What a rule is of, by the field that says so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Event,
    Metric,
    Silence,
    Lag,
}

impl Of {
    fn field(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Metric => "metric",
            Self::Silence => "silence",
            Self::Lag => "lag_over",
        }
    }
}

impl RawRule {
    /// The rule that is meant. The error says what can't be meant.
    pub(super) fn check(self) -> Result<Rule, String> {
        let of = self.of()?;
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains(char::is_control) {
            return Err(format!("a name is 1 to {MAX_NAME_BYTES} bytes without control characters"));
        }
        let tenant =
            self.tenant.as_deref().map(Tenant::parse).transpose().map_err(|error| error.to_string())?;
        let kind = match of {
            Of::Event => Kind::Event(self.event_rule()?),
            Of::Metric => Kind::Condition(self.metric_rule()?),
            Of::Silence => Kind::Condition(Condition::Silence {
                span: span("silence", self.silence.as_deref())?,
                filters: self.filters.unwrap_or_default(),
            }),
            Of::Lag => Kind::Condition(Condition::Lag { over: self.lag_over.unwrap_or_default() }),
        };
        Ok(Rule { name, tenant: tenant.unwrap_or_default(), kind })
    }

    /// A rule is of one thing, and has no field that another thing would need.
    fn of(&self) -> Result<Of, String> {
        let says = [
            (Of::Event, self.event.is_some()),
            (Of::Metric, self.metric.is_some()),
            (Of::Silence, self.silence.is_some()),
            (Of::Lag, self.lag_over.is_some()),
        ];
        let mut said = says.into_iter().filter(|(_, is_said)| *is_said).map(|(of, _)| of);
        let (Some(of), None) = (said.next(), said.next()) else {
            return Err("it must have one of event, metric, silence and lag_over".to_owned());
        };
        for (field, is_there, takers) in [
            ("key", self.key.is_some(), &[Of::Event][..]),
            ("resolved_by", self.resolved_by.is_some(), &[Of::Event]),
            ("filters", self.filters.is_some(), &[Of::Metric, Of::Silence]),
            ("window", self.window.is_some(), &[Of::Metric]),
            ("over", self.over.is_some(), &[Of::Metric]),
            ("under", self.under.is_some(), &[Of::Metric]),
            ("min_events", self.min_events.is_some(), &[Of::Metric]),
        ] {
            if is_there && !takers.contains(&of) {
                return Err(format!("{field} does not go with {}", of.field()));
            }
        }
        Ok(of)
    }

    fn event_rule(self) -> Result<EventRule, String> {
        let event = self.event.unwrap_or_default();
        if event.is_empty() || self.resolved_by.as_deref() == Some("") {
            return Err("event and resolved_by are names of events, which are never empty".to_owned());
        }
        if self.resolved_by.as_deref() == Some(&event) {
            return Err("an event can't resolve what it fires".to_owned());
        }
        let mut key: Vec<Field> = Vec::new();
        for name in self.key.unwrap_or_default() {
            let field = Field::parse(&name).map_err(|error| format!("key: {error}"))?;
            if key.contains(&field) {
                return Err(format!("key: {field} is there twice"));
            }
            key.push(field);
        }
        if key.len() > MAX_KEY_FIELDS {
            return Err(format!("key: there may be {MAX_KEY_FIELDS} fields at most"));
        }
        Ok(EventRule { event, key, resolved_by: self.resolved_by })
    }

    fn metric_rule(self) -> Result<Condition, String> {
        let bound = match (self.over, self.under) {
            (Some(over), None) => Bound::Over(over),
            (None, Some(under)) => Bound::Under(under),
            _ => return Err("metric needs one of over and under".to_owned()),
        };
        if let Bound::Over(bound) | Bound::Under(bound) = bound
            && !bound.is_finite()
        {
            return Err("over and under must be finite numbers".to_owned());
        }
        let Some(metric) = self.metric else { return Err("metric is missing".to_owned()) };
        Ok(Condition::Metric {
            metric,
            filters: self.filters.unwrap_or_default(),
            window: span("window", self.window.as_deref())?,
            bound,
            min_events: self.min_events.unwrap_or_default(),
        })
    }
}

fn span(field: &str, text: Option<&str>) -> Result<Span, String> {
    let text = text.ok_or_else(|| format!("{field} is missing"))?;
    Span::parse(text).ok_or_else(|| {
        format!("{field} must be a time such as 90s, 15m, 24h, 7d or 2w, up to 366d: {text:?} is none")
    })
}

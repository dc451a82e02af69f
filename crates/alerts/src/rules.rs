//! What is to be noticed: the rules of `ALERTS_FILE`, read and checked. Pure: no files and no clock.

mod definition;
mod raw;
#[cfg(test)]
mod tests;
mod told;

use std::sync::Arc;

use model::{Span, Tenant};
use serde::Deserialize;
use store::{Field, Filters, Metric};

use self::raw::RawRule;
pub use self::told::ToldRule;

const MAX_RULES: usize = 1_000;

/// All rules of a file, and who is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// In the order of the file.
    pub rules: Arc<[Rule]>,
    /// Who is told, if anybody is.
    pub webhook: Option<WebhookSettings>,
}

/// What is to be noticed of a tenant's events.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// No other rule of the tenant has this name.
    pub name: String,
    /// Whose events.
    pub tenant: Tenant,
    pub(crate) kind: Kind,
}

/// When a rule fires.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// When an event comes in.
    Event(EventRule),
    /// While something about all events of some time holds.
    Condition(Condition),
}

/// Fires for each key once until that is acknowledged or resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventRule {
    /// The name of the events that fire it.
    pub(crate) event: String,
    /// The fields by which its alerts are told apart.
    pub(crate) key: Vec<Field>,
    /// The name of the events that end it.
    pub(crate) resolved_by: Option<String>,
}

/// Fires once while it holds, and is resolved when it does not hold any more.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// A metric of the last `window` is beyond a bound.
    Metric { metric: Metric, filters: Filters, window: Span, bound: Bound, min_events: u64 },
    /// No event that the filters let through lies in the last `span`.
    Silence { filters: Filters, span: Span },
    /// More operations than that are not visible yet.
    Lag { over: u64 },
}

/// What a metric may not be beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    Over(f64),
    Under(f64),
}

/// Who is told of alerts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where they are sent.
    pub url: String,
    /// The file of the secret that they are signed with.
    pub secret_file: String,
}

/// Rules that can't be read. Names the rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// The file is no TOML, or has something besides rules.
    #[error("line {line}: {problem}")]
    File {
        /// From 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A rule can't be meant.
    #[error("{rule}: {problem}")]
    Rule {
        /// Its name, else its place among the rules.
        rule: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Too many of them.
    #[error("there are {0} rules: {MAX_RULES} may be there at most")]
    TooMany(usize),
    /// Who is to be told can't be read.
    #[error("webhook: {0}")]
    Webhook(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    webhook: Option<WebhookSettings>,
    #[serde(default)]
    rule: Vec<toml::Table>,
}

impl Rules {
    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            RulesError::File { line: before.matches('\n').count() + 1, problem: error.message().to_owned() }
        })?;
        if file.rule.len() > MAX_RULES {
            return Err(RulesError::TooMany(file.rule.len()));
        }
        let mut rules: Vec<Rule> = Vec::with_capacity(file.rule.len());
        for (n, table) in file.rule.into_iter().enumerate() {
            let name = table.get("name").and_then(toml::Value::as_str).filter(|name| !name.is_empty());
            let called = name.map_or_else(|| format!("rule {}", n + 1), |name| format!("rule {name:?}"));
            let named = |problem: String| RulesError::Rule { rule: called.clone(), problem };
            let rule = RawRule::deserialize(table).map_err(|error| named(error.message().to_owned()))?;
            let rule = rule.check().map_err(&named)?;
            if rules.iter().any(|other| (&other.tenant, &other.name) == (&rule.tenant, &rule.name)) {
                return Err(named(format!("tenant {} has another rule of this name", rule.tenant)));
            }
            rules.push(rule);
        }
        Ok(Self { rules: rules.into(), webhook: file.webhook })
    }
}

impl Bound {
    /// Whether the value is beyond it.
    pub(crate) fn is_passed_by(self, value: f64) -> bool {
        match self {
            Self::Over(bound) => value > bound,
            Self::Under(bound) => value < bound,
        }
    }
}

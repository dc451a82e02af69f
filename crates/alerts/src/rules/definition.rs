//! What makes a rule that rule: under the same name with another definition it is another one.

use store::RuleId;

use super::{Condition, EventRule, Kind, Rule};

impl Rule {
    /// By what its alerts, and up to where it has seen the events, are found again.
    pub(crate) fn id(&self) -> RuleId {
        let Self { name, tenant, kind } = self;
        RuleId { tenant: tenant.clone(), rule: name.clone(), definition: kind.definition() }
    }
}

impl Kind {
    /// Of which kind it is and, of events, which they are and their key. Bounds, windows and filters may change.
    fn definition(&self) -> String {
        match self {
            Self::Event(EventRule { event, key, .. }) => {
                let key: Vec<_> = key.iter().map(ToString::to_string).collect();
                format!("event {event} by {}", key.join(", "))
            }
            Self::Condition(Condition::Metric { .. }) => "metric".to_owned(),
            Self::Condition(Condition::Silence { .. }) => "silence".to_owned(),
            Self::Condition(Condition::Lag { .. }) => "lag".to_owned(),
        }
    }
}

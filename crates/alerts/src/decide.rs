//! What follows from what was seen: pure, so that two who see the same decide the same.

pub(crate) mod condition;
pub(crate) mod event;

use model::{EventId, Timestamp};
use store::{AlertKey, AlertState, Delivery, RuleId, Transition};

use crate::rules::Rule;

/// What all transitions of one decision have in common.
#[derive(Clone, Copy)]
pub(crate) struct Decision<'a> {
    pub(crate) rule: &'a Rule,
    /// When it is made.
    pub(crate) now: Timestamp,
    /// Whether somebody is told of it.
    pub(crate) is_told: bool,
}

impl Decision<'_> {
    fn transition(
        &self,
        key: &AlertKey,
        firing: u64,
        state: AlertState,
        event: Option<EventId>,
        (value, message): (Option<f64>, String),
    ) -> Transition {
        let RuleId { tenant, rule, definition } = self.rule.id();
        Transition {
            tenant,
            rule,
            definition,
            key: key.clone(),
            firing,
            state,
            at: self.now,
            event,
            value,
            measured: None,
            message,
            delivery: if self.is_told { Delivery::waiting(self.now) } else { Delivery::NONE },
        }
    }
}

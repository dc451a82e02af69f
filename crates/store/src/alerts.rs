//! Alerts in their table: a row for each state that an alert came to.
//!
//! Rows are only added, and a row that is added twice is one. An alert's id follows from its tenant, rule, what that
//! looks for, key and number, so two who find the same thing at once write the same rows.

mod bids;
mod cursors;
mod measured;
mod records;
mod row;
mod table;

use std::collections::BTreeMap;
use std::fmt;

use model::{EventId, Tenant, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

pub use bids::Bid;
pub use measured::Measured;

/// What makes a rule that rule: of the same name with another definition it is another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its name.
    pub rule: String,
    /// What it looks for.
    pub definition: String,
}

/// By what a rule tells its alerts apart: the texts of some fields by the fields' names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct AlertKey(pub BTreeMap<String, String>);

/// How far an alert is. Each state comes after those before it, which may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// It has fired, and nobody has seen to it.
    Open,
    /// Somebody has seen it.
    Acknowledged,
    /// What it fired for is over.
    Resolved,
}

/// Whether somebody is to be told that an alert came to a state, and was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// How it stands.
    pub outcome: Outcome,
    /// How often it was tried.
    pub tries: u8,
    /// When it is to be tried next.
    pub next_try_at: Timestamp,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody is to be told.
    None,
    /// Somebody is, and was not yet.
    Waiting,
    /// Somebody was.
    Delivered,
    /// Somebody could not be told.
    GivenUp,
}

/// That an alert came to a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// Whose it is.
    pub tenant: Tenant,
    /// The rule's name.
    pub rule: String,
    /// What the rule looks for: under the same name with another one it is another rule.
    pub definition: String,
    /// By what the rule tells its alerts apart.
    pub key: AlertKey,
    /// The how manieth of its rule and key, from 1.
    pub firing: u64,
    /// To which state.
    pub state: AlertState,
    /// When.
    pub at: Timestamp,
    /// The event that did it.
    pub event: Option<EventId>,
    /// What was measured.
    pub value: Option<f64>,
    /// Of what, if it was measured of events.
    pub measured: Option<Measured>,
    /// What is the matter, in a sentence.
    pub message: String,
    /// Whether somebody is told.
    pub delivery: Delivery,
}

/// An alert: what became of it so far.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Alert {
    /// Follows from tenant, rule, what that looks for, key and the number of alerts before it.
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// The rule's name.
    pub rule: String,
    /// Whose it is.
    #[schema(value_type = String)]
    pub tenant: Tenant,
    /// By what the rule tells its alerts apart; empty if it has but one.
    pub key: AlertKey,
    /// How far it is.
    pub state: AlertState,
    /// When it fired.
    #[schema(value_type = String, format = DateTime)]
    pub fired_at: Timestamp,
    /// When what it fired for was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resolved_at: Option<Timestamp>,
    /// When somebody acknowledged it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub acknowledged_at: Option<Timestamp>,
    /// The event that fired it, of a rule of events.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub event: Option<EventId>,
    /// What was measured when it fired; null where nothing is.
    pub value: Option<f64>,
    /// Of what, if it was measured of events.
    pub measured: Option<Measured>,
    /// What is the matter, in a sentence.
    pub message: String,
    /// What became of it, in order.
    #[serde(skip)]
    pub transitions: Vec<Transition>,
}

impl AlertState {
    /// All, in their order.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Resolved];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl fmt::Display for AlertState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Delivery {
    /// Nobody is told.
    pub const NONE: Self = Self { outcome: Outcome::None, tries: 0, next_try_at: Timestamp::MAX };

    /// Somebody is to be told from this time on.
    pub fn waiting(at: Timestamp) -> Self {
        Self { outcome: Outcome::Waiting, tries: 0, next_try_at: at }
    }
}

impl Transition {
    /// Of which rule.
    pub fn rule_id(&self) -> RuleId {
        let Self { tenant, rule, definition, .. } = self;
        RuleId { tenant: tenant.clone(), rule: rule.clone(), definition: definition.clone() }
    }

    /// Of which alert.
    pub fn id(&self) -> Uuid {
        let (key, firing) = (self.key.text(), self.firing.to_be_bytes());
        let texts = [self.tenant.as_str(), &self.rule, &self.definition, &key].map(str::as_bytes);
        let mut hash = Sha256::new();
        for part in texts.into_iter().chain([&firing[..]]) {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        Builder::from_custom_bytes(bytes).into_uuid()
    }
}

impl AlertKey {
    /// As JSON, the same for equal keys.
    fn text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

impl Alert {
    /// What these transitions, of one alert and in order, have made of it; `None` if there are none.
    pub fn of(transitions: Vec<Transition>) -> Option<Self> {
        let (first, last) = (transitions.first()?, transitions.last()?);
        let at = |state| transitions.iter().find(|it| it.state == state).map(|it| it.at);
        Some(Self {
            id: first.id(),
            rule: first.rule.clone(),
            tenant: first.tenant.clone(),
            key: first.key.clone(),
            state: last.state,
            fired_at: first.at,
            resolved_at: at(AlertState::Resolved),
            acknowledged_at: at(AlertState::Acknowledged),
            event: first.event,
            value: first.value,
            measured: first.measured.clone(),
            message: first.message.clone(),
            transitions,
        })
    }

    /// As it was when it came to this state.
    pub fn when(&self, state: AlertState) -> Option<Self> {
        let until = |it: &&Transition| it.state <= state;
        Self::of(self.transitions.iter().filter(until).cloned().collect())
    }

    /// The how manieth of its rule and key.
    pub fn firing(&self) -> u64 {
        self.transitions.first().map_or(0, |first| first.firing)
    }

    /// The event that brought it to this state.
    pub fn event(&self, state: AlertState) -> Option<EventId> {
        self.transitions.iter().find(|it| it.state == state).and_then(|it| it.event)
    }
}

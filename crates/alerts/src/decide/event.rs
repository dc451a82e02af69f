//! Rules of events that come in: for each key an alert that lasts until it is acknowledged or resolved.
//!
//! Events are in the order of their ids, that is of when they happened, whenever they come in. So a decision may be
//! made again over any of the same events, in any pieces: an event that an alert covers fires nothing.

use model::{EventId, Timestamp};
use store::{Alert, AlertKey, AlertState, Transition};

use super::Decision;

/// An event that may fire a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Trigger {
    pub(crate) id: EventId,
    pub(crate) received_at: Timestamp,
}

/// An alert, as far as it matters here.
#[derive(Clone, Copy, Debug)]
struct Episode {
    firing: u64,
    fired_by: Option<EventId>,
    acknowledged_at: Option<Timestamp>,
    ended: Option<End>,
}

#[derive(Clone, Copy, Debug)]
enum End {
    By(EventId),
    /// Its rule was gone then.
    At(Timestamp),
}

impl Episode {
    fn of(alert: &Alert) -> Self {
        let ended = match alert.event(AlertState::Resolved) {
            Some(event) => Some(End::By(event)),
            None => alert.resolved_at.map(End::At),
        };
        Self {
            firing: alert.firing(),
            fired_by: alert.event(AlertState::Open),
            acknowledged_at: alert.acknowledged_at,
            ended,
        }
    }

    /// Whether the event tells nothing new: it happened before what ended the alert, and came in before the alert
    /// was acknowledged.
    fn covers(&self, trigger: Trigger) -> bool {
        let is_before_the_end = match self.ended {
            None => true,
            Some(End::By(event)) => trigger.id < event,
            Some(End::At(at)) => trigger.received_at <= at,
        };
        is_before_the_end && self.acknowledged_at.is_none_or(|at| trigger.received_at <= at)
    }
}

/// Those that no alert of their key covers, so that an alert will be.
pub(crate) fn uncovered(alerts: &[Alert], triggers: &[Trigger]) -> Vec<Trigger> {
    let episodes: Vec<_> = alerts.iter().map(Episode::of).collect();
    let is_covered = |trigger: &Trigger| episodes.iter().any(|episode| episode.covers(*trigger));
    triggers.iter().copied().filter(|trigger| !is_covered(trigger)).collect()
}

/// What becomes of the alerts of one key. The events that may fire it are in order, and so are those that end it, of
/// which the last one is there if it happened after an uncovered trigger.
pub(crate) fn decide(
    decision: Decision<'_>,
    key: &AlertKey,
    alerts: &[Alert],
    triggers: &[Trigger],
    ends: &[EventId],
) -> Vec<Transition> {
    let mut episodes: Vec<_> = alerts.iter().map(Episode::of).collect();
    let mut transitions = Vec::new();
    let end = |episode: &mut Episode, transitions: &mut Vec<Transition>| {
        let after = |event: &&EventId| episode.fired_by.is_none_or(|fired_by| **event > fired_by);
        if let (None, Some(event)) = (episode.ended, ends.iter().find(after)) {
            episode.ended = Some(End::By(*event));
            let said = (None, String::new());
            let state = AlertState::Resolved;
            transitions.push(decision.transition(key, episode.firing, state, Some(*event), said));
        }
    };
    for episode in &mut episodes {
        end(episode, &mut transitions);
    }
    for trigger in triggers {
        if episodes.iter().any(|episode| episode.covers(*trigger)) {
            continue;
        }
        let firing = episodes.iter().map(|episode| episode.firing).max().unwrap_or_default() + 1;
        let said = (None, message(decision, key));
        transitions.push(decision.transition(key, firing, AlertState::Open, Some(trigger.id), said));
        let mut episode = Episode { firing, fired_by: Some(trigger.id), acknowledged_at: None, ended: None };
        end(&mut episode, &mut transitions);
        episodes.push(episode);
    }
    transitions
}

/// `inventory.low_stock: properties.sku = A-1`
fn message(decision: Decision<'_>, AlertKey(key): &AlertKey) -> String {
    let event = match &decision.rule.kind {
        crate::rules::Kind::Event(rule) => rule.event.as_str(),
        crate::rules::Kind::Condition(_) => "",
    };
    let key: Vec<_> = key.iter().map(|(field, text)| format!("{field} = {text}")).collect();
    if key.is_empty() { event.to_owned() } else { format!("{event}: {}", key.join(", ")) }
}

#[cfg(test)]
mod tests;

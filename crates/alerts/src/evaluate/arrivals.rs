//! Rules of events that come in: each event is seen, however late it is and whoever was away when it came.
//!
//! A rule's cursor follows the log: it stands before everything that may still come into the table. What is seen
//! again behind it is decided again, to the same end.

use std::collections::BTreeMap;

use model::{EventId, Timestamp};
use store::queries::{Arrival, Place, Wanted};
use store::{Alert, AlertKey, AlertState, Filters, Range, Reading, Scope, Store, StoreError, Zone};

use super::{Outcome, Progress};
use crate::decide::Decision;
use crate::decide::event::{Trigger, decide, uncovered};
use crate::rules::EventRule;

/// Events of one step.
pub(super) const PAGE: u64 = 500;
/// Bytes of the keys of one question: the server takes 128 KiB of a parameter, in which one may be written with four.
const KEYS_BYTES: usize = 24 << 10;
/// By how much the clocks of this host and of the log may differ, in milliseconds.
const CLOCKS_MS: i64 = 60_000;

/// Sees all that came in since the rule's cursor.
pub(super) async fn look(
    store: &Store,
    decision: Decision<'_>,
    rule: &EventRule,
    mut cursor: Timestamp,
    progress: Option<Progress>,
) -> Result<Outcome, StoreError> {
    let look = Look { store, decision, rule };
    let names: Vec<_> = std::iter::once(&*rule.event).chain(rule.resolved_by.as_deref()).collect();
    let complete = progress.and_then(|progress| progress.complete_until);
    let complete = complete.map_or(cursor.millis(), |complete| complete.millis() - CLOCKS_MS);
    let (mut place, mut states) = (Place::before(cursor), Vec::new());
    loop {
        let scope = look.scope(Timestamp::default());
        let (page, next) = store.arrivals(&scope, look.wanted(&names), place, PAGE).await?;
        states.extend(look.decide(&page).await?);
        let seen_to = next.map_or(complete, |next| complete.min(next.appended_at().millis()));
        // Not at every look: each is a row.
        let is_worth_it = seen_to >= cursor.millis() + CLOCKS_MS;
        let seen_to = Timestamp::from_millis(seen_to).filter(|_| is_worth_it);
        let Some(next) = next else { return Ok(Outcome { states, seen_to }) };
        // Page by page, so that a long way is not begun anew when it is interrupted.
        if let Some(seen_to) = seen_to {
            store.advance_alert_cursors(&[(decision.rule.id(), seen_to)]).await?;
            cursor = seen_to;
        }
        place = next;
    }
}

struct Look<'a> {
    store: &'a Store,
    decision: Decision<'a>,
    rule: &'a EventRule,
}

/// The events of a key, in order.
#[derive(Default)]
struct OfKey {
    triggers: Vec<Trigger>,
    ends: Vec<EventId>,
    alerts: Vec<Alert>,
}

impl Look<'_> {
    fn scope(&self, from: Timestamp) -> Scope<'_> {
        let (tenant, range) = (&self.decision.rule.tenant, Range::since(from));
        let limits = self.store.limits();
        Scope {
            tenant,
            range,
            zone: &Zone::UTC,
            filters: &Filters::NONE,
            limits,
            reading: Reading::Raw,
            query_id: None,
        }
    }

    /// Those that fire the rule, and those that end what it fired.
    fn wanted<'a>(&'a self, names: &'a [&'a str]) -> Wanted<'a> {
        Wanted { names, key: &self.rule.key }
    }

    /// What follows from these events is kept.
    async fn decide(&self, page: &[Arrival]) -> Result<Vec<AlertState>, StoreError> {
        if page.is_empty() {
            return Ok(Vec::new());
        }
        let mut keys: BTreeMap<&[String], OfKey> = BTreeMap::new();
        for arrival in page {
            let of_key = keys.entry(&arrival.key).or_default();
            if arrival.event_name == self.rule.event {
                of_key.triggers.push(Trigger { id: arrival.id, received_at: arrival.received_at });
            } else {
                of_key.ends.push(arrival.id);
            }
        }
        self.add_known(&mut keys).await?;
        let later = self.later_ends(&keys).await?;
        for arrival in &later {
            if let Some(of_key) = keys.get_mut(&*arrival.key) {
                of_key.ends.push(arrival.id);
            }
        }
        let mut transitions = Vec::new();
        for (texts, of_key) in &mut keys {
            of_key.triggers.sort_unstable();
            of_key.ends.sort_unstable();
            let OfKey { triggers, ends, alerts } = of_key;
            transitions.extend(decide(self.decision, &self.key(texts), alerts, triggers, ends));
        }
        self.store.add_transitions(&transitions).await?;
        Ok(transitions.iter().map(|transition| transition.state).collect())
    }

    /// The alerts of these keys so far.
    async fn add_known(&self, keys: &mut BTreeMap<&[String], OfKey>) -> Result<(), StoreError> {
        let asked: Vec<_> = keys.keys().map(|texts| self.key(texts)).collect();
        for alert in self.store.alerts_of(&self.decision.rule.id(), &asked).await? {
            if let Some(of_key) = self.texts(&alert.key).and_then(|texts| keys.get_mut(&*texts)) {
                of_key.alerts.push(alert);
            }
        }
        Ok(())
    }

    /// The last events that could end what is about to fire, where they came into the table first.
    async fn later_ends(&self, keys: &BTreeMap<&[String], OfKey>) -> Result<Vec<Arrival>, StoreError> {
        let Some(resolved_by) = self.rule.resolved_by.as_deref() else { return Ok(Vec::new()) };
        let mut firing = Vec::new();
        let mut first: Option<Timestamp> = None;
        for (texts, of_key) in keys {
            let uncovered = uncovered(&of_key.alerts, &of_key.triggers);
            if let Some(earliest) = uncovered.iter().map(|trigger| trigger.id.created_at()).min() {
                firing.push(*texts);
                first = Some(first.map_or(earliest, |first| first.min(earliest)));
            }
        }
        let (scope, names) = (self.scope(first.unwrap_or_default()), [resolved_by]);
        let (mut ends, mut bytes) = (Vec::new(), 0);
        let fits = |one: &&[String], _: &&[String]| {
            bytes += one.iter().map(|text| text.len() + 4).sum::<usize>();
            let fits = bytes < KEYS_BYTES;
            bytes = if fits { bytes } else { 0 };
            fits
        };
        for some in firing.chunk_by(fits) {
            match self.store.last_of_keys(&scope, self.wanted(&names), some).await {
                Ok(last) => ends.extend(last),
                // One that happened long ago must not hold up all that comes after: it fires, and stays open.
                Err(error) if error.is_too_large() => {
                    let Decision { rule, .. } = self.decision;
                    tracing::warn!(tenant = %rule.tenant, rule = rule.name, %error, since = %scope.range.from(), "could not look whether what fires is over already");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(ends)
    }

    /// The texts of a key, in the order of the rule's fields.
    fn texts(&self, AlertKey(key): &AlertKey) -> Option<Vec<String>> {
        self.rule.key.iter().map(|field| key.get(&field.to_string()).cloned()).collect()
    }

    fn key(&self, texts: &[String]) -> AlertKey {
        let names = self.rule.key.iter().map(ToString::to_string);
        AlertKey(names.zip(texts.iter().cloned()).collect())
    }
}

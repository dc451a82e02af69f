//! Rules of something that holds or does not: one alert while it holds.

use model::Span;
use store::queries::Measure;
use store::{Alert, AlertKey, AlertState, Transition};

use super::Decision;
use crate::rules::Bound;

/// What was seen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// It holds, says a sentence.
    Holds { value: f64, message: String },
    /// It does not.
    DoesNot { value: f64 },
    /// There is too little to tell.
    Unknown,
}

impl Seen {
    /// Of a metric, which is none where there is nothing to measure.
    pub(crate) fn metric(
        name: &str,
        Measure { value, values, events }: Measure,
        bound: Bound,
        window: &Span,
        min_events: u64,
    ) -> Self {
        let Some(value) = value.filter(|_| events >= min_events) else { return Self::Unknown };
        if !bound.is_passed_by(value) {
            return Self::DoesNot { value };
        }
        let (side, bound) = match bound {
            Bound::Over(bound) => ("over", bound),
            Bound::Under(bound) => ("under", bound),
        };
        let (value_told, bound) = match (told(name, value), told(name, bound)) {
            // Beyond it by less than is told.
            (value_told, told) if value_told == told => (value.to_string(), bound.to_string()),
            both => both,
        };
        let values = values.map(|values| format!("{values} values of ")).unwrap_or_default();
        let message =
            format!("{name} of the last {window} is {value_told}, {side} {bound} ({values}{events} events)");
        Self::Holds { value, message }
    }

    /// Of events that there should be.
    #[expect(clippy::cast_precision_loss, reason = "a count for people to read")]
    pub(crate) fn silence(events: u64, span: &Span) -> Self {
        match events {
            0 => Self::Holds { value: 0.0, message: format!("no event in the last {span}") },
            events => Self::DoesNot { value: events as f64 },
        }
    }

    /// Of operations that are not visible yet.
    #[expect(clippy::cast_precision_loss, reason = "a count for people to read")]
    pub(crate) fn lag(lag: u64, over: u64) -> Self {
        let value = lag as f64;
        if lag <= over {
            return Self::DoesNot { value };
        }
        Self::Holds { value, message: format!("{lag} operations are not visible yet, over {over}") }
    }
}

/// A number of this metric for people to read: rates as percents, latencies in milliseconds.
fn told(metric: &str, number: f64) -> String {
    let rounded = |number: f64| {
        let parts = if number.abs() < 1.0 { 1e6 } else { 100.0 };
        (number * parts).round() / parts
    };
    match metric {
        "error_rate" => format!("{}%", rounded(number * 100.0)),
        _ if metric.starts_with("latency_") => format!("{} ms", rounded(number)),
        _ => rounded(number).to_string(),
    }
}

/// What becomes of a rule whose last alert is this. What can't be told changes nothing, and while it holds it fires
/// no second time, whoever has acknowledged it.
pub(crate) fn decide(decision: Decision<'_>, last: Option<&Alert>, seen: Seen) -> Option<Transition> {
    let key = AlertKey::default();
    let unresolved = last.filter(|alert| alert.state != AlertState::Resolved);
    match (unresolved, seen) {
        (None, Seen::Holds { value, message }) => {
            let firing = last.map_or(0, Alert::firing) + 1;
            Some(decision.transition(&key, firing, AlertState::Open, None, (Some(value), message)))
        }
        (Some(alert), Seen::DoesNot { value }) => {
            let said = (Some(value), String::new());
            Some(decision.transition(&key, alert.firing(), AlertState::Resolved, None, said))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;
    use crate::rules::Rules;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + seconds * 1_000).unwrap()
    }

    fn span() -> Span {
        Span::parse("15m").unwrap()
    }

    #[test]
    fn a_value_is_beyond_its_bound_or_not_and_none_tells_nothing() {
        let seen = |value, bound, events| {
            Seen::metric("error_rate", Measure { value, values: None, events }, bound, &span(), 20)
        };
        let message = "error_rate of the last 15m is 25%, over 5% (40 events)".to_owned();
        assert_eq!(seen(Some(0.25), Bound::Over(0.05), 40), Seen::Holds { value: 0.25, message });
        assert_eq!(seen(Some(0.05), Bound::Over(0.05), 40), Seen::DoesNot { value: 0.05 });
        assert_eq!(seen(Some(0.05), Bound::Under(0.05), 40), Seen::DoesNot { value: 0.05 });
        assert!(matches!(seen(Some(0.0), Bound::Under(0.05), 20), Seen::Holds { .. }));
        assert_eq!(seen(Some(0.25), Bound::Over(0.05), 19), Seen::Unknown);
        assert_eq!(seen(None, Bound::Under(0.05), 40), Seen::Unknown);
        let p95 = |value| Measure { value: Some(value), values: Some(7), events: 9 };
        let slow = Seen::metric("latency_p95", p95(3_036.345), Bound::Over(1_000.0), &span(), 0);
        let Seen::Holds { message, .. } = slow else { panic!("{slow:?}") };
        assert_eq!(message, "latency_p95 of the last 15m is 3036.35 ms, over 1000 ms (7 values of 9 events)");
        let hardly = Seen::metric("latency_p95", p95(1_000.004), Bound::Over(1_000.0), &span(), 0);
        let Seen::Holds { message, .. } = hardly else { panic!("{hardly:?}") };
        assert_eq!(message, "latency_p95 of the last 15m is 1000.004, over 1000 (7 values of 9 events)");
        assert!(matches!(Seen::silence(0, &span()), Seen::Holds { .. }));
        assert_eq!(Seen::silence(3, &span()), Seen::DoesNot { value: 3.0 });
        assert!(matches!(Seen::lag(101, 100), Seen::Holds { .. }));
        assert_eq!(Seen::lag(100, 100), Seen::DoesNot { value: 100.0 });
    }

    #[test]
    fn it_fires_once_while_it_holds_and_again_after_it_was_over() {
        let rules = Rules::parse("[[rule]]\nname = \"a\"\nlag_over = 1").unwrap();
        let decide = |seconds, last: Option<&Alert>, seen: &Seen| {
            let decision = Decision { rule: &rules.rules[0], now: at(seconds), is_told: false };
            decide(decision, last, seen.clone())
        };
        let (holds, does_not) = (Seen::lag(9, 1), Seen::lag(0, 1));
        assert_eq!(decide(0, None, &does_not), None);
        assert_eq!(decide(0, None, &Seen::Unknown), None);
        let opened = decide(1, None, &holds).unwrap();
        assert_eq!((opened.state, opened.firing, opened.value), (AlertState::Open, 1, Some(9.0)));

        let mut alert = Alert::of(vec![opened.clone()]).unwrap();
        assert_eq!(decide(2, Some(&alert), &holds), None);
        assert_eq!(decide(2, Some(&alert), &Seen::Unknown), None);
        let acknowledged = Transition { state: AlertState::Acknowledged, at: at(3), ..opened.clone() };
        alert = Alert::of(vec![opened.clone(), acknowledged.clone()]).unwrap();
        assert_eq!(decide(4, Some(&alert), &holds), None, "somebody knows");
        let resolved = decide(5, Some(&alert), &does_not).unwrap();
        assert_eq!((resolved.state, resolved.id()), (AlertState::Resolved, opened.id()));

        alert = Alert::of(vec![opened.clone(), acknowledged, resolved]).unwrap();
        assert_eq!(decide(6, Some(&alert), &does_not), None);
        let again = decide(7, Some(&alert), &holds).unwrap();
        assert_eq!((again.state, again.firing), (AlertState::Open, 2));
        assert_ne!(again.id(), opened.id());
    }
}

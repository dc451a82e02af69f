mod cost;
mod removed;

use model::Content;
use store::{Alert, AlertState, Transition};

use super::*;
use crate::site::{Site, at, current, named, stock};

const STOCK: &str = "[[rule]]\nname = \"stock\"\ntenant = \"acme\"\nevent = \"low\"\nkey = [\"properties.sku\"]\nresolved_by = \"full\"\n";

/// All is visible up to then.
#[expect(clippy::unnecessary_wraps, reason = "as looks take it")]
fn until(ms: i64) -> Option<Progress> {
    Some(Progress { complete_until: Some(at(ms)), lag: 0 })
}

impl Site {
    /// One look of somebody who knows nothing yet; tells the states that alerts came to.
    async fn look(&self, rules: &Current, progress: Option<Progress>) -> Vec<AlertState> {
        let looked = Evaluator::new(self.store.clone()).look(rules, progress).await;
        let states = looked
            .into_iter()
            .map(|looked| looked.outcome.unwrap_or_else(|error| panic!("{}", error.detail())));
        states.flatten().collect()
    }

    async fn acknowledge(&self, alert: &Alert, ms: i64) {
        let fired = alert.transitions[0].clone();
        let acknowledged = Transition { state: AlertState::Acknowledged, at: at(ms), event: None, ..fired };
        self.store.add_transitions(&[acknowledged]).await.unwrap();
    }
}

/// Each with the text of its key.
fn told(alerts: &[Alert]) -> Vec<(String, AlertState)> {
    let key = |alert: &Alert| alert.key.0.values().next().cloned().unwrap_or_default();
    alerts.iter().map(|alert| (key(alert), alert.state)).collect()
}

use AlertState::{Acknowledged, Open, Resolved};

#[test]
fn what_was_complete_stays_complete() {
    let mut furthest = None;
    let mut then = |ms: Option<i64>| {
        let progress = Progress { complete_until: ms.map(at), lag: 3 }.never_before(&mut furthest);
        assert_eq!(progress.lag, 3);
        progress.complete_until
    };
    assert_eq!(then(None), None);
    assert_eq!(then(Some(2_000)), Some(at(2_000)));
    assert_eq!(then(Some(1_000)), Some(at(2_000)));
    assert_eq!(then(None), None, "it is not known");
    assert_eq!(then(Some(3_000)), Some(at(3_000)));
}

#[tokio::test]
async fn an_event_fires_once_until_it_is_resolved_or_acknowledged() {
    let (site, rules) = (Site::new().await, current(STOCK));
    site.event("acme", 500, 500, stock("low", "a")).await;
    site.event("globex", 500, 500, stock("low", "a")).await;
    assert_eq!(site.look(&rules, until(1_000)).await, [Open]);
    site.event("acme", 1_500, 1_500, stock("low", "a")).await;
    site.event("acme", 1_500, 1_500, stock("low", "b")).await;
    assert_eq!(site.look(&rules, until(2_000)).await, [Open]);
    assert_eq!(site.look(&rules, until(2_000)).await, []);
    assert_eq!(told(&site.alerts("acme").await).len(), 2);
    assert_eq!(site.alerts("globex").await, []);

    site.event("acme", 2_500, 2_500, stock("full", "a")).await;
    assert_eq!(site.look(&rules, until(3_000)).await, [Resolved]);
    site.event("acme", 3_500, 3_500, stock("low", "a")).await;
    assert_eq!(site.look(&rules, until(4_000)).await, [Open]);
    let alerts = site.alerts("acme").await;
    let b = alerts.iter().find(|alert| alert.key.0["properties.sku"] == "b").unwrap();
    assert_eq!(b.message, "low: properties.sku = b");
    site.acknowledge(b, 4_500).await;
    site.event("acme", 5_000, 5_000, stock("low", "b")).await;
    assert_eq!(site.look(&rules, until(6_000)).await, [Open]);
    let mut states = told(&site.alerts("acme").await);
    states.sort();
    let expected = [("a", Open), ("a", Resolved), ("b", Open), ("b", Acknowledged)];
    assert_eq!(states, expected.map(|(key, state)| (key.to_owned(), state)));
}

#[tokio::test]
async fn late_events_are_seen_and_those_from_before_the_rule_are_not() {
    let (site, rules) = (Site::new().await, current(STOCK));
    site.event("acme", -5_000, -5_000, stock("low", "before")).await;
    assert_eq!(site.look(&rules, until(200_000)).await, []);
    // While nobody looked, an event came whose time is long past; and one of a clock that is ahead.
    site.event("acme", -90_000_000_000, 300_000, stock("low", "late")).await;
    site.event("acme", 900_000, 310_000, stock("low", "ahead")).await;
    assert_eq!(site.look(&rules, until(1_000_000)).await, [Open, Open]);
    assert_eq!(site.look(&rules, until(1_000_000)).await, []);
}

#[tokio::test]
async fn what_is_still_on_its_way_is_seen_though_later_events_were() {
    let (site, rules) = (Site::new().await, current(STOCK));
    site.event("acme", 900_000, 900_000, stock("low", "a")).await;
    // A partition lags: all is there up to 100 s only.
    let lagging = Some(Progress { complete_until: Some(at(100_000)), lag: 7 });
    assert_eq!(site.look(&rules, lagging).await, [Open]);
    assert_eq!(site.look(&rules, None).await, []);
    site.event("acme", 110_000, 110_000, stock("low", "b")).await;
    assert_eq!(site.look(&rules, until(1_000_000)).await, [Open]);
}

#[tokio::test]
async fn what_was_over_before_it_became_visible_is_resolved_at_once() {
    let (site, rules) = (Site::new().await, current(STOCK));
    site.event("acme", 2_000, 1_000, stock("full", "a")).await;
    assert_eq!(site.look(&rules, until(3_000)).await, []);
    // The cursor passes it.
    assert_eq!(site.look(&rules, until(900_000)).await, []);
    site.event("acme", 1_500, 950_000, stock("low", "a")).await;
    assert_eq!(site.look(&rules, until(1_000_000)).await, [Open, Resolved]);
    assert_eq!(site.look(&rules, until(1_000_000)).await, []);
}

#[tokio::test]
async fn two_who_evaluate_at_once_make_no_alert_twice() {
    let (site, rules) = (
        Site::new().await,
        current(&[STOCK, "[[rule]]\nname = \"lag\"\ntenant = \"acme\"\nlag_over = 1\n"].concat()),
    );
    for n in 0..20 {
        site.event("acme", 100 + n, 100 + n, stock("low", &(n % 5).to_string())).await;
    }
    let progress = Some(Progress { complete_until: Some(at(1_000)), lag: 9 });
    let one = Evaluator::new(site.store.clone());
    let (first, second) = tokio::join!(one.look(&rules, progress), one.look(&rules, progress));
    for looked in first.iter().chain(&second) {
        assert!(looked.outcome.is_ok());
    }
    let alerts = site.alerts("acme").await;
    assert_eq!(alerts.len(), 6, "{alerts:?}");
}

#[tokio::test]
async fn more_than_a_page_is_seen_at_once() {
    let (site, rules) = (Site::new().await, current(STOCK));
    let count = usize::try_from(arrivals::PAGE).unwrap() + 3;
    for n in 0..count {
        site.event("acme", 1_000, 1_000, stock("low", &format!("sku-{n}"))).await;
    }
    assert_eq!(site.look(&rules, until(2_000)).await.len(), count);
    assert_eq!(site.look(&rules, until(2_000)).await, []);
}

#[tokio::test]
async fn a_metric_fires_while_it_is_beyond_its_bound_by_enough_events() {
    let rules = "[[rule]]\nname = \"fail\"\ntenant = \"acme\"\nmetric = \"error_rate\"\nwindow = \"1m\"\nover = 0.5\nmin_events = 3\nfilters = [{ field = \"event_name\", op = \"is\", values = [\"pay\"] }]\n";
    let (site, rules) = (Site::new().await, current(rules));
    let pay = |error: &str| Content { error: error.to_owned().into(), ..named("pay") };
    site.event("acme", 1_000, 1_000, pay("refused")).await;
    site.event("acme", 2_000, 2_000, pay("refused")).await;
    site.event("acme", 2_000, 2_000, named("other")).await;
    assert_eq!(site.look(&rules, until(3_000)).await, [], "too few");
    site.event("acme", 3_000, 3_000, pay("")).await;
    assert_eq!(site.look(&rules, None).await, [], "it is not known what is visible");
    assert_eq!(site.look(&rules, until(3_000)).await, [Open]);
    assert_eq!(site.look(&rules, until(4_000)).await, []);
    let [alert] = &site.alerts("acme").await[..] else { panic!() };
    assert_eq!(alert.message, "error_rate of the last 1m is 66.67%, over 50% (3 events)");
    assert!(alert.value.is_some_and(|value| (value - 2.0 / 3.0).abs() < 1e-9));
    let measured = alert.measured.clone().unwrap();
    assert_eq!((measured.from, measured.to, measured.metric), (at(-57_000), at(3_001), Metric::ErrorRate));
    let Kind::Condition(Condition::Metric { filters, .. }) = &rules.rules.rules[0].kind else { panic!() };
    assert_eq!(measured.filters, *filters);
    // None is left in the window: that tells nothing.
    assert_eq!(site.look(&rules, until(100_000)).await, []);
    for n in 0..3 {
        site.event("acme", 100_000 + n, 100_000 + n, pay("")).await;
    }
    assert_eq!(site.look(&rules, until(101_000)).await, [Resolved]);
}

#[tokio::test]
async fn silence_is_not_what_is_still_on_its_way() {
    let rules = "[[rule]]\nname = \"silence\"\ntenant = \"acme\"\nsilence = \"10m\"\nfilters = [{ field = \"event_name\", op = \"is\", values = [\"beat\"] }]\n";
    let (site, rules) = (Site::new().await, current(rules));
    site.event("acme", 0, 0, named("beat")).await;
    site.event("acme", 700_000, 700_000, named("other")).await;
    site.event("globex", 700_000, 700_000, named("beat")).await;
    assert_eq!(site.look(&rules, until(600_000)).await, []);
    // It is later, but the consumer is not.
    let lagging = Some(Progress { complete_until: Some(at(590_000)), lag: 100 });
    assert_eq!(site.look(&rules, lagging).await, []);
    assert_eq!(site.look(&rules, until(600_001)).await, [Open]);
    site.event("acme", 710_000, 710_000, named("beat")).await;
    assert_eq!(site.look(&rules, until(720_000)).await, [Resolved]);
}

#[tokio::test]
async fn a_lag_fires_while_it_is_too_great() {
    let (site, rules) =
        (Site::new().await, current("[[rule]]\nname = \"lag\"\ntenant = \"acme\"\nlag_over = 100\n"));
    let lag = |lag| Some(Progress { complete_until: Some(at(0)), lag });
    assert_eq!(site.look(&rules, lag(100)).await, []);
    assert_eq!(site.look(&rules, lag(101)).await, [Open]);
    assert_eq!(site.look(&rules, None).await, []);
    let [alert] = &site.alerts("acme").await[..] else { panic!() };
    site.acknowledge(alert, 1_000).await;
    assert_eq!(site.look(&rules, lag(102)).await, [], "somebody knows");
    let unseen = Some(Progress { complete_until: None, lag: 0 });
    assert_eq!(site.look(&rules, unseen).await, [Resolved], "it is known all the same");
    assert_eq!(site.look(&rules, lag(101)).await, [Open]);
    assert_eq!(site.look(&rules, lag(0)).await, [Resolved]);
    assert_eq!(site.look(&rules, lag(101)).await, [Open]);
    assert_eq!(site.alerts("acme").await.len(), 3);
}

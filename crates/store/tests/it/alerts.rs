//! Alerts in their table.

use std::collections::HashMap;
use std::time::Duration;

use model::{EventId, Timestamp};
use store::{
    Alert, AlertKey, AlertState, Config, Delivery, Measured, Metric, Outcome, RuleId, Store, Transition,
};
use uuid::Uuid;

use crate::database::{Database, tenant, time};

fn opened(firing: u64, at: &str) -> Transition {
    Transition {
        tenant: tenant("acme"),
        rule: "low stock".into(),
        definition: "event low by properties.sku".into(),
        key: AlertKey([("properties.sku".to_owned(), "a'\\\"b".to_owned())].into()),
        firing,
        state: AlertState::Open,
        at: time(at),
        event: Some(EventId::new(time(at))),
        value: Some(0.25),
        measured: Some(Measured {
            metric: Metric::of("sum", "properties.price").unwrap(),
            filters: serde_json::from_str(r#"[{"field":"latency","op":"gt","values":[5,"1e3"]}]"#).unwrap(),
            from: time("2026-11-20T09:00:00Z"),
            to: time(at),
        }),
        message: "few are left".into(),
        delivery: Delivery::waiting(time(at)),
    }
}

fn then(before: &Transition, state: AlertState, at: &str) -> Transition {
    Transition { state, at: time(at), event: None, message: String::new(), ..before.clone() }
}

impl Database {
    /// With tables from which no time takes anything.
    async fn of_alerts() -> Self {
        let database = Self::new().await;
        database.sql("ALTER TABLE {db}.alerts REMOVE TTL").await;
        database.sql("ALTER TABLE {db}.alert_cursors REMOVE TTL").await;
        database
    }

    async fn newest(&self, state: Option<AlertState>) -> Vec<Alert> {
        self.store
            .newest_alerts(&tenant("acme"), state, 10)
            .await
            .unwrap_or_else(|error| panic!("{}", error.detail()))
    }
}

#[tokio::test]
async fn an_alert_is_what_became_of_it_in_whatever_order_and_how_often_that_is_written() {
    let database = Database::of_alerts().await;
    let first = opened(1, "2026-11-20T10:00:00Z");
    let acknowledged = then(&first, AlertState::Acknowledged, "2026-11-20T10:01:00Z");
    let resolved = then(&first, AlertState::Resolved, "2026-11-20T10:02:00Z");
    let second = opened(2, "2026-11-20T11:00:00Z");
    let others = Transition { tenant: tenant("globex"), ..first.clone() };
    for written in [&resolved, &first, &first, &acknowledged, &second, &others, &first] {
        database.store.add_transitions(std::slice::from_ref(written)).await.unwrap();
    }
    let all = database.newest(None).await;
    assert_eq!(all.iter().map(Alert::firing).collect::<Vec<_>>(), [2, 1]);
    let [newest, oldest] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((newest.state, newest.fired_at, newest.resolved_at), (AlertState::Open, second.at, None));
    assert_eq!(oldest.transitions, [first.clone(), acknowledged.clone(), resolved.clone()]);
    assert_eq!(
        (oldest.state, oldest.acknowledged_at, oldest.resolved_at, oldest.message.as_str(), oldest.value),
        (AlertState::Resolved, Some(acknowledged.at), Some(resolved.at), "few are left", Some(0.25))
    );
    assert_ne!(newest.id, oldest.id);
    let before = oldest.when(AlertState::Acknowledged).unwrap();
    assert_eq!((before.state, before.resolved_at), (AlertState::Acknowledged, None));

    let id = oldest.id;
    assert_eq!(database.store.alert(&tenant("acme"), id).await.unwrap().as_ref(), Some(oldest));
    assert_eq!(database.store.alert(&tenant("globex"), id).await.unwrap(), None);
    assert_eq!(database.newest(Some(AlertState::Open)).await, std::slice::from_ref(newest));
    assert_eq!(database.newest(Some(AlertState::Acknowledged)).await, []);
    assert_eq!(database.newest(Some(AlertState::Resolved)).await, std::slice::from_ref(oldest));
    let of = async |key: AlertKey| database.store.alerts_of(&first.rule_id(), &[key]).await.unwrap();
    assert_eq!(of(first.key.clone()).await, [oldest.clone(), newest.clone()]);
    assert_eq!(of(AlertKey::default()).await, []);
}

#[tokio::test]
async fn of_a_delivery_the_last_try_counts() {
    let database = Database::of_alerts().await;
    let at = time("2026-11-20T10:00:00Z");
    let waiting = opened(1, "2026-11-20T10:00:00Z");
    let tried = |tries, outcome, next: &str| Transition {
        delivery: Delivery { outcome, tries, next_try_at: time(next) },
        ..waiting.clone()
    };
    let untold = async |now: Timestamp| {
        let alerts = database.store.untold_alerts(now, 10).await.unwrap();
        alerts.iter().map(|alert| alert.transitions[0].delivery.tries).collect::<Vec<_>>()
    };
    let later = time("2026-11-20T10:01:00Z");
    let again = tried(1, Outcome::Waiting, "2026-11-20T10:01:00Z");
    database.store.add_transitions(std::slice::from_ref(&waiting)).await.unwrap();
    assert_eq!(untold(Timestamp::from_millis(at.millis() - 1).unwrap()).await, [0; 0]);
    assert_eq!(untold(at).await, [0]);
    // Whoever finds it again does not begin anew.
    for written in [&again, &waiting] {
        database.store.add_transitions(std::slice::from_ref(written)).await.unwrap();
    }
    assert_eq!((untold(at).await, untold(later).await), (vec![], vec![1]));
    let done = tried(2, Outcome::Delivered, "2026-11-20T10:01:00Z");
    for written in [&done, &waiting, &again] {
        database.store.add_transitions(std::slice::from_ref(written)).await.unwrap();
    }
    assert_eq!(untold(Timestamp::MAX).await, [0; 0]);
}

#[tokio::test]
async fn a_cursor_never_goes_back() {
    let database = Database::of_alerts().await;
    let stock = opened(1, "2026-11-20T10:00:00Z").rule_id();
    let others = RuleId { tenant: tenant("globex"), ..stock.clone() };
    assert_eq!(database.store.alert_cursors().await.unwrap(), HashMap::new());
    for at in ["2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z", "2026-11-20T10:30:00Z"] {
        let of_both = [(stock.clone(), time(at)), (others.clone(), time("2026-11-20T09:00:00Z"))];
        database.store.advance_alert_cursors(&of_both).await.unwrap();
    }
    let expected = [(stock, time("2026-11-20T11:00:00Z")), (others, time("2026-11-20T09:00:00Z"))];
    assert_eq!(database.store.alert_cursors().await.unwrap(), expected.into());
}

#[tokio::test]
async fn of_a_key_that_fires_often_the_newest_alerts_are_told() {
    let database = Database::of_alerts().await;
    let transitions: Vec<_> = (1..=400).map(|firing| opened(firing, "2026-11-20T10:00:00Z")).collect();
    let resolved = then(&transitions[399], AlertState::Resolved, "2026-11-20T10:02:00Z");
    let other = Transition { key: AlertKey::default(), ..transitions[0].clone() };
    let all = [&transitions[..], &[resolved, other.clone()]].concat();
    database.store.add_transitions(&all).await.unwrap();
    let keys = [transitions[0].key.clone(), other.key.clone()];
    let found = database.store.alerts_of(&other.rule_id(), &keys).await.unwrap();
    let firings =
        |key: &AlertKey| found.iter().filter(|it| it.key == *key).map(Alert::firing).collect::<Vec<_>>();
    assert_eq!(firings(&keys[0]), (102..=400).collect::<Vec<_>>());
    assert_eq!(firings(&keys[1]), [1]);
    let newest = found.iter().rfind(|it| it.key == keys[0]).unwrap();
    assert_eq!(newest.state, AlertState::Resolved);
}

#[tokio::test]
async fn those_that_are_not_resolved_are_told_by_their_rules() {
    let database = Database::of_alerts().await;
    let first = opened(1, "2026-11-20T10:00:00Z");
    let acknowledged = then(&first, AlertState::Acknowledged, "2026-11-20T10:01:00Z");
    let second = Transition { definition: "lag".into(), ..first.clone() };
    let over = Transition { rule: "over".into(), ..first.clone() };
    let resolved = then(&over, AlertState::Resolved, "2026-11-20T10:01:00Z");
    database
        .store
        .add_transitions(&[first.clone(), acknowledged, second.clone(), over, resolved])
        .await
        .unwrap();
    let mut rules = database.store.unresolved_rules().await.unwrap();
    rules.sort();
    assert_eq!(rules, [first.rule_id(), second.rule_id()]);
    let unresolved = database.store.unresolved_alerts(&first.rule_id(), 10).await.unwrap();
    assert_eq!(
        unresolved.iter().map(|it| (it.id, it.state)).collect::<Vec<_>>(),
        [(first.id(), AlertState::Acknowledged)]
    );
    assert_ne!(first.id(), second.id(), "it is another rule");
}

#[tokio::test]
async fn alerts_that_were_told_are_not_read_to_find_those_that_were_not() {
    let database = Database::of_alerts().await;
    let at = "2026-11-20T10:00:00Z";
    let told = Delivery { outcome: Outcome::Delivered, tries: 1, next_try_at: time(at) };
    let all: Vec<_> = (1..=80_000).map(|n| Transition { delivery: told, ..opened(n, at) }).collect();
    database.store.add_transitions(&all).await.unwrap();
    database.store.add_transitions(&[opened(7, at), opened(80_001, at)]).await.unwrap();
    let config = Config { read_max_rows: 30_000, ..database.config.clone() };
    let store = Store::new(config).unwrap();
    let untold =
        store.untold_alerts(Timestamp::MAX, 10).await.unwrap_or_else(|error| panic!("{}", error.detail()));
    assert_eq!(untold.iter().map(Alert::firing).collect::<Vec<_>>(), [80_001]);
}

#[tokio::test]
async fn an_alert_goes_when_it_fired_too_long_ago() {
    let database = Database::new().await;
    let first = opened(1, "2020-11-20T10:00:00Z");
    let now = Timestamp::now().to_string();
    let later = [then(&first, AlertState::Acknowledged, &now), opened(2, &now)];
    database.store.add_transitions(std::slice::from_ref(&first)).await.unwrap();
    database.store.add_transitions(&later).await.unwrap();
    database.sql("OPTIMIZE TABLE {db}.alerts FINAL").await;
    assert_eq!(database.newest(None).await.iter().map(Alert::firing).collect::<Vec<_>>(), [2]);
    // What is left of it still counts: the next one has another number.
    let known = database.store.alerts_of(&first.rule_id(), std::slice::from_ref(&first.key)).await.unwrap();
    assert_eq!(known.iter().map(Alert::firing).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn bids_are_told_in_the_order_of_the_servers_clock() {
    let database = Database::of_alerts().await;
    assert_eq!(database.store.bids().await.unwrap(), (vec![], None));
    let holders = [Uuid::from_u128(1), Uuid::from_u128(2)];
    for holder in holders {
        let (ttl, limit) = (Duration::from_millis(1_500), Duration::from_secs(10));
        database.store.bid(holder, ttl, limit).await.unwrap();
    }
    let (bids, now) = database.store.bids().await.unwrap();
    assert_eq!(bids.iter().map(|bid| bid.ttl).collect::<Vec<_>>(), [Duration::from_millis(1_500); 2]);
    assert!(bids.is_sorted_by_key(|bid| bid.at) && now.unwrap() >= bids[1].at);
    let mut told: Vec<_> = bids.iter().map(|bid| bid.holder).collect();
    told.sort();
    assert_eq!(told, holders);
}

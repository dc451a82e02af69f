//! Alerts in their table.

use std::time::Duration;

use model::{EventId, Timestamp};
use store::{Alert, AlertKey, AlertState, Delivery, Outcome, Transition};
use uuid::Uuid;

use crate::database::{Database, tenant, time};

fn opened(firing: u64, at: &str) -> Transition {
    Transition {
        tenant: tenant("acme"),
        rule: "low stock".into(),
        key: AlertKey([("properties.sku".to_owned(), "a'\\\"b".to_owned())].into()),
        firing,
        state: AlertState::Open,
        at: time(at),
        event: Some(EventId::new(time(at))),
        value: Some(0.25),
        message: "few are left".into(),
        delivery: Delivery::waiting(time(at)),
    }
}

fn then(before: &Transition, state: AlertState, at: &str) -> Transition {
    Transition { state, at: time(at), event: None, message: String::new(), ..before.clone() }
}

impl Database {
    async fn newest(&self, state: Option<AlertState>) -> Vec<Alert> {
        self.store
            .newest_alerts(&tenant("acme"), state, 10)
            .await
            .unwrap_or_else(|error| panic!("{}", error.detail()))
    }
}

#[tokio::test]
async fn an_alert_is_what_became_of_it_in_whatever_order_and_how_often_that_is_written() {
    let database = Database::new().await;
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
    let of =
        async |key: AlertKey| database.store.alerts_of(&first.tenant, "low stock", &[key]).await.unwrap();
    assert_eq!(of(first.key.clone()).await, [oldest.clone(), newest.clone()]);
    assert_eq!(of(AlertKey::default()).await, []);
}

#[tokio::test]
async fn of_a_delivery_the_last_try_counts() {
    let database = Database::new().await;
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
    let database = Database::new().await;
    let acme = tenant("acme");
    let cursor = async || database.store.alert_cursor(&acme, "low stock").await.unwrap();
    assert_eq!(cursor().await, None);
    for at in ["2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z", "2026-11-20T10:30:00Z"] {
        database.store.advance_alert_cursor(&acme, "low stock", time(at)).await.unwrap();
    }
    assert_eq!(cursor().await, Some(time("2026-11-20T11:00:00Z")));
    assert_eq!(database.store.alert_cursor(&tenant("globex"), "low stock").await.unwrap(), None);
}

#[tokio::test]
async fn bids_are_told_in_the_order_of_the_servers_clock() {
    let database = Database::new().await;
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

use std::collections::{BTreeMap, BTreeSet};

use model::{EventId, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::*;

/// A shop of 20 days behind the clock change of Berlin, closing in the middle of a day.
fn plan(seed: u64) -> Plan {
    let until = Timestamp::parse("2026-11-03T13:37:00Z").unwrap().millis();
    Plan { seed, days: 20, users: 200, until, visits_before: 0, tenant: Tenant::default(), oddities: true }
}

/// By its names in the native dialect.
fn event(action: &Action) -> Option<Value> {
    match action {
        Action::Create(json) => Some(serde_json::from_str(json).unwrap()),
        Action::Track(json) => {
            let mut message: Value = serde_json::from_str(json).unwrap();
            message["event_name"] = message["event"].take();
            Some(message)
        }
        _ => None,
    }
}

#[test]
fn a_shop_follows_from_its_plan() {
    let [first, again, other] = [1, 1, 2].map(|seed| Shop::new(plan(seed)).collect::<Vec<_>>());
    assert!(first == again);
    assert!(first != other);
    assert!(first.len() > 3_000, "{}", first.len());
    let later = Shop::new(Plan { until: plan(1).until + 1, ..plan(1) }).collect::<Vec<_>>();
    assert!(first != later);
}

#[test]
fn operations_come_in_the_order_of_time_and_on_what_is_there() {
    let mut last = i64::MIN;
    let mut left: BTreeMap<Uuid, bool> = BTreeMap::new();
    for Operation { at, id, action } in Shop::new(plan(1)) {
        assert!((last..plan(1).until).contains(&at));
        last = at;
        let happened = EventId::from_uuid(id).unwrap().created_at().millis();
        assert!(happened <= at && happened >= plan(1).start() - HOUR, "{action:?}");
        match action {
            Action::Create(_) | Action::Track(_) => assert_eq!(left.insert(id, false), None, "{action:?}"),
            Action::Update(_) => *left.get_mut(&id).unwrap() = true,
            // No event is both changed and deleted.
            Action::Delete => assert_eq!(left.remove(&id), Some(false)),
        }
    }
    assert!(left.values().any(|is_changed| *is_changed));
}

#[test]
fn everything_that_makes_questions_hard_is_in_it() {
    let operations: Vec<_> = Shop::new(plan(1)).collect();
    let events: Vec<_> = operations.iter().filter_map(|operation| event(&operation.action)).collect();
    let names: BTreeSet<_> = events.iter().filter_map(|event| event["event_name"].as_str()).collect();
    for name in [
        "user.registered",
        "user.logged_in",
        "user.logged_out",
        "user.profile_updated",
        "order.created",
        "order.cancelled",
        "order.fulfilled",
        "payment.processed",
        "payment.failed",
        "payment.refunded",
        "inventory.low_stock",
        "inventory.out_of_stock",
        "inventory.restocked",
        "inventory.adjusted",
        "product.viewed",
        "message.answered",
    ] {
        assert!(names.contains(name), "{name}");
    }
    let has = |what: &dyn Fn(&Value) -> bool| events.iter().any(what);
    let total = |event: &Value| event["properties"]["total_amount"].clone();
    assert!(has(&|event| total(event).is_string()) && has(&|event| total(event).is_number()));
    for currency in ["EUR", "USD"] {
        assert!(has(&|event| event["properties"]["currency"] == currency), "{currency}");
    }
    assert!(has(&|event| event["anonymousId"].is_string() && event.get("userId").is_none()), "anonymous");
    assert!(has(&|event| event.get("anonymousId").is_none() && event.get("user_id").is_none()), "nobody");
    assert!(has(&|event| event["output"].as_str().is_some_and(|text| text.len() > 900_000)), "large");
    let native = operations.iter().filter(|operation| matches!(operation.action, Action::Create(_)));
    let halves: Vec<_> = native.map(|operation| operation.id.as_u64_pair().0).collect();
    assert!(halves.iter().collect::<BTreeSet<_>>().len() < halves.len(), "ids that share their first half");
}

#[test]
fn one_release_fails_while_there_is_trouble() {
    let trouble = plan(1).trouble();
    assert!(plan(1).start() < trouble.from && trouble.to < plan(1).until);
    let mut dice = Dice::new(1, Purpose::Chore, 0);
    let mut errors =
        |at, release| (0..1_000).filter(|_| !trouble.error(at, release, &mut dice).is_empty()).count();
    assert!(errors(trouble.from, catalog::GUILTY) > 500);
    assert!(errors(trouble.to, catalog::GUILTY) < 50);
    assert!(errors(trouble.from, catalog::RELEASES[0]) < 50);
}

#[test]
fn the_numbers_of_visits_go_on_from_those_before() {
    let talks = |visits_before| {
        let shop = Shop::new(Plan { visits_before, ..plan(1) });
        let events: Vec<_> = shop.filter_map(|operation| event(&operation.action)).collect();
        let named =
            |event: &Value| event["conversation_id"].as_str()?.strip_prefix("chat-")?.parse::<i64>().ok();
        events.iter().filter_map(named).collect::<BTreeSet<_>>()
    };
    let later: BTreeSet<_> = talks(0).into_iter().map(|number| number + 10_000).collect();
    assert!(!later.is_empty() && talks(10_000) == later);
}

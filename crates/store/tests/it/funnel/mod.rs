//! Funnels on an engine: what is read for them, and that they agree with `windowFunnel` where it asks the same.

mod window_funnel;

use model::{Content, EventKey, JsonText, Write};
use serde_json::{Value, json};
use store::queries::{FunnelAnswer, FunnelGroup, FunnelUser, Number, Outcome, Took};
use store::{Filters, Funnel, Range, Scope};

use crate::database::{Database, created, deleted, id_at, scope, tenant, time, updated};

fn key(at: &str) -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at(at) }
}

/// An event of a user; `who` is a user id, or `anon:` and an anonymous one.
fn did(who: &str, name: &str, properties: Value) -> Content<'static> {
    let (user, anonymous) = who.strip_prefix("anon:").map_or((who, ""), |anonymous| ("", anonymous));
    Content {
        user_id: user.to_owned().into(),
        anonymous_id: anonymous.to_owned().into(),
        event_name: name.to_owned().into(),
        properties: JsonText::from_stored(properties.to_string()).unwrap(),
        ..Content::default()
    }
}

/// Steps by the names of their events.
fn steps(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"name": name, "filters": named(name)})).collect()
}

fn named(name: &str) -> Value {
    json!([{"field": "event_name", "op": "is", "values": [name]}])
}

async fn funnel(database: &Database, range: Range, question: Value) -> FunnelAnswer {
    let acme = tenant("acme");
    let funnel: Funnel = serde_json::from_value(question).unwrap();
    let answer = database.store.funnel(&scope(&database.store, &acme, range), &funnel).await;
    answer.unwrap_or_else(|error| panic!("{}", error.detail()))
}

/// All whom the funnel counts so, in pages of so many.
async fn listed(
    database: &Database,
    range: Range,
    question: &Value,
    took: &Took,
    limit: usize,
) -> Vec<FunnelUser> {
    let acme = tenant("acme");
    let funnel: Funnel = serde_json::from_value(question.clone()).unwrap();
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let scope = scope(&database.store, &acme, range);
        let page = database.store.funnel_users(&scope, &funnel, took, after.as_ref(), limit).await.unwrap();
        assert!(page.users.len() == limit || page.next.is_none(), "{page:?}");
        all.extend(page.users);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

fn took(step: usize, outcome: Outcome) -> Took {
    Took { step, outcome, value: None }
}

/// Users of each step.
fn users(answer: &FunnelAnswer) -> Vec<u64> {
    answer.steps.iter().map(|step| step.users).collect()
}

/// The twentieth of November, seen long after it.
fn day() -> Range {
    Range::new(time("2026-11-20T00:00:00Z"), time("2026-11-21T00:00:00Z"), time("2027-01-01T00:00:00Z"))
        .unwrap()
}

#[tokio::test]
async fn a_funnel_is_of_the_users_who_begin_in_the_range() {
    let database = Database::new().await;
    let (changed, gone) = (key("2026-11-20T09:00:00Z"), key("2026-11-20T09:00:00Z"));
    let none = || json!({});
    database
        .insert_apart(&[
            created(&key("2026-11-20T08:00:00Z"), 1, did("ada", "visit", none())),
            created(&key("2026-11-20T08:00:10Z"), 2, did("ada", "order", none())),
            created(&key("2026-11-20T08:01:10.500Z"), 3, did("ada", "pay", none())),
            // Begins with the last millisecond of the range, and goes on behind it.
            created(&key("2026-11-20T23:59:59.999Z"), 4, did("anon:bob", "visit", none())),
            created(&key("2026-11-21T00:59:59.999Z"), 5, did("anon:bob", "order", none())),
            created(&key("2026-11-21T01:00:00Z"), 6, did("anon:bob", "pay", none())),
            // Too early, and too late.
            created(&key("2026-11-19T23:59:59.999Z"), 7, did("cid", "visit", none())),
            created(&key("2026-11-20T00:00:00Z"), 8, did("cid", "order", none())),
            created(&key("2026-11-21T00:00:00Z"), 9, did("dan", "visit", none())),
            // Was a visit, is an order, so nobody's beginning; and one that is deleted.
            created(&changed, 10, did("eve", "visit", none())),
            updated(&changed, 11, did("eve", "order", none())),
            created(&gone, 12, did("fay", "visit", none())),
            deleted(&gone, 13),
            // Of nobody.
            created(&key("2026-11-20T12:00:00Z"), 14, did("", "visit", none())),
        ])
        .await;
    let answer =
        funnel(&database, day(), json!({"steps": steps(&["visit", "order", "pay"]), "window": "1h"})).await;
    assert_eq!((users(&answer), answer.open), (vec![2, 2, 1], 0));
    let [_, order, pay] = answer.steps.as_slice() else { panic!("{answer:?}") };
    // 10 s of ada, an hour of bob; of two values both are the second.
    assert_eq!((order.median_seconds, order.p90_seconds), (Some(Number(3_600.0)), Some(Number(3_600.0))));
    assert_eq!((pay.median_seconds, pay.p90_seconds), (Some(Number(60.5)), Some(Number(60.5))));
    assert_eq!((pay.share_of_first, pay.share_of_previous), (Some(Number(0.5)), Some(Number(0.5))));
    assert_eq!((&*answer.steps[0].name, answer.steps[0].share_of_previous), ("visit", None));
    assert_eq!((answer.steps[0].share_of_first, answer.steps[0].median_seconds), (Some(Number(1.0)), None));
    // One millisecond more lets bob through.
    let longer = json!({"steps": steps(&["visit", "order", "pay"]), "window": "3600001ms"});
    assert_eq!(users(&funnel(&database, day(), longer).await), [2, 2, 2]);
}

#[tokio::test]
async fn of_nobody_shares_and_times_are_null() {
    let database = Database::new().await;
    let question = json!({"steps": steps(&["visit", "order"]), "breakdown": {"field": "source"}});
    let answer = funnel(&database, day(), question).await;
    for step in &answer.steps {
        assert_eq!(
            (step.users, step.share_of_first, step.share_of_previous, step.median_seconds),
            (0, None, None, None)
        );
    }
    assert_eq!((answer.open, answer.groups.as_deref()), (0, Some(&[][..])));
}

/// Ids made in one millisecond share more than their first 64 bits, whose order is that of the rest.
#[tokio::test]
async fn events_of_one_millisecond_are_in_the_order_of_their_ids() {
    let database = Database::new().await;
    let mut ids: Vec<_> = (0..2).map(|_| key("2026-11-20T08:00:00Z")).collect();
    ids.sort_by_key(|key| key.id.to_string());
    let rows = [
        created(&ids[0], 1, did("ada", "visit", json!({}))),
        created(&ids[1], 2, did("ada", "order", json!({}))),
    ];
    database.store.insert(&rows).await.unwrap();
    let through = json!({"steps": steps(&["visit", "order"]), "window": "1ms"});
    assert_eq!(users(&funnel(&database, day(), through).await), [1, 1]);
    let back = json!({"steps": steps(&["order", "visit"]), "window": "1ms"});
    assert_eq!(users(&funnel(&database, day(), back).await), [1, 0]);
}

#[tokio::test]
async fn strict_steps_have_nothing_between_them_and_exclusions_end_a_chain() {
    let database = Database::new().await;
    let at = |second: u32| key(&format!("2026-11-20T08:00:{second:02}Z"));
    database
        .store
        .insert(&[
            created(&at(0), 1, did("ada", "visit", json!({}))),
            created(&at(1), 2, did("ada", "scroll", json!({}))),
            created(&at(2), 3, did("ada", "order", json!({}))),
            created(&at(0), 4, did("bob", "visit", json!({}))),
            created(&at(1), 5, did("bob", "order", json!({}))),
            created(&at(2), 6, did("bob", "scroll", json!({}))),
            created(&at(3), 7, did("bob", "pay", json!({}))),
        ])
        .await
        .unwrap();
    let with = async |members: Value| {
        let mut question = json!({"steps": steps(&["visit", "order", "pay"])});
        question.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        users(&funnel(&database, day(), question).await)
    };
    assert_eq!(with(json!({})).await, [2, 2, 1]);
    assert_eq!(with(json!({"order": "strict"})).await, [2, 1, 0]);
    let scrolls = |from: u32, to: u32| json!({"exclusions": [{"filters": named("scroll"), "from_step": from, "to_step": to}]});
    assert_eq!(with(scrolls(1, 2)).await, [2, 1, 1]);
    assert_eq!(with(scrolls(2, 3)).await, [2, 2, 0]);
    assert_eq!(with(scrolls(1, 3)).await, [2, 1, 0]);
}

#[tokio::test]
async fn open_are_those_who_may_still_get_through() {
    let database = Database::new().await;
    database
        .store
        .insert(&[
            created(&key("2026-11-20T08:00:00Z"), 1, did("ada", "visit", json!({}))),
            created(&key("2026-11-20T08:00:00Z"), 2, did("bob", "visit", json!({}))),
            created(&key("2026-11-20T08:30:00Z"), 3, did("bob", "order", json!({}))),
            created(&key("2026-11-20T07:59:59.999Z"), 4, did("cid", "visit", json!({}))),
        ])
        .await
        .unwrap();
    let seen = |now: &str| Range::new(day().from(), day().to(), time(now)).unwrap();
    let question = || json!({"steps": steps(&["visit", "order"]), "window": "1h"});
    let open = async |now: &str| {
        let answer = funnel(&database, seen(now), question()).await;
        (users(&answer), answer.open)
    };
    // Bob's order has not happened yet.
    assert_eq!(open("2026-11-20T08:29:59.999Z").await, (vec![3, 0], 3));
    assert_eq!(open("2026-11-20T08:30:00Z").await, (vec![3, 1], 2));
    assert_eq!(open("2026-11-20T09:00:00Z").await, (vec![3, 1], 1));
    assert_eq!(open("2026-11-20T09:00:00.001Z").await, (vec![3, 1], 0));
}

#[tokio::test]
async fn groups_are_of_the_value_at_the_step_that_is_asked_for() {
    let database = Database::new().await;
    let at = |second: u32| key(&format!("2026-11-20T08:00:{second:02}Z"));
    let plan = |plan: &str| json!({"plan": plan});
    let mut rows = vec![
        created(&at(0), 1, did("ada", "visit", plan("free"))),
        created(&at(1), 2, did("ada", "order", plan("pro"))),
        created(&at(0), 3, did("bob", "visit", plan("free"))),
        created(&at(0), 4, did("cid", "visit", plan("Other"))),
        created(&at(5), 5, did("cid", "order", json!({}))),
        created(&at(0), 6, did("dan", "visit", json!({}))),
        created(&at(9), 7, did("dan", "order", plan("pro"))),
    ];
    rows.push(crate::database::live(&at(20), Write::Create, 8, did("bob", "scroll", plan("team"))));
    database.store.insert(&rows).await.unwrap();
    let groups = async |attribution: Value, limit: u32| {
        let breakdown = json!({"field": "properties.plan", "limit": limit});
        let question =
            json!({"steps": steps(&["visit", "order"]), "breakdown": breakdown, "attribution": attribution});
        let answer = funnel(&database, day(), question).await;
        assert_eq!(users(&answer), [4, 3]);
        let groups = answer.groups.unwrap();
        for step in 0..2 {
            let sum: u64 = groups.iter().map(|group| group.steps[step].users).sum();
            assert_eq!(sum, answer.steps[step].users, "{groups:?}");
        }
        let group = |group: &FunnelGroup| {
            let users: Vec<_> = group.steps.iter().map(|step| step.users).collect();
            (group.role.as_str(), group.key.clone().unwrap_or_default(), users)
        };
        groups.iter().map(group).collect::<Vec<_>>()
    };
    let of = |role: &'static str, key: &str, users: [u64; 2]| (role, key.to_owned(), users.to_vec());
    assert_eq!(
        groups(json!("first_step"), 10).await,
        [of("value", "free", [2, 1]), of("value", "Other", [1, 1]), of("none", "", [1, 1])]
    );
    // The value "Other" is not that of the others.
    assert_eq!(
        groups(json!(1), 1).await,
        [of("value", "free", [2, 1]), of("other", "", [1, 1]), of("none", "", [1, 1])]
    );
    assert_eq!(
        groups(json!("last_step"), 10).await,
        [of("value", "pro", [2, 2]), of("value", "free", [1, 0]), of("none", "", [1, 1])]
    );
    assert_eq!(groups(json!(2), 10).await, [of("value", "pro", [2, 2]), of("none", "", [2, 1])]);
}

#[tokio::test]
async fn the_users_behind_a_number_are_as_many_those_of_the_last_step_first() {
    let database = Database::new().await;
    let at = |second: u32| key(&format!("2026-11-20T08:00:{second:02}Z"));
    let plan = |plan: &str| json!({"plan": plan});
    let rows = [
        created(&at(0), 1, did("ada", "visit", plan("free"))),
        created(&at(9), 2, did("ada", "order", plan("free"))),
        created(&at(1), 3, did("bob", "visit", plan("free"))),
        created(&at(2), 4, did("bob", "order", plan("free"))),
        created(&at(3), 5, did("cid", "visit", plan("free"))),
        created(&at(3), 6, did("anon:bee", "visit", plan("pro"))),
        created(&at(4), 7, did("dan", "visit", json!({}))),
    ];
    database.store.insert(&rows).await.unwrap();
    let question = json!({
        "steps": steps(&["visit", "order"]), "window": "1h", "breakdown": {"field": "properties.plan"},
    });
    let names = async |took: Took| {
        let users = listed(&database, day(), &question, &took, 2).await;
        users.into_iter().map(|user| user.user).collect::<Vec<_>>()
    };
    assert_eq!(names(took(1, Outcome::Converted)).await, ["ada", "dan", "anon:bee", "cid", "bob"]);
    assert_eq!(names(took(2, Outcome::Converted)).await, ["ada", "bob"]);
    assert_eq!(names(took(2, Outcome::Dropped)).await, ["dan", "anon:bee", "cid"]);
    let of = |value: &str, took: Took| Took { value: Some(value.to_owned()), ..took };
    assert_eq!(names(of("free", took(2, Outcome::Dropped))).await, ["cid"]);
    assert_eq!(names(of("", took(1, Outcome::Converted))).await, ["dan"]);
    assert_eq!(names(of("team", took(1, Outcome::Converted))).await, [""; 0]);
    let ada = listed(&database, day(), &question, &took(2, Outcome::Converted), 2).await.swap_remove(0);
    let [started_at, last_step_at] = ["2026-11-20T08:00:00Z", "2026-11-20T08:00:09Z"].map(time);
    assert_eq!(ada, FunnelUser { user: "ada".to_owned(), steps: 2, started_at, last_step_at, open: false });
}

#[tokio::test]
async fn filters_of_the_scope_hold_of_all_events_and_others_tenants_have_none() {
    let database = Database::new().await;
    let at = |second: u32| key(&format!("2026-11-20T08:00:{second:02}Z"));
    let others = EventKey { tenant: tenant("globex"), id: id_at("2026-11-20T08:00:00Z") };
    database
        .store
        .insert(&[
            created(&at(0), 1, did("ada", "visit", json!({"shop": "a"}))),
            created(&at(1), 2, did("ada", "order", json!({"shop": "b"}))),
            created(&others, 3, did("zoe", "visit", json!({"shop": "a"}))),
        ])
        .await
        .unwrap();
    let acme = tenant("acme");
    let filters: Filters =
        serde_json::from_value(json!([{"field": "properties.shop", "op": "is", "values": ["a"]}])).unwrap();
    let scope = Scope { filters: &filters, ..scope(&database.store, &acme, day()) };
    let question: Funnel = serde_json::from_value(json!({"steps": steps(&["visit", "order"])})).unwrap();
    assert_eq!(users(&database.store.funnel(&scope, &question).await.unwrap()), [1, 0]);
}

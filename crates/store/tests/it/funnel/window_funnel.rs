//! `windowFunnel('strict_once')` answers the same where no two events of a user share a time, there are no exclusions
//! and other events may lie between the steps: how far each user gets.

use std::collections::{BTreeMap, BTreeSet};

use model::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::*;

/// As many as one breakdown shows.
const USERS: usize = 100;

/// The levels by the server's own function.
const LEVELS: &str = "
    SELECT user_id, windowFunnel({window}, 'strict_once')(toUInt64(toUnixTimestamp64Milli(created_at)), {steps}) AS level
    FROM {db}.events GROUP BY user_id HAVING level > 0";

/// Names of a user's events by their milliseconds, of which none is twice. A comma divides the two marks that an
/// event bears, so that steps overlap.
fn events() -> impl Strategy<Value = BTreeMap<i64, String>> {
    prop::collection::btree_map(
        0..60_i64,
        prop::sample::select(vec!["a", "b", "c", "a,b", "b,c", "a,c", "d"]),
        1..14,
    )
    .prop_map(|events| events.into_iter().map(|(at, name)| (at, name.to_owned())).collect())
}

/// The marks of the steps, which may come several times, and the window in milliseconds.
fn funnels() -> impl Strategy<Value = (Vec<&'static str>, i64)> {
    (vec(prop::sample::select(vec!["a", "b", "c", "d"]), 2..5), 1..60_i64)
}

#[test]
fn every_user_gets_as_far_as_window_funnel_says() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(Database::new());
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let begin = day().from().millis();
    let mut rows = Vec::new();
    for user in 0..USERS {
        for (at, name) in events().new_tree(&mut runner).unwrap().current() {
            let id = model::EventId::new(Timestamp::from_millis(begin + at).unwrap());
            let key = EventKey { tenant: tenant("acme"), id };
            rows.push(created(&key, 1, did(&format!("u-{user}"), &name, json!({}))));
        }
    }
    runtime.block_on(database.store.insert(&rows)).unwrap();

    let result = runner.run(&funnels(), |(marks, window)| {
        let filters = |mark: &str| json!([{"field": "event_name", "op": "contains", "values": [mark]}]);
        let steps: Value = marks.iter().map(|mark| json!({"name": mark, "filters": filters(mark)})).collect();
        let question = json!({
            "steps": steps, "window": format!("{window}ms"), "breakdown": {"field": "user", "limit": USERS},
        });
        let answer = runtime.block_on(funnel(&database, day(), question.clone()));
        let level = |group: &FunnelGroup| {
            let level = group.steps.iter().filter(|step| step.users == 1).count();
            (group.key.clone().unwrap(), level.to_string())
        };
        let levels: BTreeMap<_, _> = answer.groups.unwrap().iter().map(level).collect();
        let conditions: Vec<_> =
            marks.iter().map(|mark| format!("position(event_name, '{mark}') > 0")).collect();
        let sql = LEVELS.replace("{window}", &window.to_string()).replace("{steps}", &conditions.join(", "));
        let said = runtime.block_on(database.sql(&sql));
        let said: BTreeMap<_, _> = said.lines().filter_map(|line| line.split_once('\t')).collect();
        let said = said.into_iter().map(|(user, level)| (user.to_owned(), level.to_owned())).collect();
        // Those who got no further than to the first step.
        let dropped = runtime.block_on(listed(&database, day(), &question, &took(2, Outcome::Dropped), 40));
        let dropped: BTreeSet<_> = dropped.into_iter().map(|user| user.user).collect();
        let should = levels.iter().filter(|(_, level)| *level == "1").map(|(user, _)| user.clone()).collect();
        prop_assert_eq!(dropped, should, "{:?} {}", marks, window);
        if levels != said {
            return Err(TestCaseError::fail(format!("{marks:?} {window}: {levels:?} and {said:?}")));
        }
        Ok(())
    });
    result.unwrap();
}

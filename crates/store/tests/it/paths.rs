//! Where sessions go, on an engine.

use std::collections::BTreeMap;

use model::{Content, EventId, EventKey, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use store::queries::PathsAnswer;
use store::{Paths, Range};

use crate::database::{Database, created, id_at, scope, tenant, time};

type Node = (usize, Option<String>, u64, Option<u64>);

fn key(at: &str) -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at(at) }
}

/// An event of a user in a conversation, or in none.
fn did(user: &str, conversation: &str, name: &str) -> Content<'static> {
    Content {
        user_id: user.to_owned().into(),
        conversation_id: conversation.to_owned().into(),
        event_name: name.to_owned().into(),
        ..Content::default()
    }
}

fn day() -> Range {
    Range::new(time("2026-11-20T00:00:00Z"), time("2026-11-21T00:00:00Z"), time("2026-11-22T00:00:00Z"))
        .unwrap()
}

async fn paths(database: &Database, question: Value) -> PathsAnswer {
    paths_of(database, "acme", question).await
}

async fn paths_of(database: &Database, whose: &str, question: Value) -> PathsAnswer {
    let (whose, paths) = (tenant(whose), serde_json::from_value::<Paths>(question).unwrap());
    let answer = database.store.paths(&scope(&database.store, &whose, day()), &paths).await;
    answer.unwrap_or_else(|error| panic!("{}", error.detail()))
}

fn from(name: &str) -> Value {
    json!({"filters": [{"field": "event_name", "op": "is", "values": [name]}]})
}

fn nodes(answer: &PathsAnswer) -> Vec<Node> {
    answer.nodes.iter().map(|node| (node.step, node.name.clone(), node.sessions, node.drop_off)).collect()
}

fn node(step: usize, name: &str, sessions: u64, drop_off: impl Into<Option<u64>>) -> Node {
    (step, Some(name.to_owned()), sessions, drop_off.into())
}

#[tokio::test]
async fn a_conversation_is_one_session_whatever_it_lasts_and_a_run_of_a_user_another() {
    let database = Database::new().await;
    database
        .store
        .insert(&[
            // A conversation of two, which goes on a day after the range; what comes before the start is not told.
            created(&key("2026-11-20T08:00:00Z"), 1, did("ada", "c-1", "hello")),
            created(&key("2026-11-20T08:00:01Z"), 2, did("ada", "c-1", "ask")),
            created(&key("2026-11-20T08:00:02Z"), 3, did("ada", "c-1", "ask")),
            created(&key("2026-11-20T12:00:00Z"), 4, did("bob", "c-1", "answer")),
            created(&key("2026-11-21T23:00:00Z"), 5, did("", "c-1", "thank")),
            created(&key("2026-11-21T23:00:01Z"), 6, did("ada", "c-1", "leave")),
            // Ahead of now.
            created(&key("2026-11-22T00:00:00.001Z"), 7, did("ada", "c-1", "never")),
            // Ada's own events beside it: two runs, of which the first goes on over midnight.
            created(&key("2026-11-20T23:40:00Z"), 8, did("ada", "", "ask")),
            created(&key("2026-11-21T00:09:59.999Z"), 9, did("ada", "", "answer")),
            created(&key("2026-11-21T00:39:59.999Z"), 10, did("ada", "", "ask")),
            // No start in the range, and no session.
            created(&key("2026-11-21T01:00:00Z"), 11, did("", "c-2", "ask")),
            created(&key("2026-11-19T23:59:00Z"), 12, did("cid", "", "ask")),
            created(&key("2026-11-20T00:01:00Z"), 13, did("cid", "", "answer")),
            created(&key("2026-11-20T08:00:00Z"), 14, did("", "", "ask")),
        ])
        .await
        .unwrap();
    let answer = paths(&database, json!({"start": from("ask"), "steps": 3})).await;
    assert_eq!(answer.sessions, 2);
    assert_eq!(
        nodes(&answer),
        [node(0, "ask", 2, 0), node(1, "answer", 2, 1), node(2, "thank", 1, 0), node(3, "leave", 1, None),]
    );
    let links: Vec<_> = answer.links.iter().map(|link| (link.step, link.sessions)).collect();
    assert_eq!(links, [(0, 2), (1, 1), (2, 1)]);
}

#[tokio::test]
async fn names_beyond_the_top_are_one() {
    let database = Database::new().await;
    let mut rows = Vec::new();
    for (user, names) in [("ada", "abc"), ("bob", "abd"), ("cid", "acb"), ("dan", "ade"), ("eve", "a")] {
        for (second, name) in names.chars().enumerate() {
            let at = format!("2026-11-20T08:00:0{second}Z");
            rows.push(created(&key(&at), 1, did(user, "", &name.to_string())));
        }
    }
    database.store.insert(&rows).await.unwrap();
    let answer = paths(&database, json!({"start": from("a"), "steps": 2, "top": 1})).await;
    let other = |step, sessions, drop_off: Option<u64>| (step, None, sessions, drop_off);
    assert_eq!(
        nodes(&answer),
        [
            node(0, "a", 5, 1),
            node(1, "b", 2, 0),
            other(1, 2, Some(0)),
            // Of b, c, d and e, which come once each.
            node(2, "b", 1, None),
            other(2, 3, None),
        ]
    );
    let roles: Vec<_> = answer.nodes.iter().map(|node| node.role.as_str()).collect();
    assert_eq!(roles, ["value", "value", "other", "value", "other"]);
    let links: Vec<_> = answer
        .links
        .iter()
        .map(|link| (link.step, link.from.as_deref(), link.to.as_deref(), link.sessions))
        .collect();
    assert_eq!(
        links,
        [
            (0, Some("a"), Some("b"), 2),
            (0, Some("a"), None, 2),
            (1, Some("b"), None, 2),
            (1, None, Some("b"), 1),
            (1, None, None, 1),
        ]
    );
}

/// What happened to whom, in the order of time.
struct Happened {
    id: EventId,
    user: &'static str,
    conversation: &'static str,
    name: &'static str,
}

/// Gaps about as long as those between two runs, and none.
fn random_events(random: &mut StdRng) -> Vec<Happened> {
    const GAP_MS: i64 = 30 * 60_000;
    let mut at = time("2026-11-19T22:00:00Z").millis();
    let count = random.random_range(0..40);
    let mut events: Vec<_> = (0..count)
        .map(|_| {
            at += [0, 0, 1, GAP_MS / 2, GAP_MS - 1, GAP_MS][random.random_range(0..6)];
            Happened {
                id: EventId::new(Timestamp::from_millis(at).unwrap()),
                user: ["ada", "bob", ""][random.random_range(0..3)],
                conversation: ["c-1", "", "", ""][random.random_range(0..4)],
                name: ["a", "b", "c"][random.random_range(0..3)],
            }
        })
        .collect();
    events.sort_by_key(|event| event.id.uuid());
    events
}

/// The names of each session from its first start on, event by event.
fn trails(events: &[Happened], steps: usize) -> Vec<Vec<&'static str>> {
    let range = day();
    // Of each conversation or user: when something happened last, and the trail that it would be added to.
    let mut open: BTreeMap<(&str, &str), (i64, Option<usize>)> = BTreeMap::new();
    let mut trails: Vec<Vec<&'static str>> = Vec::new();
    for Happened { id, user, conversation, name } in events {
        let at = id.created_at().millis();
        if at < range.from().millis() || (user.is_empty() && conversation.is_empty()) {
            continue;
        }
        let whose = (*conversation, if conversation.is_empty() { *user } else { "" });
        let (last, trail) = open.entry(whose).or_insert((at, None));
        if conversation.is_empty() && at - *last >= 30 * 60_000 {
            *trail = None;
        }
        *last = at;
        match *trail {
            Some(trail) if trails[trail].last() == Some(name) => {}
            Some(trail) => trails[trail].push(name),
            None if *name == "a" && at < range.to().millis() => {
                *trail = Some(trails.len());
                trails.push(vec![name]);
            }
            None => {}
        }
    }
    for trail in &mut trails {
        trail.truncate(steps + 1);
    }
    trails
}

#[tokio::test]
async fn trails_are_those_of_a_walk_event_by_event() {
    let (database, mut all) = (Database::new().await, 0);
    for seed in 0..150 {
        let random = &mut StdRng::seed_from_u64(seed);
        let (events, steps, whose) = (random_events(random), random.random_range(1..4), format!("t-{seed}"));
        let rows: Vec<_> = events
            .iter()
            .map(|Happened { id, user, conversation, name }| {
                created(&EventKey { tenant: tenant(&whose), id: *id }, 1, did(user, conversation, name))
            })
            .collect();
        database.store.insert(&rows).await.unwrap();
        let answer = paths_of(&database, &whose, json!({"start": from("a"), "steps": steps})).await;

        let trails = trails(&events, steps);
        let (mut nodes, mut links) = (BTreeMap::new(), BTreeMap::new());
        for trail in &trails {
            for (step, name) in trail.iter().enumerate() {
                let next = trail.get(step + 1);
                let (sessions, ended) = nodes.entry((step, (*name).to_owned())).or_insert((0_u64, 0_u64));
                *sessions += 1;
                *ended += u64::from(next.is_none());
                if let Some(next) = next {
                    *links.entry((step, (*name).to_owned(), (*next).to_owned())).or_insert(0_u64) += 1;
                }
            }
        }
        let told = |step: usize, ended: u64| (step < steps).then_some(ended);
        let expected: BTreeMap<_, _> = nodes
            .into_iter()
            .map(|((step, name), (sessions, ended))| ((step, name), (sessions, told(step, ended))))
            .collect();
        let found = answer
            .nodes
            .iter()
            .map(|node| ((node.step, node.name.clone().unwrap()), (node.sessions, node.drop_off)));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), expected, "{seed}");
        let found = answer
            .links
            .iter()
            .map(|link| ((link.step, link.from.clone().unwrap(), link.to.clone().unwrap()), link.sessions));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), links, "{seed}");
        assert_eq!(answer.sessions, trails.len() as u64, "{seed}");
        all += trails.len();
    }
    assert!(all > 300, "{all} sessions");
}

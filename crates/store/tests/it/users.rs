//! Users on an engine, against a count event by event.

use std::collections::{BTreeMap, BTreeSet};

use model::{Content, EventId, EventKey, Kind, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use store::queries::{User, UserMark, UserOrder};
use store::{Filters, Range, Scope};

use crate::database::{Database, created, id_at, scope, tenant, time};

struct Happened {
    key: EventKey,
    content: Content<'static>,
}

fn happened(random: &mut StdRng) -> Vec<Happened> {
    let first = time("2026-11-01T00:00:00Z").millis();
    let mut pick = |texts: &[&'static str]| texts[random.random_range(0..texts.len())];
    let mut contents = Vec::new();
    for _ in 0..400 {
        contents.push(Content {
            event_name: pick(&["a", "b"]).into(),
            user_id: pick(&["", "", "ada", "bob", "cy", "anon:x", "Ünal"]).into(),
            anonymous_id: pick(&["", "x", "y", "z"]).into(),
            conversation_id: pick(&["", "c-1", "c-2", "c-3"]).into(),
            error: pick(&["", "", "timeout"]).into(),
            ..Content::default()
        });
    }
    let mut at = || Timestamp::from_millis(first + random.random_range(0..3_000)).unwrap();
    let key = |at| EventKey { tenant: tenant("acme"), id: EventId::new(at) };
    contents.into_iter().map(|content| Happened { key: key(at()), content }).collect()
}

/// The users of these events in these milliseconds, by their names.
fn users(events: &[Happened], millis: std::ops::Range<i64>) -> Vec<User> {
    let mut events: Vec<_> =
        events.iter().filter(|event| millis.contains(&event.key.id.created_at().millis())).collect();
    events.sort_by_key(|event| event.key.id.to_string());
    let (mut users, mut conversations) = (BTreeMap::<String, User>::new(), BTreeSet::new());
    for Happened { key, content } in events {
        let name = match (&*content.user_id, &*content.anonymous_id) {
            ("", "") => continue,
            ("", anonymous) => format!("anon:{anonymous}"),
            (user, _) => user.to_owned(),
        };
        let at = key.id.created_at();
        let user = users.entry(name.clone()).or_insert_with(|| User {
            user: name.clone(),
            user_id: String::new(),
            anonymous_id: String::new(),
            events: 0,
            errors: 0,
            conversations: 0,
            first_seen: at,
            last_seen: at,
        });
        user.last_seen = at;
        user.events += 1;
        user.errors += u64::from(!content.error.is_empty());
        let is_new = conversations.insert((name, content.conversation_id.to_string()));
        user.conversations += u64::from(is_new && !content.conversation_id.is_empty());
        if !content.user_id.is_empty() {
            user.user_id = content.user_id.to_string();
        }
        if !content.anonymous_id.is_empty() {
            user.anonymous_id = content.anonymous_id.to_string();
        }
    }
    users.into_values().collect()
}

#[tokio::test]
async fn users_are_counted_and_listed_page_by_page_in_both_orders() {
    let database = Database::new().await;
    let events = happened(&mut StdRng::seed_from_u64(7));
    let rows: Vec<_> =
        (1..).zip(&events).map(|(n, event)| created(&event.key, n, event.content.clone())).collect();
    database.store.insert(&rows).await.unwrap();
    let (acme, first) = (tenant("acme"), time("2026-11-01T00:00:00Z").millis());
    let at = |millis| Timestamp::from_millis(millis).unwrap();
    for (from, to) in [(0, 3_000), (500, 1_500), (0, 30)] {
        let range = Range::new(at(first + from), at(first + to), time("2026-12-01T00:00:00Z")).unwrap();
        let scope = scope(&database.store, &acme, range);
        for order in [UserOrder::LastSeen, UserOrder::Events] {
            let mut should = users(&events, first + from..first + to);
            should.sort_by_key(|user| match order {
                UserOrder::LastSeen => -user.last_seen.millis(),
                UserOrder::Events => -i64::try_from(user.events).unwrap(),
            });
            let (mut is, mut after): (Vec<User>, Option<UserMark>) = (Vec::new(), None);
            loop {
                let page = database.store.users(&scope, order, after.as_ref(), 2).await.unwrap();
                is.extend(page.users);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(is, should, "{order:?}");
        }
    }
}

#[tokio::test]
async fn one_user_is_known_with_the_event_that_told_the_traits_last() {
    let database = Database::new().await;
    let key = |at: &str| EventKey { tenant: tenant("acme"), id: id_at(at) };
    let of = |user: &str, kind| Content { user_id: user.to_owned().into(), kind, ..Content::default() };
    let [first, last] = ["2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z"].map(key);
    let rows = [
        created(&first, 1, of("ada", Kind::Identify)),
        created(&last, 2, of("ada", Kind::Identify)),
        created(&key("2026-11-20T14:00:00Z"), 3, of("ada", Kind::Track)),
        created(&key("2026-11-20T15:00:00Z"), 4, of("bob", Kind::Track)),
    ];
    database.store.insert(&rows).await.unwrap();
    let (acme, now) = (tenant("acme"), time("2026-12-01T00:00:00Z"));
    let range = Range::new(Timestamp::default(), now, now).unwrap();
    let user = async |name: &str| {
        let filters = json!([{"field": "user", "op": "is", "values": [name]}]);
        let filters: Filters = serde_json::from_value(filters).unwrap();
        let scope = Scope { filters: &filters, ..scope(&database.store, &acme, range) };
        database.store.user(&scope).await.unwrap()
    };
    let (ada, identified) = user("ada").await.unwrap();
    assert_eq!((ada.events, identified), (3, Some(last.id)));
    assert_eq!(user("bob").await.map(|(bob, identified)| (bob.events, identified)), Some((1, None)));
    assert_eq!(user("cy").await, None);
}

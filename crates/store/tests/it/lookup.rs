//! What the consumer sees of the table before it writes.

use std::collections::HashMap;

use model::{EventId, EventKey, Timestamp};

use crate::database::{Database, created, deleted, id_at, new_key, saying, tenant, updated};

#[tokio::test]
async fn the_greatest_version_wins_before_any_merge() {
    let database = Database::new().await;
    let key = new_key();
    let rows = [
        updated(&key, 8, saying("second update")),
        created(&key, 1, saying("created")),
        updated(&key, 5, saying("first update")),
        created(&key, 9, saying("created again")),
    ];
    database.insert_apart(&rows).await;
    assert_eq!(database.sql("SELECT count() FROM {db}.events").await, "4");
    let found = database.store.lookup(std::slice::from_ref(&key)).await.unwrap();
    assert_eq!(found, HashMap::from([rows[0].clone()]));
    assert_eq!(database.store.event(&key).await.unwrap().as_ref(), Some(&rows[0].1));
}

#[tokio::test]
async fn of_two_creates_the_first_wins() {
    let database = Database::new().await;
    let key = new_key();
    let rows = [created(&key, 7, saying("later")), created(&key, 3, saying("first"))];
    database.insert_apart(&rows).await;
    let found = database.store.lookup(std::slice::from_ref(&key)).await.unwrap();
    assert_eq!(found, HashMap::from([rows[1].clone()]));
    assert_eq!(database.store.event(&key).await.unwrap().as_ref(), Some(&rows[1].1));
}

#[tokio::test]
async fn tombstones_are_seen_before_and_after_a_merge() {
    let database = Database::new().await;
    let (deleted_key, never_created) = (new_key(), new_key());
    let tombstones = [deleted(&deleted_key, 4), deleted(&never_created, 2)];
    database
        .insert_apart(&[
            created(&deleted_key, 1, saying("x")),
            tombstones[0].clone(),
            updated(&deleted_key, 6, saying("too late")),
            tombstones[1].clone(),
        ])
        .await;
    let keys = [deleted_key, never_created];
    assert_eq!(database.store.lookup(&keys).await.unwrap(), HashMap::from(tombstones.clone()));
    assert_eq!(database.store.event(&keys[0]).await.unwrap().as_ref(), Some(&tombstones[0].1));

    database.sql("SYSTEM START MERGES {db}.events").await;
    database.sql("OPTIMIZE TABLE {db}.events FINAL").await;
    assert_eq!(database.sql("SELECT count() FROM {db}.events").await, "2");
    assert_eq!(database.store.lookup(&keys).await.unwrap(), HashMap::from(tombstones));
}

#[tokio::test]
async fn twelve_thousand_keys_are_asked_for_in_one_call() {
    let database = Database::new().await;
    let now = Timestamp::now();
    // As long as a tenant's name may be: that is what makes the question long.
    let tenant = tenant(&"t".repeat(64));
    let keys: Vec<_> =
        (0..12_000).map(|_| EventKey { tenant: tenant.clone(), id: EventId::new(now) }).collect();
    let there: Vec<_> =
        (0..).zip(&keys).step_by(2).map(|(n, key)| created(key, n, saying(&n.to_string()))).collect();
    database.store.insert(&there).await.unwrap();
    let found = database.store.lookup(&keys).await.unwrap();
    assert_eq!(found.len(), 6_000);
    assert_eq!(found, there.into_iter().collect());
}

#[tokio::test]
async fn absent_keys_are_absent() {
    let database = Database::new().await;
    let (there, absent) = (new_key(), new_key());
    database.store.insert(&[created(&there, 1, saying("x"))]).await.unwrap();
    assert_eq!(database.store.lookup(&[]).await.unwrap(), HashMap::new());
    assert_eq!(database.store.lookup(std::slice::from_ref(&absent)).await.unwrap(), HashMap::new());
    let found = database.store.lookup(&[absent, there.clone()]).await.unwrap();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), [there]);
}

#[tokio::test]
async fn an_id_that_two_tenants_hold_is_two_events() {
    let database = Database::new().await;
    let id = id_at("2026-11-20T21:57:13.123Z");
    let [acme, globex, nobody] =
        ["acme", "globex", "initech"].map(|name| EventKey { tenant: tenant(name), id });
    let rows = [created(&acme, 1, saying("acme's")), deleted(&globex, 2)];
    database.store.insert(&rows).await.unwrap();
    for (key, row) in &rows {
        assert_eq!(database.store.event(key).await.unwrap().as_ref(), Some(row));
    }
    assert_eq!(database.store.event(&nobody).await.unwrap(), None);
    assert_eq!(database.store.lookup(&[acme, nobody, globex]).await.unwrap(), HashMap::from(rows));
}

#[tokio::test]
async fn events_of_the_first_and_the_last_possible_moment_are_found() {
    let database = Database::new().await;
    let keys = ["1970-01-01T00:00:00Z", "2299-12-31T23:59:59.999Z", "2024-02-29T23:59:59.999Z"]
        .map(|at| EventKey { tenant: tenant("acme"), id: id_at(at) });
    let rows = keys.each_ref().map(|key| created(key, 1, saying("x")));
    database.store.insert(&rows).await.unwrap();
    for (key, row) in &rows {
        assert_eq!(database.store.event(key).await.unwrap().as_ref(), Some(row));
    }
    assert_eq!(database.store.lookup(&keys).await.unwrap(), HashMap::from(rows));
}

#[tokio::test]
async fn ids_of_version_8_are_found() {
    let database = Database::new().await;
    let tenant = tenant("acme");
    let id = EventId::derive(&tenant, model::Source::Segment, "message-1", Timestamp::now());
    let row = created(&EventKey { tenant, id }, 1, saying("x"));
    database.store.insert(std::slice::from_ref(&row)).await.unwrap();
    assert_eq!(database.store.event(&row.0).await.unwrap(), Some(row.1));
}

//! What the consumer sees of the table before it writes.

use std::collections::HashMap;

use model::{EventId, EventKey, Stored, Timestamp};
use store::StoreError;

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
    let found = database.rows(std::slice::from_ref(&key)).await;
    assert_eq!(found, HashMap::from([rows[0].clone()]));
    assert_eq!(database.store.event(&key).await.unwrap().as_ref(), Some(&rows[0].1));
}

#[tokio::test]
async fn of_two_creates_the_first_wins() {
    let database = Database::new().await;
    let key = new_key();
    let rows = [created(&key, 7, saying("later")), created(&key, 3, saying("first"))];
    database.insert_apart(&rows).await;
    let found = database.rows(std::slice::from_ref(&key)).await;
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
    assert_eq!(database.rows(&keys).await, HashMap::from(tombstones.clone()));
    assert_eq!(database.store.event(&keys[0]).await.unwrap().as_ref(), Some(&tombstones[0].1));

    database.sql("SYSTEM START MERGES {db}.events").await;
    database.sql("OPTIMIZE TABLE {db}.events FINAL").await;
    assert_eq!(database.sql("SELECT count() FROM {db}.events").await, "2");
    assert_eq!(database.rows(&keys).await, HashMap::from(tombstones));
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
    let found = database.rows(&keys).await;
    assert_eq!(found.len(), 6_000);
    assert_eq!(found, there.into_iter().collect());
}

#[tokio::test]
async fn absent_keys_are_absent() {
    let database = Database::new().await;
    let (there, absent) = (new_key(), new_key());
    database.store.insert(&[created(&there, 1, saying("x"))]).await.unwrap();
    assert_eq!(database.rows(&[]).await, HashMap::new());
    assert_eq!(database.rows(std::slice::from_ref(&absent)).await, HashMap::new());
    let found = database.rows(&[absent, there.clone()]).await;
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
    assert_eq!(database.rows(&[acme, nobody, globex]).await, HashMap::from(rows));
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
    assert_eq!(database.rows(&keys).await, HashMap::from(rows));
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

#[tokio::test]
async fn an_answer_is_left_when_its_rows_take_too_much_and_the_rest_is_asked_for_again() {
    let database = Database::new().await;
    let keys: Vec<_> = (0..40).map(|_| new_key()).collect();
    let (there, absent) = keys.split_at(30);
    let text = "x".repeat(100_000);
    let rows: Vec<_> = (0..).zip(there).map(|(n, key)| updated(key, n, saying(&text))).collect();
    // An older version of each, which must not be taken for the one that counts.
    let older: Vec<_> = (0..).zip(there).map(|(n, key)| created(key, n, saying("old"))).collect();
    database.sql("SYSTEM STOP MERGES {db}.events").await;
    database.store.insert(&older).await.unwrap();
    database.store.insert(&rows).await.unwrap();

    let (mut left, mut found, mut answers) = (keys.clone(), HashMap::new(), 0);
    while !left.is_empty() {
        let lookup = database.store.lookup(&left, 1_000_000).await.unwrap();
        let bytes: usize = lookup.rows.values().map(Stored::bytes).sum();
        assert!(bytes < 1_200_000, "{bytes} bytes at once");
        assert!(lookup.left.iter().all(|key| !lookup.rows.contains_key(key)));
        assert!(lookup.left.iter().all(|key| !absent.contains(key)), "what is not there is told at once");
        assert!(lookup.left.len() < left.len(), "something is told each time");
        found.extend(lookup.rows);
        left = lookup.left;
        answers += 1;
    }
    assert!(answers >= 3, "{answers} answers");
    assert_eq!(found, rows.into_iter().collect());
}

#[tokio::test]
async fn a_row_that_is_larger_than_all_rows_may_be_is_told_when_it_is_asked_for_alone() {
    let database = Database::new().await;
    let row = created(&new_key(), 1, saying(&"x".repeat(100_000)));
    database.store.insert(std::slice::from_ref(&row)).await.unwrap();
    let lookup = database.store.lookup(std::slice::from_ref(&row.0), 1).await.unwrap();
    assert_eq!((lookup.rows, lookup.left), (HashMap::from([row]), Vec::new()));
}

#[tokio::test]
async fn standings_tell_what_is_known_without_reading_the_events() {
    let database = Database::new().await;
    let (live, gone, absent) = (new_key(), new_key(), new_key());
    let rows = [created(&live, 1, saying("x")), updated(&live, 4, saying("y")), deleted(&gone, 2)];
    database.insert_apart(&rows).await;
    let standings = database.store.standings(&[live.clone(), gone.clone(), absent]).await.unwrap();
    assert_eq!(standings.len(), 2);
    assert_eq!((standings[&live].version, standings[&live].is_deleted), (rows[1].1.version, false));
    assert_eq!(standings[&live].updated_at, crate::database::time("2027-01-15T08:00:00Z"));
    assert_eq!((standings[&gone].version, standings[&gone].is_deleted), (rows[2].1.version, true));
}

/// What hands can do to a table.
#[tokio::test]
async fn rows_that_nobody_here_wrote_are_told_apart_and_cost_no_other() {
    let database = Database::new().await;
    let rows: Vec<_> = (0..20).map(|n| created(&new_key(), n, saying("fine"))).collect();
    database.store.insert(&rows).await.unwrap();
    let keys: Vec<_> = rows.iter().map(|(key, _)| key.clone()).collect();
    for (key, column, value) in [
        (&keys[3], "latency", "-1"),
        (&keys[11], "properties", "'no JSON'"),
        (&keys[17], "output", "unhex('ff')"),
    ] {
        let alter = format!(
            "ALTER TABLE {{db}}.events UPDATE {column} = {value} WHERE id = '{}' SETTINGS mutations_sync = 1",
            key.id
        );
        database.sql(&alter).await;
    }
    let (mut left, mut found, mut foreign, mut most) = (keys.clone(), HashMap::new(), Vec::new(), 20);
    while !left.is_empty() {
        let some = left.split_off(left.len().saturating_sub(most));
        let lookup = database.store.lookup(&some, usize::MAX).await.unwrap();
        // As whoever asks does where nothing was told.
        most = if lookup.left.len() == some.len() { most.div_ceil(2) } else { most };
        found.extend(lookup.rows);
        foreign.extend(lookup.foreign.into_keys());
        left.extend(lookup.left);
    }
    foreign.sort();
    let mut expected = vec![keys[3].clone(), keys[11].clone(), keys[17].clone()];
    expected.sort();
    assert_eq!(foreign, expected);
    assert_eq!(found, rows.into_iter().filter(|(key, _)| !expected.contains(key)).collect());
    for key in &expected {
        let error = database.store.event(key).await.unwrap_err();
        assert!(matches!(error, StoreError::Foreign(_)) && !error.is_retryable(), "{error:?}");
    }
}

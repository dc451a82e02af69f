//! Errors, grouped by what they say, on an engine.

use model::{Content, EventKey, Timestamp};
use store::queries::ErrorGroup;
use store::{Interval, Range, WeekStart, Zone};

use crate::database::{Database, created, id_at, scope, tenant, time};

fn error(at: &str, user: &str, text: &str) -> (EventKey, model::Stored<'static>) {
    let content =
        Content { error: text.to_owned().into(), user_id: user.to_owned().into(), ..Content::default() };
    created(&EventKey { tenant: tenant("acme"), id: id_at(at) }, 1, content)
}

fn two_days() -> Range {
    let (from, to) = (time("2026-11-20T00:00:00Z"), time("2026-11-22T00:00:00Z"));
    Range::new(from, to, time("2026-12-01T00:00:00Z")).unwrap()
}

async fn groups(database: &Database, raw: bool, limit: u64) -> Vec<ErrorGroup> {
    let (store, acme, range) = (&database.store, tenant("acme"), two_days());
    let grid = store.grid(&range, &Zone::UTC, Some(Interval::Day), WeekStart::Monday).await.unwrap();
    let groups = store.error_groups(&scope(store, &acme, range), &grid, raw, limit).await;
    groups.unwrap_or_else(|error| panic!("{}", error.detail()))
}

#[tokio::test]
async fn what_is_variable_in_an_error_is_a_question_mark() {
    let database = Database::new().await;
    let texts = [
        ("timeout after 5000 ms", "timeout after ? ms"),
        ("timeout after 1,234.50ms", "timeout after ?ms"),
        ("got -5 of 3-5 and 1e-7", "got ? of ?-? and ?"),
        ("node17 said HTTP500", "node? said HTTP?"),
        ("user 018f3a5b-1234-7abc-8def-0123456789AB not found", "user ? not found"),
        ("at 0x7fff1a2B of deadbeef01", "at ? of ?"),
        ("can't open \"a 1\" or 'b c' or `d`", "can't open ? or ? or ?"),
        ("'a' 'b','c'", "? ?,?"),
        ("décadé facade 東京5", "décadé facade 東京?"),
        ("nothing variable", "nothing variable"),
    ];
    for (text, _) in texts {
        database.store.insert(&[error("2026-11-20T12:00:00Z", "", text)]).await.unwrap();
    }
    let mut is: Vec<_> = groups(&database, false, 100)
        .await
        .into_iter()
        .map(|group| (group.sample, group.fingerprint))
        .collect();
    let mut should = texts.map(|(text, fingerprint)| (text.to_owned(), fingerprint.to_owned()));
    is.sort();
    should.sort();
    assert_eq!(is, should);
}

#[tokio::test]
async fn a_group_is_counted_in_the_range_and_new_if_it_was_never_before() {
    let database = Database::new().await;
    let rows = [
        error("2026-01-01T00:00:00Z", "eve", "row 1 is locked"),
        error("2026-11-20T10:00:00Z", "ada", "row 2 is locked"),
        error("2026-11-21T11:00:00Z", "ada", "row 4 is locked"),
        error("2026-11-21T10:00:00Z", "bob", "row 3 is locked"),
        error("2026-11-21T10:00:00Z", "", "disk full"),
        error("2026-11-21T12:00:00Z", "ada", "disk full"),
        error("2026-11-22T00:00:00Z", "ada", "too late"),
        error("2026-11-21T10:00:00Z", "ada", ""),
    ];
    database.store.insert(&rows).await.unwrap();
    let group =
        |fingerprint: &str, sample: &str, count, users, seen: [&str; 2], new, per_bucket: [u64; 2]| {
            let [first_seen, last_seen] = seen.map(time) as [Timestamp; 2];
            ErrorGroup {
                fingerprint: fingerprint.to_owned(),
                sample: sample.to_owned(),
                count,
                users,
                first_seen,
                last_seen,
                new,
                per_bucket: per_bucket.to_vec(),
            }
        };
    let (first, tenth, eleventh) = ("2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z");
    let locked = group("row ? is locked", "row 4 is locked", 3, 2, [first, eleventh], false, [1, 2]);
    let full = group("disk full", "disk full", 2, 1, [tenth, "2026-11-21T12:00:00Z"], true, [0, 2]);
    assert_eq!(groups(&database, false, 10).await, [locked.clone(), full.clone()]);
    assert_eq!(groups(&database, false, 1).await, [locked]);
    let one = |row: &str, at, new, per_bucket| group(row, row, 1, 1, [at, at], new, per_bucket);
    assert_eq!(
        groups(&database, true, 10).await,
        [
            full,
            one("row 2 is locked", first, true, [1, 0]),
            one("row 3 is locked", tenth, true, [0, 1]),
            one("row 4 is locked", eleventh, true, [0, 1]),
        ]
    );
}

#[tokio::test]
async fn of_a_long_text_the_beginning_is_shown() {
    let database = Database::new().await;
    let long = "é".repeat(1_500);
    database.store.insert(&[error("2026-11-20T12:00:00Z", "", &long)]).await.unwrap();
    for raw in [false, true] {
        let group = groups(&database, raw, 10).await.remove(0);
        assert_eq!((group.fingerprint, group.sample), ("é".repeat(1_000), "é".repeat(1_000)), "{raw}");
    }
}

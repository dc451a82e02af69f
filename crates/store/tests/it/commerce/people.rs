//! Active users, sessions and acquisition.

use model::Content;
use serde_json::json;
use store::Interval;

use super::{Shop, event, lines};
use crate::database::{tenant, time};

fn talk(at: &str, user: &str, conversation: &str) -> (String, Content<'static>) {
    let (at, content) = event(at, user, "talk", json!(null));
    (at, Content { conversation_id: conversation.to_owned().into(), ..content })
}

#[tokio::test]
async fn active_users_are_counted_by_local_days_and_the_windows_that_end_with_them() {
    let at = |at: &str, user: &str| event(at, user, "seen", json!(null));
    let mut shop = Shop::with(vec![
        at("2026-03-01T12:00:00Z", "u-1"),
        at("2026-03-24T12:00:00Z", "u-2"),
        // In Berlin 29 March, the day of 23 hours; in New York the day before.
        at("2026-03-28T23:30:00Z", "u-3"),
        at("2026-03-29T21:30:00Z", "u-2"),
        at("2026-03-29T21:40:00Z", "u-2"),
        at("2026-03-29T22:00:00Z", "u-4"),
        at("2026-03-29T22:00:00Z", ""),
    ])
    .await;
    let users = async |shop: &Shop, zone| {
        let (acme, asked) =
            (tenant("acme"), shop.asked("2026-03-29", "2026-04-01", zone, Interval::Day).await);
        let scope = shop.scope(&acme, &asked);
        lines(&shop.database.store.active_users(&scope, &asked.grid).await.unwrap().data)
    };
    // Berlin: u-1 on 1, u-2 on 24 and 29, u-3 on 29, u-4 on 30 March. Until the 29th that is 4 users of a day among 3.
    insta::assert_snapshot!(users(&shop, "Europe/Berlin").await, @r#"
    {"date":"2026-03-29","dau":2,"wau":2,"mau":3,"stickiness":0.044444444444444446}
    {"date":"2026-03-30","dau":1,"wau":3,"mau":4,"stickiness":0.041666666666666664}
    {"date":"2026-03-31","dau":0,"wau":3,"mau":3,"stickiness":0.044444444444444446}
    "#);
    // New York: u-3 on 28, u-2 and u-4 on 29 March.
    insta::assert_snapshot!(users(&shop, "America/New_York").await, @r#"
    {"date":"2026-03-29","dau":2,"wau":3,"mau":4,"stickiness":0.041666666666666664}
    {"date":"2026-03-30","dau":0,"wau":3,"mau":4,"stickiness":0.041666666666666664}
    {"date":"2026-03-31","dau":0,"wau":3,"mau":3,"stickiness":0.044444444444444446}
    "#);
    // What lies ahead of now has not happened.
    shop.now = time("2026-03-29T21:59:59.999Z");
    assert!(users(&shop, "Europe/Berlin").await.contains(r#"{"date":"2026-03-30","dau":0,"wau":2,"mau":3,"#));
}

#[tokio::test]
async fn sessions_belong_to_the_bucket_in_which_they_begin() {
    let at = |at: &str, user: &str| event(at, user, "seen", json!(null));
    let login = |at: &str, user: &str| event(at, user, "user.logged_in", json!(null));
    let logout = |at: &str, user: &str, seconds| {
        event(at, user, "user.logged_out", json!({"session_duration_seconds": seconds}))
    };
    let shop = Shop::with(
        vec![
            // Began a day before, by an event less than 30 minutes before midnight.
            at("2026-03-28T22:50:00Z", "u-1"),
            at("2026-03-28T23:10:00Z", "u-1"),
            // 30 minutes later: another one, which goes on past two o'clock, when an hour is missing.
            at("2026-03-28T23:40:00Z", "u-1"),
            at("2026-03-29T00:09:59.999Z", "u-1"),
            at("2026-03-29T00:39:59.998Z", "u-1"),
            // Three users on the last day, one of whose sessions goes on for two days.
            login("2026-03-29T21:59:00Z", "u-2"),
            login("2026-03-29T21:59:30Z", "u-2"),
            login("2026-03-29T21:59:30Z", ""),
            logout("2026-03-29T22:10:00Z", "u-2", json!("90.5")),
            // A conversation lasts as long as it does; its second user too.
            talk("2026-03-29T10:00:00Z", "u-3", "c-1"),
            talk("2026-04-29T10:00:00Z", "u-1", "c-1"),
            // One that began before.
            talk("2026-03-01T10:00:00Z", "u-9", "c-2"),
            talk("2026-03-29T10:00:00Z", "u-9", "c-2"),
            // Nobody's.
            at("2026-03-29T11:00:00Z", ""),
            logout("2026-03-29T12:00:00Z", "", json!(29.5)),
            logout("2026-03-29T12:00:00Z", "", json!("long")),
        ]
        .into_iter()
        .chain((0..150).map(|n| {
            let minutes = 20 * n;
            let (day, hour, minute) = (30 + minutes / 1_440, minutes / 60 % 24, minutes % 60);
            let day = if day > 31 { format!("04-{:02}", day - 31) } else { format!("03-{day}") };
            at(&format!("2026-{day}T{hour:02}:{minute:02}:00Z"), "u-4")
        }))
        .collect(),
    )
    .await;
    let sessions = async |from, to, zone| {
        let (acme, asked) = (tenant("acme"), shop.asked(from, to, zone, Interval::Day).await);
        lines(&shop.database.store.sessions(&shop.scope(&acme, &asked), &asked.grid).await.unwrap())
    };
    // 29 March: u-1 for 3,599.998 s, u-2 for 660 s, c-1 for 31 days. 30 March: u-4 for 149 times 20 minutes.
    insta::assert_snapshot!(sessions("2026-03-29", "2026-04-01", "Europe/Berlin").await, @r#"
    {"start":"2026-03-29T00:00:00+01:00","sessions":3,"users":3,"duration_p50_seconds":3599.998,"duration_p95_seconds":2678400.0,"duration_mean_seconds":894219.9993333333,"logins":3,"logins_per_user":2.0,"reported_duration_mean_seconds":29.5}
    {"start":"2026-03-30T00:00:00+02:00","sessions":1,"users":1,"duration_p50_seconds":178800.0,"duration_p95_seconds":178800.0,"duration_mean_seconds":178800.0,"logins":0,"logins_per_user":null,"reported_duration_mean_seconds":90.5}
    {"start":"2026-03-31T00:00:00+02:00","sessions":0,"users":0,"duration_p50_seconds":null,"duration_p95_seconds":null,"duration_mean_seconds":null,"logins":0,"logins_per_user":null,"reported_duration_mean_seconds":null}
    "#);
    insta::assert_snapshot!(sessions("2026-03-28", "2026-03-29", "America/New_York").await, @r#"{"start":"2026-03-28T00:00:00-04:00","sessions":2,"users":1,"duration_p50_seconds":3599.998,"duration_p95_seconds":3599.998,"duration_mean_seconds":2399.999,"logins":0,"logins_per_user":null,"reported_duration_mean_seconds":null}"#);
}

#[tokio::test]
async fn registrations_are_counted_by_where_they_come_from() {
    let registered = |at: &str, properties| event(at, "u-1", "user.registered", properties);
    let shop = Shop::with(vec![
        registered(
            "2026-03-28T23:30:00Z",
            json!({"referral_source": "newsletter", "registration_method": "google"}),
        ),
        registered(
            "2026-03-29T12:00:00Z",
            json!({"referral_source": "newsletter", "registration_method": "google"}),
        ),
        registered("2026-03-29T12:00:00Z", json!({"referral_source": "", "registration_method": null})),
        registered("2026-03-29T22:30:00Z", json!({"referral_source": 7})),
        event("2026-03-29T12:00:00Z", "u-1", "user.logged_in", json!({"referral_source": "newsletter"})),
    ])
    .await;
    let acquisition = async |zone| {
        let (acme, asked) =
            (tenant("acme"), shop.asked("2026-03-28", "2026-03-31", zone, Interval::Day).await);
        lines(&shop.database.store.acquisition(&shop.scope(&acme, &asked), &asked.grid).await.unwrap())
    };
    insta::assert_snapshot!(acquisition("Europe/Berlin").await, @r#"
    {"start":"2026-03-29T00:00:00+01:00","source":"newsletter","method":"google","registrations":2}
    {"start":"2026-03-29T00:00:00+01:00","source":"organic","method":"email","registrations":1}
    {"start":"2026-03-30T00:00:00+02:00","source":"7","method":"email","registrations":1}
    "#);
    insta::assert_snapshot!(acquisition("UTC").await, @r#"
    {"start":"2026-03-28T00:00:00Z","source":"newsletter","method":"google","registrations":1}
    {"start":"2026-03-29T00:00:00Z","source":"7","method":"email","registrations":1}
    {"start":"2026-03-29T00:00:00Z","source":"newsletter","method":"google","registrations":1}
    {"start":"2026-03-29T00:00:00Z","source":"organic","method":"email","registrations":1}
    "#);
}

#[tokio::test]
async fn sources_that_are_too_many_are_too_large() {
    let shop = Shop::with(vec![]).await;
    let (acme, asked) = (tenant("acme"), shop.asked("2026-03-28", "2026-03-31", "UTC", Interval::Day).await);
    let register = async |from: u32, sources: u32| {
        let sql = format!(
            "INSERT INTO {{db}}.events (tenant, id, created_at, source, kind, event_name, properties, version, schema_version)
            SELECT 'acme', generateUUIDv7(), toDateTime64('2026-03-29 12:00:00', 3, 'UTC'), 'native', 'track',
                'user.registered', concat('{{\"referral_source\":\"s-', toString(number), '\"}}'), 1, 65535
            FROM numbers({from}, {sources})"
        );
        shop.database.sql(&sql).await;
        let rows = shop.database.store.acquisition(&shop.scope(&acme, &asked), &asked.grid).await;
        rows.map(|rows| rows.len())
    };
    assert_eq!(register(0, 100_000).await.unwrap(), 100_000);
    let error = register(100_000, 1).await.unwrap_err();
    assert!(error.is_too_large(), "{error:?}");
}

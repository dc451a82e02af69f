//! `/retention`

use insta::assert_snapshot;
use model::{Content, Event, Operation, Source, Tenant, Timestamp};
use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::id_at;

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Puts an event of a user on its way.
async fn happened(app: &App, tenant: &str, user: &str, name: &str, at: &str) {
    let at = time(at);
    let event = Event {
        tenant: Tenant::parse(tenant).unwrap(),
        id: id_at(at),
        received_at: at,
        updated_at: at,
        source: Source::Segment,
        content: Content {
            event_name: name.to_owned().into(),
            user_id: user.to_owned().into(),
            ..Content::default()
        },
    };
    app.publish(&Operation::Create(Box::new(event))).await;
}

/// Ada and Bob register on Berlin's 24th of October, Cy when that day is over there.
async fn shop() -> App {
    let app = App::start().await;
    for (user, name, at) in [
        ("ada", "user.registered", "2026-10-24T08:00:00Z"),
        ("bob", "user.registered", "2026-10-24T21:59:59.999Z"),
        ("cy", "user.registered", "2026-10-24T22:00:00Z"),
        // The 25th has 25 hours there.
        ("ada", "order.created", "2026-10-25T22:59:59.999Z"),
        ("bob", "order.created", "2026-10-25T23:00:00Z"),
        ("cy", "order.created", "2026-10-24T21:00:00Z"),
    ] {
        happened(&app, "default", user, name, at).await;
    }
    happened(&app, "globex", "dan", "user.registered", "2026-10-24T08:00:00Z").await;
    app.settled().await;
    app
}

fn question() -> Value {
    let named = |name: &str| json!({"filters": [{"field": "event_name", "op": "is", "values": [name]}]});
    json!({
        "start": named("user.registered"), "return": named("order.created"), "periods": 2,
        "from": "2026-10-24", "to": "2026-10-26", "timezone": "Europe/Berlin",
    })
}

#[tokio::test]
async fn cohorts_are_of_local_days_and_a_link_asks_the_same() {
    let app = shop().await;
    let answer = app.post("/retention", question()).await;
    assert_snapshot!(answer.shown(), @r#"200 {"success":true,"data":{"cohorts":[{"cohort":"2026-10-24","size":2,"returned":[0,1,1],"share":[0.0,0.5,0.5],"complete":[true,true,true]},{"cohort":"2026-10-25","size":1,"returned":[0,0,0],"share":[0.0,0.0,0.0],"complete":[true,true,true]}],"mean":[0.0,0.3333333333333333,0.3333333333333333]},"meta":{"from":"[from]","to":"[to]","timezone":"Europe/Berlin","interval":"day","complete_until":"[complete_until]"},"request_id":"test"}"#);
    let data = answer.data();
    let link = form_urlencoded(&question());
    assert_eq!(app.get(&format!("/retention?q={link}")).await.data(), data);
    let of_others = app.tenant("globex").post("/retention", question()).await.data();
    assert_eq!(of_others["cohorts"][0]["returned"], json!([0, 0, 0]));
}

fn form_urlencoded(question: &Value) -> String {
    question.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[tokio::test]
async fn the_users_of_a_cell_are_listed_page_by_page() {
    let app = shop().await;
    let ask = async |parameters: &str| app.post(&format!("/retention/users?{parameters}"), question()).await;
    let all = ask("cohort=2026-10-24").await;
    assert_snapshot!(all.shown(), @r#"200 {"success":true,"data":[{"user":"bob","started_at":"2026-10-24T21:59:59.999Z"},{"user":"ada","started_at":"2026-10-24T08:00:00.000Z"}],"meta":{"from":"[from]","to":"[to]","timezone":"Europe/Berlin","complete_until":"[complete_until]"},"request_id":"test"}"#);
    assert_eq!(ask("cohort=2026-10-24&returned_in=1").await.data(), json!([all.data()[1]]));
    assert_eq!(ask("cohort=2026-10-25&returned_in=0").await.data(), json!([]));
    let first = ask("cohort=2026-10-24&limit=1").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ask(&format!("cohort=2026-10-24&limit=1&cursor={cursor}")).await.json();
    assert_eq!(json!([first["data"][0], second["data"][0]]), all.data());
    assert_eq!((second.get("next_cursor"), &second["meta"]["to"]), (None, &first["meta"]["to"]));
    let link = form_urlencoded(&question());
    assert_eq!(app.get(&format!("/retention/users?cohort=2026-10-24&q={link}")).await.data(), all.data());
    let of_others = app.tenant("globex").post("/retention/users?cohort=2026-10-24", question()).await.data();
    assert_eq!(of_others[0]["user"], "dan");
    // Who was there before the range is read from what hours come to, if any event begins.
    let with_any = json!({"from": "2026-10-24T00:30:00Z", "to": "2026-10-26"});
    for path in ["/retention", "/retention/users?cohort=2026-10-24"] {
        assert!(app.post(path, &with_any).await.json()["meta"]["live_hours"].is_u64(), "{path}");
        assert!(app.post(path, question()).await.json()["meta"]["live_hours"].is_null(), "{path}");
    }
    for (parameters, code, words) in [
        ("", "missing_field", "cohort is required: the first local day of one"),
        ("cohort=2026-10-24&returned_in=3", "invalid_field", "returned_in must be 0 to 2, the last period"),
        ("cohort=2026-10-24&returned_in=x", "invalid_field", "returned_in must be a period's number"),
        (
            "cohort=2026-10-24&cursor=0.1795639822123.1795639822123.s.1795639000000.YWRh",
            "invalid_field",
            "cursor is of another list",
        ),
    ] {
        ask(parameters).await.refuses(400, code, words);
    }
}

#[tokio::test]
async fn without_a_word_it_is_about_any_events_of_seven_days() {
    let app = App::start().await;
    happened(&app, "default", "ada", "user.registered", &Timestamp::now().to_string()).await;
    app.settled().await;
    let answer = app.post("/retention", json!({})).await.json();
    let cohorts = answer["data"]["cohorts"].as_array().unwrap();
    assert_eq!((cohorts.len(), &cohorts[0]["size"]), (1, &json!(1)));
    assert_eq!(cohorts[0]["returned"], json!([1, null, null, null, null, null, null, null]));
    assert_eq!(answer["data"]["mean"], json!([null, null, null, null, null, null, null, null]));
    let [from, to] = ["from", "to"].map(|edge| time(answer["meta"][edge].as_str().unwrap()).millis());
    assert_eq!((to - from, &answer["meta"]["interval"]), (7 * 86_400_000, &json!("day")));
}

#[tokio::test]
async fn what_can_not_be_meant_is_named() {
    let app = App::start().await;
    for (change, code, error) in [
        (json!({"periods": 0}), "invalid_field", "periods must be 1 to 90"),
        (json!({"periods": 91}), "invalid_field", "periods must be 1 to 90"),
        (json!({"periods": "7"}), "invalid_field", "periods: invalid type: string \"7\", expected u16"),
        (
            json!({"period": "year"}),
            "invalid_field",
            "period: unknown variant `year`, expected one of `day`, `week`, `month`",
        ),
        (
            json!({"mode": "last"}),
            "invalid_field",
            "mode: unknown variant `last`, expected `first` or `recurring`",
        ),
        (json!({"count": 1}), "invalid_field", "count: invalid type: integer `1`, expected string or map"),
        (
            json!({"kind": "lunar"}),
            "invalid_field",
            "kind: unknown variant `lunar`, expected `calendar` or `rolling`",
        ),
        (
            json!({"start": {"filter": []}}),
            "invalid_field",
            "start.filter: unknown field `filter`, expected `filters`",
        ),
        (
            json!({"return": {"filters": [{"field": "error", "op": "is"}]}}),
            "invalid_field",
            "return.filters[0]: error is needs values",
        ),
        (
            json!({"first": true}),
            "invalid_field",
            "first: unknown field `first`, expected one of `start`, `return`, `period`, `periods`, `mode`, `count`, `kind`, `week_start`, `from`, `to`, `days`, `timezone`, `exact`",
        ),
        (json!({"from": 7}), "invalid_field", "from must be a text"),
        (
            json!({"from": "1990-01-01", "to": "2026-01-01"}),
            "invalid_field",
            "the range has more than 10000 buckets of one day: ask for a longer interval",
        ),
    ] {
        let mut question = question();
        question.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        app.post("/retention", &question).await.refuses(400, code, error);
    }
    app.get("/retention").await.refuses(400, "missing_field", "q is required: the question as JSON");
}

//! `/funnel`

use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::event;

/// An event of a user at that second.
fn did(user: &str, name: &str, second: u32, plan: &str) -> Value {
    let at = format!("2026-11-20T08:00:{second:02}.250Z");
    event(json!({"user_id": user, "event_name": name, "timestamp": at, "properties": {"plan": plan}}))
}

fn question(fields: Value) -> Value {
    let step = |name: &str, event: &str| json!({"name": name, "filters": [{"field": "event_name", "op": "is", "values": [event]}]});
    let mut question = json!({
        "steps": [step("asked", "event_a"), step("answered", "event_b")], "from": "2026-11-20", "to": "2026-11-21",
    });
    question.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    question
}

#[tokio::test]
async fn users_are_told_step_by_step_and_by_the_values_of_a_field() {
    let app = App::start().await;
    app.create_all(&[
        did("ada", "event_a", 0, "free"),
        did("ada", "event_b", 30, "pro"),
        did("bob", "event_a", 0, "free"),
        did("cid", "event_a", 0, ""),
    ])
    .await;
    let asked = question(json!({"window": "30s", "breakdown": {"field": "properties.plan"}}));
    let answer = app.post("/funnel", &asked).await;
    let steps = |[first, second]: [u64; 2], share: Value, seconds: Value| {
        json!([
            {
                "name": "asked", "users": first, "share_of_first": 1, "share_of_previous": null,
                "median_seconds": null, "p90_seconds": null,
            },
            {
                "name": "answered", "users": second, "share_of_first": share, "share_of_previous": share,
                "median_seconds": seconds, "p90_seconds": seconds,
            },
        ])
    };
    let expected = json!({
        "steps": steps([3, 1], json!(1.0 / 3.0), json!(30)),
        "open": 0,
        "groups": [
            {"key": "free", "role": "value", "steps": steps([2, 1], json!(0.5), json!(30)), "open": 0},
            {"key": null, "role": "none", "steps": steps([1, 0], json!(0), json!(null)), "open": 0},
        ],
    });
    assert_eq!(answer.data(), expected, "{}", answer.text);
    assert_eq!(answer.json()["meta"]["timezone"], "UTC");
    let shorter = app.post("/funnel", question(json!({"window": "29999ms"}))).await.data();
    assert_eq!((&shorter["steps"][1]["users"], shorter.get("groups")), (&json!(0), None));
    let strict = app.post("/funnel", question(json!({"order": "strict", "entry": "first"}))).await.data();
    assert_eq!(strict["steps"][1]["users"], 1);
}

#[tokio::test]
async fn the_users_of_a_number_are_listed_page_by_page() {
    let app = App::start().await;
    app.create_all(&[
        did("ada", "event_a", 0, "free"),
        did("ada", "event_b", 30, "pro"),
        did("bob", "event_a", 1, "free"),
        did("cid", "event_a", 2, ""),
    ])
    .await;
    let asked = question(json!({"breakdown": {"field": "properties.plan"}}));
    let ask = async |parameters: &str| app.post(&format!("/funnel/users?{parameters}"), &asked).await;
    let names = async |parameters: &str| {
        let answer = ask(parameters).await;
        let data = answer.data();
        let users = data.as_array().unwrap_or_else(|| panic!("{parameters}: {}", answer.text));
        users.iter().map(|user| user["user"].clone()).collect::<Value>()
    };
    let ada = json!([{
        "user": "ada", "steps": 2, "started_at": "2026-11-20T08:00:00.250Z",
        "last_step_at": "2026-11-20T08:00:30.250Z", "open": false,
    }]);
    assert_eq!(ask("step=2").await.data(), ada);
    assert_eq!(names("").await, json!(["ada", "cid", "bob"]));
    assert_eq!(names("step=2&outcome=dropped").await, json!(["cid", "bob"]));
    assert_eq!(names("step=2&outcome=dropped&value=free").await, json!(["bob"]));
    assert_eq!(names("value=").await, json!(["cid"]));
    let first = ask("step=2&outcome=dropped&limit=1").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = format!("step=2&outcome=dropped&limit=1&cursor={cursor}");
    assert_eq!(names(&second).await, json!(["bob"]));
    assert_eq!(ask(&second).await.json()["next_cursor"], json!(null));
    let link = asked.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    assert_eq!(app.get(&format!("/funnel/users?step=2&q={link}")).await.data(), ada);
    for (parameters, words) in [
        ("step=3", "step must be 1 to 2, a step of the funnel"),
        ("outcome=dropped", "step must be 2 to 2, a step of the funnel"),
        ("step=0", "step must be a positive integer"),
        ("outcome=left", "outcome must be converted or dropped"),
        ("cursor=0.1795639822123.1795639822123.s.1795639000000.YWRh", "cursor is of another list"),
    ] {
        ask(parameters).await.refuses(400, "invalid_field", words);
    }
    let undivided = app.post("/funnel/users?value=free", question(json!({}))).await;
    undivided.refuses(400, "invalid_field", "value is one of the breakdown's, and the funnel has none");
}

fn many(filters: usize) -> Value {
    vec![json!({"field": "user", "op": "set"}); filters].into()
}

#[tokio::test]
async fn a_funnel_that_can_not_be_meant_is_refused_in_words_that_name_it() {
    let app = App::start().await;
    for (fields, words) in [
        (json!({"steps": []}), "steps must be 2 to 12: there are 0"),
        (json!({"entry": "last"}), "entry must be latest or first"),
        (
            json!({"steps": [{"name": "a", "filters": many(50)}, {"name": "b", "filters": many(50)}],
                "exclusions": [{"filters": many(1)}]}),
            "filters must be at most 100 of all steps and exclusions",
        ),
        (
            json!({"attribution": 3}),
            "attribution must be first_step, last_step or the number of a step, 1 to 2",
        ),
        (
            json!({"window": "7 days"}),
            "window must be a time such as 500ms, 90s, 15m, 24h, 7d or 2w, up to 366d: \"7 days\" is none",
        ),
    ] {
        app.post("/funnel", question(fields)).await.refuses(400, "invalid_field", words);
    }
}

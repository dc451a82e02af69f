//! `/query`

use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::event;

fn at(at: &str, fields: Value) -> Value {
    let mut event = event(json!({"timestamp": at}));
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    event
}

fn totals(answer: &Value) -> Value {
    answer["series"].as_array().unwrap().iter().map(|series| series["total"].clone()).collect()
}

#[tokio::test]
async fn metrics_come_in_local_buckets_with_what_they_are_compared_with() {
    let app = App::start().await;
    app.create_all(&[
        // In Berlin the 24th, the 25th, which has 25 hours, and the 26th.
        at("2026-10-24T21:59:59.999Z", json!({"user_id": "u", "latency": 30.0})),
        at("2026-10-24T22:00:00Z", json!({"user_id": "u", "latency": 10.0})),
        at("2026-10-25T22:59:59.999Z", json!({"user_id": "v", "error": "timeout"})),
        at("2026-10-25T23:00:00Z", json!({"user_id": "v", "latency": 20.5})),
    ])
    .await;
    let question = json!({
        "metrics": ["events", "users", "error_rate", "latency_p50"], "interval": "day", "compare": "previous_period",
        "from": "2026-10-25", "to": "2026-10-27", "timezone": "Europe/Berlin",
    });
    let answer = app.post("/query", &question).await;
    let data = answer.data();
    let buckets = json!([
        {"start": "2026-10-25T00:00:00+02:00", "complete": true},
        {"start": "2026-10-26T00:00:00+01:00", "complete": true},
    ]);
    assert_eq!(data["buckets"], buckets, "{}", answer.text);
    let series = |metric: &str, values: Value, total: Value| json!({"key": null, "role": "all", "metric": metric, "values": values, "total": total});
    let mut median = series("latency_p50", json!([10, 20.5]), json!(20.5));
    median["n"] = json!(2);
    assert_eq!(
        data["series"],
        json!([
            series("events", json!([2, 1]), json!(3)),
            series("users", json!([2, 1]), json!(2)),
            series("error_rate", json!([0.5, 0]), json!(1.0 / 3.0)),
            median,
        ])
    );
    let compare = &data["compare"];
    assert_eq!(compare[0]["values"], json!([0, 1]));
    assert_eq!([&compare[0]["total"], &compare[0]["change"]], [&json!(1), &json!(2)]);
    assert_eq!([&compare[2]["total"], &compare[2]["change"]], [&json!(0), &json!(null)]);
}

#[tokio::test]
async fn an_answer_has_a_million_values_at_most() {
    let app = App::start().await;
    let question = |limit: usize| {
        json!({"metrics": ["events"], "from": "2026-10-01T00:00:00Z", "to": "2026-10-07T22:40:00Z",
            "interval": "minute", "breakdown": {"field": "user", "limit": limit}})
    };
    assert_eq!(app.post("/query", question(98)).await.status, 200);
    let words = "102 series of 10000 values are more than 1000000 values: ask for a longer interval or fewer \
        metrics or values of the breakdown";
    app.post("/query", question(100)).await.refuses(400, "invalid_field", words);
}

#[tokio::test]
async fn a_breakdown_adds_up_to_the_total() {
    let app = App::start().await;
    let colours = ["red", "red", "red", "blue", "blue", "green", "yellow"];
    let mut events: Vec<_> =
        colours.iter().map(|colour| event(json!({"properties": {"colour": colour}}))).collect();
    events.push(event(json!({})));
    app.create_all(&events).await;
    let question = json!({"metrics": ["events"], "breakdown": {"field": "properties.colour", "limit": 2}});
    let data = app.post("/query", &question).await.data();
    let named: Vec<_> = data["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|series| json!([series["key"], series["role"], series["total"]]))
        .collect();
    let expected = json!([["red", "value", 3], ["blue", "value", 2], [null, "other", 2], [null, "none", 1]]);
    assert_eq!(Value::from(named), expected);
    let all = app.post("/query", json!({"metrics": ["events"]})).await.data();
    assert_eq!(totals(&all), json!([8]));
    let field = json!({"metrics": [{"distinct": "properties.colour"}, "events"], "filters":
        [{"field": "properties.colour", "op": "is_not", "values": ["red"]}]});
    let data = app.post("/query", &field).await.data();
    assert_eq!(
        (&data["series"][0]["metric"], totals(&data)),
        (&json!("distinct(properties.colour)"), json!([3, 5]))
    );
}

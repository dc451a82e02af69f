//! `GET /similar/{id}`: the events that are nearest to another one.

use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::{DAY_MS, ago, event, id_at, new_id};

#[tokio::test]
async fn the_nearest_come_first_with_their_distance() {
    let app = App::start().await;
    let ids = app
        .create_all(&[
            event(json!({"input": "it", "input_embeddings": [1, 0], "output_embeddings": [0, 1]})),
            event(json!({"input": "far", "input_embeddings": [-1, 0]})),
            event(json!({"input": "near", "input_embeddings": [2, 0]})),
            event(json!({"input": "other", "output_embeddings": [0, 3]})),
            event(json!({"id": id_at(ago(91 * DAY_MS)), "input": "old", "input_embeddings": [1, 0]})),
            event(json!({"input": "none"})),
        ])
        .await;
    let near = async |rest: &str| -> Vec<(String, f64)> {
        let answer = app.get(&format!("/similar/{rest}")).await;
        assert_eq!(answer.status, 200, "{rest}: {}", answer.text);
        let data = answer.data();
        let shown = |event: &Value| {
            (event["input"].as_str().unwrap().to_owned(), event["distance"].as_f64().unwrap())
        };
        data.as_array().unwrap().iter().map(shown).collect()
    };
    let pair = |input: &str, distance| (input.to_owned(), distance);
    assert_eq!(near(&ids[0]).await, [pair("near", 0.0), pair("far", 2.0)]);
    assert_eq!(near(&format!("{}?limit=1", ids[0])).await, [pair("near", 0.0)]);
    assert_eq!(near(&format!("{}?by=output", ids[0])).await, [pair("other", 0.0)]);
    assert_eq!(near(&ids[3]).await, [pair("it", 0.0)], "by the output where it has no other");
    assert_eq!(near(&format!("{}?days=100&limit=2", ids[0])).await.len(), 2);

    let no_vector = app.get(&format!("/similar/{}", ids[5])).await;
    no_vector.refuses(422, "no_vector", "the event was sent without such embeddings");
    app.get(&format!("/similar/{}?by=output", ids[1])).await.refuses(
        422,
        "no_vector",
        "the event was sent without such embeddings",
    );
    app.get(&format!("/similar/{}", new_id())).await.refuses(404, "not_found", "event not found");
    app.tenant("globex").get(&format!("/similar/{}", ids[0])).await.refuses(
        404,
        "not_found",
        "event not found",
    );
    app.get(&format!("/similar/{}?by=x", ids[0])).await.refuses(
        400,
        "invalid_field",
        "by must be input or output",
    );
}

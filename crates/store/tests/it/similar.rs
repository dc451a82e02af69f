//! The events whose vectors are nearest.

use model::{Content, Embedding, EventId, EventKey};
use store::Range;
use store::queries::{Extent, VectorOf};

use crate::database::{Database, created, deleted, id_at, scope, tenant, time, updated};

fn embedded(input: &[f32], output: &[f32]) -> Content<'static> {
    let vector = |numbers: &[f32]| Embedding::new(numbers.to_vec()).unwrap();
    Content { input_embeddings: vector(input), output_embeddings: vector(output), ..Content::default() }
}

fn key_at(at: &str) -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at(at) }
}

/// One less the cosine.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum() };
    1.0 - product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

#[tokio::test]
async fn the_nearest_come_first_and_what_can_not_be_compared_never() {
    let database = Database::new().await;
    let own: [f32; 3] = [1.0, 2.0, 0.5];
    let vectors: Vec<[f32; 3]> =
        vec![[2.0, 4.0, 1.0], [1.0, 0.0, 0.0], [-1.0, -2.0, -0.5], [1.0, 2.0, 0.6], [0.0, 0.0, 1.0]];
    let it = key_at("2026-11-20T12:00:00Z");
    let keys: Vec<_> = vectors.iter().map(|_| key_at("2026-11-20T11:00:00Z")).collect();
    let mut rows: Vec<_> =
        keys.iter().zip(&vectors).map(|(key, vector)| created(key, 1, embedded(vector, &[]))).collect();
    let [short, none, zero, of_output, old, gone, changed] =
        std::array::from_fn(|_| key_at("2026-11-20T11:00:00Z"));
    let old = EventKey { id: id_at("2026-10-01T00:00:00Z"), ..old };
    rows.extend([
        created(&it, 1, embedded(&own, &[])),
        created(&short, 1, embedded(&[1.0, 2.0], &[])),
        created(&none, 1, embedded(&[], &[])),
        created(&zero, 1, embedded(&[0.0, 0.0, 0.0], &[])),
        created(&of_output, 1, embedded(&[], &own)),
        created(&old, 1, embedded(&own, &[])),
        created(&EventKey { tenant: tenant("globex"), id: short.id }, 1, embedded(&own, &[])),
        created(&gone, 1, embedded(&own, &[])),
        deleted(&gone, 2),
        created(&changed, 1, embedded(&own, &[])),
        updated(&changed, 2, embedded(&[0.0, 1.0, 0.0], &[])),
    ]);
    database.insert_apart(&rows).await;

    let (acme, store) = (tenant("acme"), &database.store);
    let (from, to) = (time("2026-11-01T00:00:00Z"), time("2026-11-21T00:00:00Z"));
    let scope = scope(store, &acme, Range::new(from, to, to).unwrap());
    let similar = async |by, limit| -> Vec<(EventId, f32)> {
        let found = store.similar(&scope, it.id, by, &own, limit, Extent::Cut(10)).await;
        let found = found.unwrap_or_else(|error| panic!("{}", error.detail()));
        found.into_iter().map(|(event, distance)| (event.id, distance)).collect()
    };
    let mut expected: Vec<_> =
        keys.iter().zip(&vectors).map(|(key, it)| (key.id, distance(&own, it))).collect();
    expected.push((changed.id, distance(&own, &[0.0, 1.0, 0.0])));
    expected.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let found = similar(VectorOf::Input, 100).await;
    assert_eq!(found.len(), expected.len());
    for ((id, near), (expected_id, expected_near)) in found.iter().zip(&expected) {
        assert_eq!(id, expected_id);
        assert!((f64::from(*near) - expected_near).abs() < 1e-5, "{near} for {expected_near}");
    }
    assert_eq!(similar(VectorOf::Input, 2).await, found[..2]);
    assert_eq!(similar(VectorOf::Output, 100).await.len(), 1);
}

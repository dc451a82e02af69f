//! How long each stage of an event's way takes the processor.
#![expect(clippy::unwrap_used, reason = "what isn't as expected ends the benchmark")]

#[path = "../common/mod.rs"]
mod common;

use std::collections::HashMap;
use std::hint::black_box;

use consumer::fold::fold;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use model::message;
use model::wire::native;

use crate::common::{create, create_body, intake, names, plan, rows, sink, steps, update};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A batch as the consumer sees it under load.
const BATCH: u64 = 10_000;

fn codecs(criterion: &mut Criterion) {
    let plan = plan(BATCH);
    let mut group = criterion.benchmark_group("one event");
    group.throughput(Throughput::Elements(1));
    let (body, names) = (create_body(&plan, 1), names());
    let intake = intake(&names);
    group.bench_function("decode the body of a create", |bencher| {
        bencher.iter(|| native::create(black_box(body.as_bytes()), &intake).unwrap());
    });
    for (name, operation) in [("create", create(&plan, 1)), ("update", update(&plan, 1))] {
        group.bench_function(format!("encode the message of a {name}"), |bencher| {
            bencher.iter(|| message::encode(black_box(&operation)));
        });
        let (key, value) = common::message(&operation);
        group.bench_function(format!("decode the message of a {name}"), |bencher| {
            bencher.iter(|| message::decode(Some(key.as_bytes()), black_box(&value)).unwrap());
        });
    }
}

fn batches(criterion: &mut Criterion) {
    let plan = plan(BATCH);
    let mut group = criterion.benchmark_group("a batch of 10,000");
    group.throughput(Throughput::Elements(BATCH));
    let creates = steps((0..BATCH).map(|index| create(&plan, index)), 0);
    group.bench_function("fold creates", |bencher| {
        bencher.iter_batched(|| creates.clone(), |steps| fold(steps, HashMap::new()), BatchSize::LargeInput);
    });
    let stored: HashMap<_, _> = rows(&plan, BATCH).into_iter().collect();
    let updates = steps((0..BATCH).map(|index| update(&plan, index)), 1 << 20);
    group.bench_function("fold updates of stored rows", |bencher| {
        bencher.iter_batched(
            || (updates.clone(), stored.clone()),
            |(steps, stored)| fold(steps, stored),
            BatchSize::LargeInput,
        );
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (store, rows) = (sink(), rows(&plan, BATCH));
    group.bench_function("rows to RowBinary, to a server that throws them away", |bencher| {
        bencher.to_async(&runtime).iter(async || store.insert(&rows).await.unwrap());
    });
}

criterion_group!(benches, codecs, batches);
criterion_main!(benches);

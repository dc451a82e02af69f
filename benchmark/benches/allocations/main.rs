//! How often each stage of an event's way asks for memory, and for how much. Counts don't depend on
//! the machine.
#![expect(clippy::unwrap_used, reason = "what isn't as expected ends the benchmark")]

#[path = "../common/mod.rs"]
mod common;

use std::collections::HashMap;

use allocation_counter::{AllocationInfo, measure};
use benchmark::number::float;
use consumer::fold::fold;
use model::message;
use model::wire::native;

use crate::common::{create, create_body, intake, names, plan, rows, sink, steps, update};

const EVENTS: u64 = 1_000;

fn main() {
    println!("{:<48} {:>12} {:>12}", "per event", "allocations", "bytes");
    let plan = plan(EVENTS);
    let names = names();
    let intake = intake(&names);
    let bodies: Vec<_> = (0..EVENTS).map(|index| create_body(&plan, index)).collect();
    show(
        "decode the body of a create",
        measure(|| {
            for body in &bodies {
                drop(native::create(body.as_bytes(), &intake).unwrap());
            }
        }),
    );
    let (mut creates, mut updates) = (Vec::new(), Vec::new());
    for index in 0..EVENTS {
        creates.push(create(&plan, index));
        updates.push(update(&plan, index));
    }
    for (name, operations) in [("create", &creates), ("update", &updates)] {
        show(
            &format!("encode the message of a {name}"),
            measure(|| {
                for operation in operations {
                    drop(message::encode(operation));
                }
            }),
        );
        let messages: Vec<_> = operations.iter().map(common::message).collect();
        show(
            &format!("decode the message of a {name}"),
            measure(|| {
                for (key, value) in &messages {
                    drop(message::decode(Some(key.as_bytes()), value).unwrap());
                }
            }),
        );
    }
    let stored: HashMap<_, _> = rows(&plan, EVENTS).into_iter().collect();
    let (creates, updates) = (steps(creates.into_iter(), 0), steps(updates.into_iter(), 1 << 20));
    show("fold creates", measure(|| drop(fold(creates, HashMap::new()))));
    show("fold updates of stored rows", measure(|| drop(fold(updates, stored))));

    // One thread, so that all that is asked for is counted.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (store, rows) = (sink(), rows(&plan, EVENTS));
    let insert = || runtime.block_on(store.insert(&rows)).unwrap();
    // The first insert asks for the table's columns.
    insert();
    show("rows to RowBinary", measure(insert));
}

fn show(what: &str, counted: AllocationInfo) {
    let per_event = |count: u64| float(count) / float(EVENTS);
    println!("{what:<48} {:>12.2} {:>12.0}", per_event(counted.count_total), per_event(counted.bytes_total));
}

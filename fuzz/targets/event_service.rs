//! A body of the EventService API, read as a query and as messages: what is taken in can be put on the topic and read
//! from it unchanged, and the message that comes back is JSON which comes to the same message again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::message::{decode, encode};
use model::wire::Intake;
use model::wire::event_service::{Limits, Query, Returned, read};
use model::{Event, EventNames, Operation, Tenant, Timestamp, Window};
use serde_json::Value;

fn events<'a>(body: &'a [u8], intake: &Intake<'_>) -> Vec<Event<'a>> {
    let Ok(sent) = read(body, Limits { max_events: 9 }) else { return Vec::new() };
    let operations = sent.operations(intake).into_iter().flatten();
    operations
        .map(|operation| {
            let id = operation.key().id.to_string();
            let again = encode(&operation);
            assert_eq!(decode(Some(id.as_bytes()), &again).expect("our own words"), operation);
            let Operation::Create(event) = operation else { panic!("messages only create") };
            *event
        })
        .collect()
}

fuzz_target!(|body: &[u8]| {
    let _ = Query::read(body);
    let now = Timestamp::parse("2026-11-20T21:57:13.123Z").expect("a time");
    let window = Window::around(now, 3_650);
    let intake = Intake { tenant: Tenant::default(), now, window, names: &EventNames::Any };
    for event in events(body, &intake) {
        let back = serde_json::to_vec(&Returned::new(&event)).expect("JSON");
        let again = events(&back, &intake);
        let [again] = again.as_slice() else { panic!("a message that was returned is refused") };
        let value = |event| serde_json::to_value(Returned::new(event)).expect("JSON");
        let (first, second): (Value, Value) = (value(&event), value(again));
        assert_eq!(first, second);
    }
});

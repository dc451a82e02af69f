//! The body of an update: what is taken in can be put on the topic and read from it unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::message::{decode, encode};
use model::wire::Intake;
use model::wire::native::update;
use model::{EventId, EventKey, EventNames, Tenant, Timestamp, Window};

const ID: &str = "019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

fuzz_target!(|body: &[u8]| {
    let names = EventNames::parse("event_a,event_b").expect("a list of names");
    let now = Timestamp::parse("2026-11-20T21:57:13.123Z").expect("a time");
    let window = Window::around(now, 3_650);
    let intake = Intake { tenant: Tenant::default(), now, window, names: &names };
    let key = EventKey { tenant: Tenant::default(), id: EventId::parse(ID).expect("an id") };
    if let Ok(operation) = update(body, key, &intake) {
        assert_eq!(decode(Some(ID.as_bytes()), &encode(&operation)).expect("our own words"), operation);
    }
});

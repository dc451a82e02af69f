//! The body of a create: what is taken in can be put on the topic and read from it unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::message::{decode, encode};
use model::wire::Intake;
use model::wire::native::create;
use model::{EventNames, Tenant, Timestamp, Window};

fuzz_target!(|body: &[u8]| {
    let names = EventNames::parse("*").expect("a list of names");
    let now = Timestamp::parse("2026-11-20T21:57:13.123Z").expect("a time");
    let window = Window::around(now, 3_650);
    let intake = Intake { tenant: Tenant::default(), now, window, names: &names };
    if let Ok(operation) = create(body, &intake) {
        let id = operation.key().id.to_string();
        assert_eq!(decode(Some(id.as_bytes()), &encode(&operation)).expect("our own words"), operation);
    }
});

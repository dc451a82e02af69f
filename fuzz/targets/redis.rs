//! A message published by Redis, as such and as the fields of a stream's entry: what is taken in can be put on the
//! topic and read from it unchanged, and comes to the same event again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::message::{decode, encode};
use model::wire::{Intake, redis};
use model::{EventNames, Tenant, Timestamp, Window};

fn check(message: &[u8], intake: &Intake<'_>) {
    let Ok(operation) = redis::decode(message, intake.now, intake) else { return };
    let id = operation.id().to_string();
    let encoded = encode(&operation);
    assert_eq!(decode(Some(id.as_bytes()), &encoded).expect("our own words"), operation);
    assert_eq!(redis::decode(message, intake.now, intake).expect("it was read before"), operation);
}

fuzz_target!(|bytes: &[u8]| {
    let now = Timestamp::parse("2026-11-20T21:57:13.123Z").expect("a time");
    let window = Window::around(now, 3_650);
    let intake = Intake { tenant: Tenant::default(), now, window, names: &EventNames::Any };
    check(bytes, &intake);
    // Names and values between zero bytes.
    let mut parts = bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec);
    let fields = std::iter::from_fn(|| Some((parts.next()?, parts.next()?)));
    check(&redis::payload(fields.collect()), &intake);
});

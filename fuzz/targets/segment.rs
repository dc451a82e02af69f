//! The body of a Segment client: what is taken in can be put on the topic and read from it unchanged, mending ends,
//! and leaves JSON alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::message::{decode, encode};
use model::wire::Intake;
use model::wire::segment::{Form, Limits, mend, read};
use model::{EventNames, Kind, Tenant, Timestamp, Window};
use serde_json::Value;

const FORMS: [Form; 5] = [
    Form::Batch,
    Form::Semantic,
    Form::Single(Kind::Track),
    Form::Single(Kind::Page),
    Form::Single(Kind::Identify),
];

fn take_in(body: &[u8]) {
    let now = Timestamp::parse("2026-11-20T21:57:13.123Z").expect("a time");
    let window = Window::around(now, 3_650);
    let intake = Intake { tenant: Tenant::default(), now, window, names: &EventNames::Any };
    for form in FORMS {
        let Ok(sent) =
            read(body, form, Limits { max_event_bytes: 1_000, max_added_bytes: 9_000, max_events: 9 })
        else {
            continue;
        };
        sent.write_keys().for_each(drop);
        for operation in sent.operations(&intake).into_iter().flatten() {
            let id = operation.key().id.to_string();
            let again = encode(&operation);
            assert_eq!(decode(Some(id.as_bytes()), &again).expect("our own words"), operation);
        }
    }
}

fuzz_target!(|body: &[u8]| {
    take_in(body);
    let mended = mend(body);
    if serde_json::from_slice::<Value>(body).is_ok() {
        assert_eq!(mended.bytes, body);
    }
    assert_eq!(mended.count == 0, mended.bytes == body);
    let again = mend(&mended.bytes);
    assert_eq!((again.count, &again.bytes), (0, &mended.bytes));
    take_in(&mended.bytes);
});

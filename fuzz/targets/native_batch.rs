//! The body of a batch, as JSON and as lines of JSON: taking it apart ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::wire::native::split;

fuzz_target!(|body: &[u8]| {
    for lines in [false, true] {
        if let Ok(events) = split(body, lines) {
            assert!(events.len() <= body.len() + 1);
        }
    }
});

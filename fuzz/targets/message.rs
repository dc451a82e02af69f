//! The Kafka message: whatever is on the topic, decoding it ends, and what it gives can be said again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::message::{decode, encode};
use serde_json::Value;

fuzz_target!(|value: &[u8]| {
    let _ = decode(None, value);
    // The key that the message asks for, or most messages would end at it.
    let Ok(json) = serde_json::from_slice::<Value>(value) else { return };
    let Some(key) = json["event_id"].as_str().map(str::to_lowercase) else { return };
    if let Ok(operation) = decode(Some(key.as_bytes()), value) {
        let written = encode(&operation);
        let again = decode(Some(key.as_bytes()), &written).expect("our own words");
        assert_eq!(again, operation);
    }
});

//! The body of a batch, as JSON and as lines of JSON: taking it apart ends, and a JSON body is taken apart
//! into what it says.
#![no_main]

use std::fmt;

use libfuzzer_sys::fuzz_target;
use model::wire::native::split;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// What an object says of its `events`, each time that it does.
struct Said(Vec<Value>);

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        let mut said = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if name == "events" {
                said.push(value);
            }
        }
        Ok(Said(said))
    }
}

fuzz_target!(|body: &[u8]| {
    for lines in [false, true] {
        if let Ok(events) = split(body, lines, usize::MAX) {
            assert!(events.count <= body.len() + 1);
        }
    }
    let Ok(Said(said)) = serde_json::from_slice(body) else { return };
    // Said twice it is an error.
    if let [Value::Array(expected)] = said.as_slice() {
        let events = split(body, false, usize::MAX).expect("a batch");
        let events =
            events.first.iter().map(|event| serde_json::from_slice(event).expect("a value as it was"));
        assert_eq!(events.collect::<Vec<Value>>(), *expected);
    }
});

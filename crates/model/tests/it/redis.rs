//! Every fixture of a message published by Redis, as the event that it comes to.
//! `tests/fixtures/redis/` says of each where its shape comes from.

use std::path::Path;

use model::wire::Intake;
use model::wire::redis::decode;
use model::{EventNames, Operation, Tenant, Timestamp, Window};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Fixture {
    from: String,
    message: Box<RawValue>,
}

fn shown(fixture: &Fixture) -> String {
    let now = Timestamp::parse("2026-11-26T00:00:00Z").unwrap();
    let names = EventNames::Any;
    let intake = Intake { tenant: Tenant::default(), now, window: Window::around(now, 30), names: &names };
    match decode(fixture.message.get().as_bytes(), now, &intake).unwrap() {
        Operation::Create(event) => {
            let content = serde_json::to_string_pretty(&event.content).unwrap();
            format!("{} of {} at {}\n{content}", event.id, event.tenant, event.id.created_at())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_fixture_comes_to_the_event_that_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/redis");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in &paths {
        let fixture: Fixture = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert!(!fixture.from.is_empty(), "{}", path.display());
        insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), shown(&fixture));
    }
    assert_eq!(paths.len(), 5);
}

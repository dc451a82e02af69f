//! Every fixture of the EventService API, as the event that it comes to and the message that comes back.
//! `tests/fixtures/event_service/` says of each where its shape comes from.

use std::path::Path;

use model::wire::Intake;
use model::wire::event_service::{Limits, Returned, read};
use model::{EventNames, Operation, Tenant, Timestamp, Window};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Fixture {
    from: String,
    body: Box<RawValue>,
}

fn shown(fixture: &Fixture) -> String {
    let now = Timestamp::parse("2026-11-26T00:00:00Z").unwrap();
    let names = EventNames::Any;
    let intake = Intake { tenant: Tenant::default(), now, window: Window::around(now, 30), names: &names };
    let sent = read(fixture.body.get().as_bytes(), Limits { max_events: 5_000 }).unwrap();
    let shown = sent.operations(&intake).into_iter().map(|operation| match operation {
        Ok(Operation::Create(event)) => {
            let content = serde_json::to_string_pretty(&event.content).unwrap();
            let mut back: Value = serde_json::to_value(Returned::new(&event)).unwrap();
            let is_new = event.content.message_id.is_empty();
            if is_new {
                back.as_object_mut().unwrap().insert("eventId".into(), "new id".into());
            }
            let id = if is_new { "new id".into() } else { event.id.to_string() };
            format!("{id} at {}\n{content}\nreturned as {back:#}\n", event.id.created_at())
        }
        Ok(other) => panic!("{other:?}"),
        Err(refused) => format!("refused {:?}: {}\n", refused.event_id, refused.error),
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_fixture_comes_to_the_events_that_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/event_service");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in &paths {
        let fixture: Fixture = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert!(!fixture.from.is_empty(), "{}", path.display());
        insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), shown(&fixture));
    }
    assert_eq!(paths.len(), 5);
}

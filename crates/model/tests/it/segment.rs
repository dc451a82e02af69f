//! Every recorded request of a Segment client, as what it comes to. `tests/fixtures/segment/` says of each where it comes
//! from.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use model::wire::segment::{Form, Limits, Refused, mend, read};
use model::wire::{Intake, WireError};
use model::{Event, EventNames, Kind, Operation, Tenant, Timestamp, Window};
use serde_json::Value;

const LIMITS: Limits = Limits { max_event_bytes: 32_768, max_added_bytes: 32 << 20, max_events: 5_000 };

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/segment");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// How the route of a request says that its body is laid out; `None` if it takes no events.
fn form(request: &Value) -> Option<Form> {
    let path = request["path"].as_str().unwrap().split('?').next().unwrap().trim_end_matches('/');
    if request["method"] != "POST" {
        return None;
    }
    Some(match path.rsplit('/').next().unwrap() {
        "m" => return None,
        "event" => Form::Semantic,
        "batch" | "b" | "import" => Form::Batch,
        "i" => Form::Single(Kind::Identify),
        "t" => Form::Single(Kind::Track),
        "p" => Form::Single(Kind::Page),
        "s" => Form::Single(Kind::Screen),
        "g" => Form::Single(Kind::Group),
        "a" => Form::Single(Kind::Alias),
        word => Form::Single(Kind::parse(word).unwrap()),
    })
}

fn shown(event: &Event<'_>) -> String {
    let content = serde_json::to_string_pretty(&event.content).unwrap();
    // Without a message id it is a new one each time.
    let id = if event.content.message_id.is_empty() { "new id".into() } else { event.id.to_string() };
    format!("{id} at {}\n{content}\n", event.id.created_at())
}

fn read_request(request: &Value, form: Form) -> Result<String, WireError> {
    let body = request["body_text"].as_str().map_or_else(|| request["body"].to_string(), Into::into);
    let mut bytes = body.into_bytes();
    let mut shown_all = String::new();
    if let Err(WireError::InvalidJson(_)) = read(&bytes, form, LIMITS) {
        let mended = mend(&bytes);
        writeln!(shown_all, "{} mended", mended.count).unwrap();
        bytes = mended.bytes;
    }
    let now = Timestamp::parse("2026-11-26T00:00:00Z").unwrap();
    let names = EventNames::Any;
    let intake = Intake { tenant: Tenant::default(), now, window: Window::around(now, 7_300), names: &names };
    let sent = read(&bytes, form, LIMITS)?;
    let keys: Vec<_> = sent.write_keys().map(|key| key.to_string()).collect();
    writeln!(shown_all, "{form:?}, write keys {}", keys.join(" ")).unwrap();
    for operation in sent.operations(&intake) {
        match operation {
            Ok(Operation::Create(event)) => shown_all.push_str(&shown(&event)),
            Ok(other) => panic!("{other:?}"),
            Err(Refused { message_id, error }) => {
                writeln!(shown_all, "refused {message_id:?}: {} {error}", error.code()).unwrap();
            }
        }
    }
    let events = shown_all.split_once("write keys").unwrap().1.split_once('\n').unwrap().1;
    assert!(!keys.iter().any(|key| events.contains(key.as_str())), "a write key is kept");
    Ok(shown_all)
}

#[test]
fn every_recorded_request_comes_to_the_events_that_it_says() {
    let mut read = 0;
    for path in recordings() {
        let recording: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let requests = recording["requests"].as_array().unwrap();
        let shown: Vec<_> = requests
            .iter()
            .filter_map(|request| Some(read_request(request, form(request)?).unwrap()))
            .collect();
        if !shown.is_empty() {
            read += 1;
            insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), shown.join("\n"));
        }
    }
    assert_eq!(read, 29);
}

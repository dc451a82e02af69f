//! Whatever is sent, reading it ends; and what mending makes of it is JSON if it nearly was.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::wire::random_json::value;

const FORMS: [Form; 4] = [TRACK, Form::Single(Kind::Identify), Form::Batch, Form::Semantic];

fn read_all(body: &[u8]) {
    let now = Timestamp::parse(NOW).unwrap();
    let names = EventNames::Any;
    let intake = Intake { tenant: Tenant::default(), now, window: Window::around(now, 30), names: &names };
    for form in FORMS {
        if let Ok(sent) =
            read(body, form, Limits { max_event_bytes: 200, max_added_bytes: 600, max_events: 3 })
        {
            sent.write_keys().for_each(drop);
            sent.operations(&intake);
        }
    }
}

/// A text, and how much in it is to be mended.
type Piece = (Vec<u8>, usize);

fn good(text: &str) -> Just<Piece> {
    Just((text.as_bytes().to_vec(), 0))
}

fn bad(bytes: &[u8]) -> Just<Piece> {
    Just((bytes.to_vec(), 1))
}

fn joined(open: &str, between: &str, close: &str, pieces: &[Piece]) -> Piece {
    let texts: Vec<_> = pieces.iter().map(|(text, _)| text.as_slice()).collect();
    let text = [open.as_bytes(), &texts.join(between.as_bytes()), close.as_bytes()].concat();
    (text, pieces.iter().map(|(_, bad)| bad).sum())
}

/// JSON, but for what is to be mended.
fn nearly_json() -> impl Strategy<Value = Piece> {
    let number = prop_oneof![
        good("null"),
        good("-1.5e3"),
        bad(b"NaN"),
        bad(b"Infinity"),
        bad(b"-Infinity"),
        bad(b"+Infinity")
    ];
    let characters = prop_oneof![
        good("NaN"),
        good(" Infinity"),
        good("\\\\"),
        good("\\\""),
        good("\\ud83d\\ude00"),
        good("ü😀"),
        good("{[,:"),
        bad(b"\\ud83d "),
        bad(b"\\uDE00"),
        bad(b"\xff"),
        bad(b"\xe2\x82"),
        bad(b"\xf0\x9f\x98"),
    ];
    let string = proptest::collection::vec(characters, 0..4)
        .prop_map(|pieces| joined("\"", "", "\"", &pieces))
        .boxed();
    prop_oneof![number, string.clone()].prop_recursive(4, 24, 4, move |inner| {
        let member =
            (string.clone(), inner.clone()).prop_map(|(name, value)| joined("", ": ", "", &[name, value]));
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(|pieces| joined("[", ",", "]", &pieces)),
            proptest::collection::vec(member, 0..4).prop_map(|pieces| joined("{ ", " , ", "\n}", &pieces)),
        ]
    })
}

proptest! {
    #[test]
    fn on_any_bytes(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_all(&body);
        mend(&body);
    }

    #[test]
    fn on_what_looks_like_events(
        parts in proptest::collection::vec(
            prop_oneof![
                r#"[{}\[\]",:\\ u7d8]"#,
                r#""(type|batch|userId|messageId|event|context|sent|integrations|timestamp|traits|writeKey|sessionId)":"#,
                r#""(track|alias|PAGE|u|2026-11-2[0-9]|[a-z]{0,2})""#,
                "NaN|null|true|-1e9|\\{\\}|\\[\\]|7",
            ],
            0..24,
        )
    ) {
        let body = parts.concat();
        read_all(body.as_bytes());
        read_all(format!(r#"{{"batch":[{{{body}}}]}}"#).as_bytes());
        read_all(format!(r#"{{"userId":7,"event":"e",{body}}}"#).as_bytes());
    }

    #[test]
    fn mending_json_changes_nothing(value in value(".*")) {
        for text in [serde_json::to_vec(&value).unwrap(), serde_json::to_vec_pretty(&value).unwrap()] {
            let mended = mend(&text);
            prop_assert_eq!(mended.count, 0);
            prop_assert_eq!(mended.bytes, text);
        }
    }

    #[test]
    fn mending_makes_json_of_what_nearly_is((body, bad) in nearly_json()) {
        let mended = mend(&body);
        let text = String::from_utf8_lossy(&mended.bytes);
        prop_assert!(serde_json::from_slice::<Value>(&mended.bytes).is_ok(), "{text}");
        prop_assert_eq!(mended.count, bad);
        prop_assert_eq!(mend(&mended.bytes).count, 0);
        prop_assert!(mended.bytes.len() <= 3 * body.len());
    }
}

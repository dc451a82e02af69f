//! Makes JSON of a body that is nearly JSON.
//!
//! Python's `json.dumps` writes `NaN` and `Infinity`, and half an emoji as half a surrogate pair; one such
//! event would cost all that are in its batch.

/// What JSON can't say of a number.
const NO_NUMBERS: [&str; 4] = ["NaN", "Infinity", "-Infinity", "+Infinity"];

/// A body made JSON.
#[derive(Debug)]
pub struct Mended {
    /// The body, at most three times as long as before.
    pub bytes: Vec<u8>,
    /// How many tokens, escapes and stretches of bytes were replaced.
    pub count: usize,
}

/// Replaces what JSON has no word for: `NaN` and the infinities outside of strings by `null`, bytes that are no
/// UTF-8 by U+FFFD, escapes that are half a surrogate pair by the escape of U+FFFD. Changes nothing in JSON, and
/// nothing else in any bytes. Slow: meant for a second try of a body that could not be read.
pub fn mend(body: &[u8]) -> Mended {
    let mut mender = Mender { bytes: Vec::with_capacity(body.len()), count: 0, in_string: false };
    for chunk in body.utf8_chunks() {
        mender.text(chunk.valid());
        if !chunk.invalid().is_empty() {
            mender.replace("\u{fffd}");
        }
    }
    Mended { bytes: mender.bytes, count: mender.count }
}

/// Whether a text has an escape that is half a surrogate pair. Any other reader of the JSON would trip over it.
pub(super) fn has_lone_surrogate(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        rest = rest.get(at..).unwrap_or_default();
        let (length, is_lone) = escape(rest);
        if is_lone {
            return true;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    false
}

struct Mender {
    bytes: Vec<u8>,
    count: usize,
    in_string: bool,
}

impl Mender {
    fn text(&mut self, mut rest: &str) {
        while let Some(byte) = rest.bytes().next() {
            let length = match byte {
                b'"' => {
                    self.in_string = !self.in_string;
                    1
                }
                b'\\' if self.in_string => {
                    let (length, is_lone) = escape(rest);
                    if is_lone {
                        self.replace("\\ufffd");
                        rest = rest.get(length..).unwrap_or_default();
                        continue;
                    }
                    length
                }
                b'N' | b'I' | b'-' | b'+' if !self.in_string && self.is_at_a_value() => {
                    if let Some(after) = after_no_number(rest) {
                        self.replace("null");
                        rest = after;
                        continue;
                    }
                    1
                }
                // All the rest of the character.
                _ => rest.chars().next().map_or(1, char::len_utf8),
            };
            let (same, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            self.bytes.extend_from_slice(same.as_bytes());
            rest = after;
        }
    }

    fn replace(&mut self, by: &str) {
        self.bytes.extend_from_slice(by.as_bytes());
        self.count += 1;
    }

    /// Whether a value may begin here.
    fn is_at_a_value(&self) -> bool {
        self.bytes.last().is_none_or(|last| b":,[ \t\r\n".contains(last))
    }
}

/// What stands behind a number that is none.
fn after_no_number(text: &str) -> Option<&str> {
    let after = NO_NUMBERS.iter().find_map(|token| text.strip_prefix(token))?;
    after.bytes().next().is_none_or(|next| b",]} \t\r\n".contains(&next)).then_some(after)
}

/// How long the escape is that a text begins with, and whether it is half a surrogate pair.
fn escape(text: &str) -> (usize, bool) {
    const ONE: usize = "\\uffff".len();
    let unit = |at: usize| {
        let digits = text.get(at..at + ONE)?.strip_prefix("\\u")?;
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    match (unit(0), unit(ONE)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (2 * ONE, false),
        (Some(0xd800..=0xdfff), _) => (ONE, true),
        (Some(_), _) => (ONE, false),
        // A backslash and what it escapes, if that is one byte long.
        (None, _) => (if text.is_char_boundary(2) { 2 } else { 1 }, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_has_no_word_for_is_replaced() {
        for (body, mended, count) in [
            (
                r#"{"x":NaN,"y": Infinity ,"z":[-Infinity,+Infinity]}"#,
                r#"{"x":null,"y": null ,"z":[null,null]}"#,
                4,
            ),
            ("NaN", "null", 1),
            (
                r#"["\ud83d","\uDE00 \ud83d\ude00","\ud83d\ud83d\ude00"]"#,
                r#"["\ufffd","\ufffd \ud83d\ude00","\ufffd\ud83d\ude00"]"#,
                3,
            ),
        ] {
            let read = mend(body.as_bytes());
            assert_eq!((str::from_utf8(&read.bytes).unwrap(), read.count), (mended, count));
        }
        let read = mend(b"[\"a\xff\xfe\",\"\xe2\x82\",\"\xed\xa0\xbd\"]");
        assert_eq!(
            str::from_utf8(&read.bytes).unwrap(),
            "[\"a\u{fffd}\u{fffd}\",\"\u{fffd}\",\"\u{fffd}\u{fffd}\u{fffd}\"]"
        );
        assert_eq!(read.count, 6);
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for body in [
            r#"{"NaN":"NaN, Infinity","a":"\"NaN","b":"\\ud83d","c":"\\\\","d":"-Infinity"}"#,
            "[NaNs,xNaN,Infinity2,--Infinity,-NaN,nan,-1,+1]",
            r#"["\u0000\ud83d\ude00ü€😀\n"]"#,
            r#"["\ud8","\u","\"#,
            "\\ud83d",
            "\\ü\"\\",
            "",
        ] {
            let read = mend(body.as_bytes());
            assert_eq!((str::from_utf8(&read.bytes).unwrap(), read.count), (body, 0));
        }
    }

    #[test]
    fn half_a_pair_is_seen() {
        for (text, is_lone) in [
            (r#""\ud83d""#, true),
            (r#""\\\udE00""#, true),
            (r#""\ud83d\\ude00""#, true),
            (r#""\ud83d\ude00""#, false),
            (r#""\\ud83d""#, false),
            (r#""\u00e9\ü\"#, false),
            ("", false),
        ] {
            assert_eq!(has_lone_surrogate(text), is_lone, "{text}");
        }
    }
}

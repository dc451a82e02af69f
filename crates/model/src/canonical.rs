//! The canonical form of JSON: one text for what says the same, so that it can be compared and hashed.

use std::borrow::Cow;

/// The canonical form of a JSON text: no white space between the parts, the members of each object in the order of
/// their names by code point (those of one name in the order in which they come), strings without an escape that JSON
/// doesn't ask for, all else as it is written: `1.50` stays `1.50`. Of a text that is no JSON nothing is promised.
pub fn canonical(json: &str) -> String {
    let mut form = String::with_capacity(json.len());
    let mut open = Vec::new();
    let mut is_name = false;
    let mut rest = json;
    while let Some((token, behind)) = token(rest) {
        rest = behind;
        match token {
            "{" => open.push(Some(Vec::new())),
            "[" => open.push(None),
            "}" => sort(&mut form, open.pop().flatten().unwrap_or_default()),
            "]" => drop(open.pop()),
            _ => {}
        }
        let string = unescaped(token);
        if let (true, Some(Some(members))) = (is_name, open.last_mut())
            && token.starts_with('"')
        {
            let name = string.clone().unwrap_or(Cow::Borrowed(token));
            members.push(Member { name, start: form.len() });
        }
        match string {
            Some(Cow::Owned(text)) => form.push_str(&serde_json::to_string(&text).unwrap_or_default()),
            _ => form.push_str(token),
        }
        is_name = token == "{" || token == "," && matches!(open.last(), Some(Some(_)));
    }
    form
}

/// A member of an object that is being written.
struct Member<'a> {
    name: Cow<'a, str>,
    /// Where it begins in what is written.
    start: usize,
}

/// The first token of a text, and the rest.
fn token(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r']);
    let length = match text.bytes().next()? {
        b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
        b'"' => string_length(text),
        _ => text.find(['{', '}', '[', ']', ',', ':', '"', ' ', '\t', '\n', '\r']).unwrap_or(text.len()),
    };
    text.split_at_checked(length)
}

/// Of the string that a text begins with, in bytes and with its quotes.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let is_end = |byte: u8| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    };
    text.bytes().skip(1).position(is_end).map_or(text.len(), |place| place + 2)
}

/// What a string says; `None` if it is no string, or none that can be read. It is borrowed if nothing is escaped.
fn unescaped(token: &str) -> Option<Cow<'_, str>> {
    let within = token.strip_prefix('"')?.strip_suffix('"')?;
    if within.contains('\\') { serde_json::from_str(token).ok().map(Cow::Owned) } else { Some(within.into()) }
}

/// Brings the members of the object that is about to be closed into their order.
fn sort(form: &mut String, members: Vec<Member<'_>>) {
    let Some(start) = members.first().map(|member| member.start) else { return };
    if members.is_sorted_by(|one, next| one.name <= next.name) {
        return;
    }
    // Between two of them is a comma.
    let ends = members.iter().skip(1).map(|next| next.start - 1).chain([form.len()]);
    let mut spans: Vec<_> =
        members.iter().zip(ends).map(|(member, end)| (member, member.start..end)).collect();
    spans.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    let texts: Vec<_> = spans.into_iter().filter_map(|(_, span)| form.get(span)).collect();
    let sorted = texts.join(",");
    form.truncate(start);
    form.push_str(&sorted);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::wire::random_json;

    #[test]
    fn names_are_sorted_at_every_level_and_white_space_is_gone() {
        for (json, expected) in [
            (
                r#" { "b" : [ { "d" : 1 , "c" : { } } , [ ] ] , "a" : null } "#,
                r#"{"a":null,"b":[{"c":{},"d":1},[]]}"#,
            ),
            (
                r#"{"":1,"B":2,"a":3,"aa":4,"é":5,"𐀀":6,"！":7}"#,
                r#"{"":1,"B":2,"a":3,"aa":4,"é":5,"！":7,"𐀀":6}"#,
            ),
            (
                r#"{"c":{"z":[],"y":{"x":1,"w":2}},"b":",}","a":"\"{"}"#,
                r#"{"a":"\"{","b":",}","c":{"y":{"w":2,"x":1},"z":[]}}"#,
            ),
            ("\t\r\n7 ", "7"),
            (r#"[true,false,null,"x y"]"#, r#"[true,false,null,"x y"]"#),
        ] {
            assert_eq!(canonical(json), expected);
        }
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        let json = "[1.50,1e2,1E+2,-0,-0.0,12345678901234567890123,0.1000]";
        assert_eq!(canonical(json), json);
    }

    #[test]
    fn strings_have_no_escape_that_json_does_not_ask_for() {
        let json = r#"["\u0041\/\u00e9\ud83d\ude00\"\\","\b\f\n\r\t\u0000\u001F\u007f","\\"]"#;
        assert_eq!(canonical(json), "[\"A/é😀\\\"\\\\\",\"\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\",\"\\\\\"]");
        // By what they say, not by how it is written.
        assert_eq!(canonical(r#"{"\u0062":1,"a":2}"#), r#"{"a":2,"b":1}"#);
        // No text at all: it stays as it is.
        assert_eq!(canonical(r#"{"b":"\ud800","a":1}"#), r#"{"a":1,"b":"\ud800"}"#);
    }

    #[test]
    fn members_of_one_name_are_all_kept_in_their_order() {
        assert_eq!(canonical(r#"{"b":1,"a":2,"b":0,"\u0061":1}"#), r#"{"a":2,"a":1,"b":1,"b":0}"#);
    }

    #[test]
    fn nesting_takes_no_stack() {
        let json = format!("{}1{}", r#"{"b":2,"a":["#.repeat(10_000), "]}".repeat(10_000));
        assert!(canonical(&json).starts_with(r#"{"a":[{"a":["#));
    }

    #[test]
    fn what_is_no_json_is_no_harm() {
        for text in
            ["", "}", "]]}}", "\"", "\"\\", r#"{"a"#, r#"{"b":1,"a""#, ",:{[é\\", "{,,}", r#"{"b" "a"}"#]
        {
            canonical(text);
        }
    }

    proptest! {
        #[test]
        fn it_says_the_same_however_that_is_written(value in random_json::value("[a-c\"\\\\é\n]{0,3}")) {
            let form = canonical(&value.to_string());
            prop_assert_eq!(&serde_json::from_str::<Value>(&form).unwrap(), &value);
            prop_assert_eq!(&canonical(&serde_json::to_string_pretty(&value).unwrap()), &form);
            prop_assert_eq!(&canonical(&form), &form);
        }

        #[test]
        fn nothing_panics(text in "[\\[\\]{}:,\"\\\\ a1é]{0,40}") {
            canonical(&text);
        }
    }
}

//! Where the elements of a list begin and end in a JSON text that is broken somewhere inside of them.
//!
//! Looks at nothing but brackets and strings: what is in an element is for its reader to judge.

/// Elements of a list in the text around them. Only the first are kept, the others counted: a reference to an
/// element takes 16 bytes, and the element itself may be none or one.
#[derive(Debug)]
pub struct Elements<'a> {
    /// At most as many as were asked for.
    pub first: Vec<&'a [u8]>,
    /// How many there are in all.
    pub count: usize,
    most: usize,
}

impl<'a> Elements<'a> {
    /// No elements yet. At most so many of those that are pushed will be kept.
    pub(crate) fn at_most(most: usize) -> Self {
        Self { first: Vec::new(), count: 0, most }
    }

    pub(crate) fn push(&mut self, element: &'a [u8]) {
        self.count += 1;
        if self.first.len() < self.most {
            self.first.push(element);
        }
    }
}

/// The elements of a list, or of the list that an object holds under `name`. `None` if the text around them
/// can't be told from them: its brackets don't match, it breaks off, or there is no such list or more than one.
pub(crate) fn elements<'a>(text: &'a [u8], name: &str, most: usize) -> Option<Elements<'a>> {
    let text = text.trim_ascii();
    if text.starts_with(b"[") {
        let mut elements = Elements::at_most(most);
        parts(within(text, b'[', b']')?, |part| elements.push(part))?;
        return Some(elements);
    }
    let (mut found, mut lists) = (None, 0);
    members(text, |member, value| {
        if member == name.as_bytes() {
            lists += 1;
            found = (lists == 1 && value.starts_with(b"[")).then(|| elements(value, name, most)).flatten();
        }
    })?;
    found
}

/// Hands over the names and values of an object, a name as it stands between its quotes. `None` if they can't be
/// told apart.
pub(crate) fn members<'a>(text: &'a [u8], mut take: impl FnMut(&'a [u8], &'a [u8])) -> Option<()> {
    parts(within(text.trim_ascii(), b'{', b'}')?, |member| {
        let Some(rest) = member.strip_prefix(b"\"") else { return };
        // A name with an escaped quote is none that anybody asks for.
        let Some(end) = rest.iter().position(|byte| *byte == b'"') else { return };
        let Some((name, rest)) = rest.split_at_checked(end) else { return };
        let value = rest.strip_prefix(b"\"").and_then(|rest| rest.trim_ascii_start().strip_prefix(b":"));
        if let Some(value) = value {
            take(name, value.trim_ascii());
        }
    })
}

fn within(text: &[u8], open: u8, close: u8) -> Option<&[u8]> {
    text.strip_prefix(&[open])?.strip_suffix(&[close])
}

/// Hands over what stands between the commas that are in no brackets and no string; nothing of a blank text.
fn parts<'a>(text: &'a [u8], mut take: impl FnMut(&'a [u8])) -> Option<()> {
    let mut open = Vec::new();
    let (mut start, mut in_string, mut escaped) = (0, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => open.push(*byte),
            b'}' if open.pop() != Some(b'{') => return None,
            b']' if open.pop() != Some(b'[') => return None,
            b',' if open.is_empty() => {
                take(text.get(start..at)?.trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = text.get(start..)?.trim_ascii();
    if in_string || !open.is_empty() {
        return None;
    }
    if start > 0 || !last.is_empty() {
        take(last);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn shown(text: &str) -> Option<Vec<&str>> {
        let elements = elements(text.as_bytes(), "events", 9)?;
        Some(elements.first.into_iter().map(|element| str::from_utf8(element).unwrap()).collect())
    }

    #[test]
    fn elements_stand_between_commas_whatever_is_in_them() {
        for (text, elements) in [
            ("[]", vec![]),
            (" [ \n ] ", vec![]),
            ("[1,NaN, x y ]", vec!["1", "NaN", "x y"]),
            (r#"[{"a":"],}\"[\\"},{"b":[1,{}]}]"#, vec![r#"{"a":"],}\"[\\"}"#, r#"{"b":[1,{}]}"#]),
            ("[\"a\tb\nc\",,]", vec!["\"a\tb\nc\"", "", ""]),
            (r#"{"events":[1]}"#, vec!["1"]),
            (r#"{"a":["events",[2]], "events" : [ +1 ] ,"b":NaN}"#, vec!["+1"]),
            (r#"{"x":{"events":[1]},"events":[]}"#, vec![]),
        ] {
            assert_eq!(shown(text), Some(elements), "{text}");
        }
    }

    #[test]
    fn what_can_not_be_told_apart_is_nothing() {
        for text in [
            "",
            "1",
            "[",
            "[1",
            "[1]]",
            "[[1]",
            "[{]",
            "[{]}]",
            "[\"]",
            "[1]\n[2]",
            "{}",
            r#"{"events":7}"#,
            r#"{"events":[1}"#,
            r#"{"events":[1]"#,
            r#"{"eventsx":[1]}"#,
            r#"{"events":[1],"events":[2]}"#,
            "{}\n{}",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn of_a_good_list_they_are_its_elements(values in proptest::collection::vec(r#"[\[\]{}",:\\a]{0,9}"#, 0..5)) {
            let values: Vec<_> = values.into_iter().map(|text| serde_json::json!({ "a": [text] })).collect();
            let list = serde_json::to_vec(&values).unwrap();
            let read = elements(&list, "events", 9).unwrap();
            let read: Vec<Value> = read.first.into_iter().map(|element| serde_json::from_slice(element).unwrap()).collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn any_bytes_end(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = elements(&text, "events", 9);
        }
    }
}

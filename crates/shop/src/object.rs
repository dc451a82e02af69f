//! JSON objects as text: numbers stay the digits that they are written with.

use std::fmt::{Display, Write};

/// An object that grows by one member after the other.
#[derive(Clone, Debug)]
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Self("{".to_owned())
    }

    /// With a member that is a text.
    pub(super) fn text(self, name: &str, text: &str) -> Self {
        let quoted = quote(text);
        self.raw(name, &quoted)
    }

    /// With a member that is a text, unless that is empty.
    pub(super) fn text_if_any(self, name: &str, text: &str) -> Self {
        if text.is_empty() { self } else { self.text(name, text) }
    }

    /// With a member that is JSON already; without it if there is no text.
    pub(super) fn raw(mut self, name: &str, json: impl Display) -> Self {
        let before = self.0.len();
        let comma = if before > 1 { "," } else { "" };
        // Writing to memory can't fail.
        let _ = write!(self.0, "{comma}{}:", quote(name));
        let value = self.0.len();
        let _ = write!(self.0, "{json}");
        if self.0.len() == value {
            self.0.truncate(before);
        }
        self
    }

    /// The whole object.
    pub(super) fn close(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// The objects as a list.
pub(super) fn list(objects: &[String]) -> String {
    format!("[{}]", objects.join(","))
}

/// The text as JSON.
pub(super) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_follow_each_other_and_absent_ones_leave_nothing() {
        let object = Object::new()
            .raw("absent", "")
            .text("name", "a \"b\"\n")
            .text_if_any("none", "")
            .raw("exact", "12345678901234.5678")
            .close();
        assert_eq!(object, r#"{"name":"a \"b\"\n","exact":12345678901234.5678}"#);
        assert_eq!(Object::new().close(), "{}");
        assert_eq!(list(&["{}".into(), "1".into()]), "[{},1]");
    }
}

//! What the properties of a typed event say, by docs/events.md. Absent, null and, for a text, empty are the same.

use model::Text;
use model::wire::Object;
use serde_json::value::RawValue;

use crate::money::Money;

/// The fields of an event or of an item of an order.
#[derive(Default)]
pub(crate) struct Fields<'a>(Object<'a>);

impl<'a> Fields<'a> {
    /// Of a JSON object; what is none has no fields.
    pub(crate) fn of(json: &'a str) -> Self {
        Self(Object::parse(json).unwrap_or_default())
    }

    /// A text, or the digits of a number; empty if there is neither.
    pub(crate) fn text(&self, name: &str) -> Text<'a> {
        let Some(json) = self.json(name) else { return Text::default() };
        match json.as_bytes().first() {
            Some(b'"') => text(json),
            Some(b'-' | b'0'..=b'9') => json.into(),
            _ => Text::default(),
        }
    }

    /// An amount of money, if it can be read.
    pub(crate) fn money(&self, name: &str) -> Option<Money> {
        self.json(name).and_then(Money::read)
    }

    /// A whole number, or a string of its digits.
    pub(crate) fn count(&self, name: &str) -> Option<i64> {
        self.money(name).and_then(Money::whole)
    }

    /// The objects in a list.
    pub(crate) fn list(&self, name: &str) -> Vec<Self> {
        let list = self.json(name).and_then(|json| serde_json::from_str::<Vec<&RawValue>>(json).ok());
        let objects = list.unwrap_or_default().into_iter().filter(|item| item.get().starts_with('{'));
        objects.map(|item| Self::of(item.get())).collect()
    }

    fn json(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(RawValue::get)
    }
}

/// What stands between the quotes.
fn text(json: &str) -> Text<'_> {
    let quoted = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match quoted.filter(|text| !text.contains('\\')) {
        Some(plain) => plain.into(),
        None => serde_json::from_str(json).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_their_types() {
        let json = r#"{"a":" x\u00fc","b":1.50,"c":"","d":null,"e":[1],"f":true,"n":"3","m":3.0,"o":2.5,"p":-4,"a":"y"}"#;
        let fields = Fields::of(json);
        let texts = ["a", "b", "c", "d", "e", "f", "z"].map(|name| fields.text(name).to_string());
        assert_eq!(texts, ["y", "1.50", "", "", "", "", ""]);
        assert_eq!(
            ["n", "m", "o", "p", "c", "z"].map(|name| fields.count(name)),
            [Some(3), Some(3), None, Some(-4), None, None]
        );
        assert_eq!(&*Fields::of(r#"{"a":" x\u00fc\n"}"#).text("a"), " xü\n");
    }

    #[test]
    fn a_list_has_its_objects_and_other_texts_have_no_fields() {
        let fields = Fields::of(r#"{"items":[{"sku":"a"}, 5, {"sku": "b"}],"no":{"sku":"c"}}"#);
        let skus: Vec<_> = fields.list("items").iter().map(|item| item.text("sku").to_string()).collect();
        assert_eq!(skus, ["a", "b"]);
        assert!(fields.list("no").is_empty() && fields.list("none").is_empty());
        for none in ["", "[]", "null", "{", "\"a\""] {
            assert_eq!(&*Fields::of(none).text("a"), "");
        }
    }
}

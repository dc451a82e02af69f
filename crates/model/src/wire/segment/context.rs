//! The column `context` of an event: all that was sent and has no column of its own.

use serde_json::value::RawValue;

use super::object::Object;
use super::values::{invalid, is_empty_list, unreadable};
use crate::JsonText;
use crate::wire::WireError;

/// Where the event's integrations are, unless its context has a member of that name.
const INTEGRATIONS: &str = "integrations";
/// Where all the rest is. Underscores follow if the event's context has a member of that name.
const SENT: &str = "sent";

/// The members of an event's or a batch's `context` or `integrations`. A write key is none of them.
pub(super) fn members<'a>(field: &'static str, value: Option<&'a RawValue>) -> Result<Object<'a>, WireError> {
    let mut object = match value {
        Some(value) if value.get().starts_with('{') => {
            Object::parse(value.get()).map_err(|error| unreadable(field, &error))?
        }
        Some(value) if !is_empty_list(value) => return Err(invalid(field, "an object")),
        _ => Object::default(),
    };
    object.remove("writeKey");
    object.remove("write_key");
    Ok(object)
}

/// Puts the column together.
pub(super) fn column(
    context: &Object<'_>,
    integrations: Option<&RawValue>,
    common_integrations: &Object<'_>,
    rest: &Object<'_>,
) -> Result<JsonText<'static>, WireError> {
    let integrations_bytes = integrations.map_or(0, |value| value.get().len()) + common_integrations.bytes();
    let bytes = context.bytes() + integrations_bytes + rest.bytes() + 64;
    let mut text = Writer(String::with_capacity(bytes));
    text.open();
    text.members(context);
    let is_taken = context.has(INTEGRATIONS);
    if !is_taken {
        write_integrations(&mut text, integrations, common_integrations)?;
    }
    let has_more = is_taken && (integrations.is_some() || !common_integrations.is_empty());
    if has_more || !rest.is_empty() {
        let mut name = SENT.to_owned();
        while context.has(&name) {
            name.push('_');
        }
        text.name(&name);
        text.open();
        if is_taken {
            write_integrations(&mut text, integrations, common_integrations)?;
        }
        text.members(rest);
        text.close();
    }
    text.close();
    if text.0 == "{}" {
        return Ok(JsonText::default());
    }
    JsonText::from_parts(text.0).map_err(|error| unreadable("context", &error))
}

/// As they were sent, with those of the batch where both are objects.
fn write_integrations(
    text: &mut Writer,
    own: Option<&RawValue>,
    common: &Object<'_>,
) -> Result<(), WireError> {
    match own {
        None if common.is_empty() => {}
        Some(own) if common.is_empty() || !(own.get().starts_with('{') || is_empty_list(own)) => {
            text.name(INTEGRATIONS);
            text.0.push_str(own.get());
        }
        _ => {
            let mut merged = members(INTEGRATIONS, own)?;
            merged.merge(common);
            text.name(INTEGRATIONS);
            text.open();
            text.members(&merged);
            text.close();
        }
    }
    Ok(())
}

/// Writes an object into memory.
struct Writer(String);

impl Writer {
    fn open(&mut self) {
        self.0.push('{');
    }

    fn close(&mut self) {
        self.0.push('}');
    }

    fn members(&mut self, object: &Object<'_>) {
        for member in object.iter() {
            self.name(&member.name);
            self.0.push_str(member.value.get());
        }
    }

    fn name(&mut self, name: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        if name.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) {
            // A string into memory: nothing that can fail.
            self.0.push_str(&serde_json::to_string(name).unwrap_or_default());
        } else {
            self.0.push('"');
            self.0.push_str(name);
            self.0.push('"');
        }
        self.0.push(':');
    }
}

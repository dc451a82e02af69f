//! The column `context` of an event: all that was sent and has no column of its own.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::keyless;
use crate::JsonText;
use crate::wire::WireError;
use crate::wire::object::Object;
use crate::wire::values::{invalid, is_empty_list, unreadable};

/// Where the event's integrations are, unless its context has a member of that name.
const INTEGRATIONS: &str = "integrations";
/// Where all the rest is. Underscores follow if the event's context has a member of that name.
const SENT: &str = "sent";

/// The members of an event's or a batch's `context` or `integrations`.
pub(super) fn members<'a>(field: &'static str, value: Option<&'a RawValue>) -> Result<Object<'a>, WireError> {
    match value {
        Some(value) if value.get().starts_with('{') => {
            keyless(value.get()).map_err(|error| unreadable(field, &error))
        }
        Some(value) if !is_empty_list(value) => Err(invalid(field, "an object")),
        _ => Ok(Object::default()),
    }
}

/// Puts the column together.
pub(super) fn column(
    context: &Object<'_>,
    integrations: Option<&RawValue>,
    common_integrations: &Object<'_>,
    rest: &Object<'_>,
) -> Result<JsonText<'static>, WireError> {
    let integrations = Integrations::of(integrations, common_integrations)?;
    let is_taken = context.has(INTEGRATIONS);
    let (beside, within) = if is_taken { (None, integrations) } else { (integrations, None) };
    let name = context.free_name(SENT);
    let sent = Part { members: rest, integrations: within.as_ref(), sent: None };
    let sent = (!sent.is_empty()).then_some((name.as_str(), &sent));
    let column = Part { members: context, integrations: beside.as_ref(), sent };
    if column.is_empty() {
        return Ok(JsonText::default());
    }
    JsonText::written(&column).map_err(|error| unreadable("context", &error))
}

/// The column, or the object in it that has what was sent beside the context.
struct Part<'a> {
    members: &'a Object<'a>,
    integrations: Option<&'a Integrations<'a>>,
    sent: Option<(&'a str, &'a Part<'a>)>,
}

impl Part<'_> {
    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.integrations.is_none() && self.sent.is_none()
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.members.write(&mut map)?;
        if let Some(integrations) = self.integrations {
            map.serialize_entry(INTEGRATIONS, integrations)?;
        }
        if let Some((name, sent)) = &self.sent {
            map.serialize_entry(name, sent)?;
        }
        map.end()
    }
}

/// Where else an event is to go, in the words of its client.
enum Integrations<'a> {
    AsSent(&'a RawValue),
    Merged(Object<'a>),
}

impl<'a> Integrations<'a> {
    /// An event's own, with those of its batch where both are objects.
    fn of(own: Option<&'a RawValue>, common: &Object<'a>) -> Result<Option<Self>, WireError> {
        Ok(match own {
            None if common.is_empty() => None,
            Some(own) if common.is_empty() || !(own.get().starts_with('{') || is_empty_list(own)) => {
                Some(Self::AsSent(own))
            }
            _ => {
                let mut merged = members(INTEGRATIONS, own)?;
                merged.merge(common);
                Some(Self::Merged(merged))
            }
        })
    }
}

impl Serialize for Integrations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AsSent(raw) => raw.serialize(serializer),
            Self::Merged(members) => Part { members, integrations: None, sent: None }.serialize(serializer),
        }
    }
}

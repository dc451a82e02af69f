//! The members of a message that have columns.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::event_type::canonical;
use crate::wire::object::Object;
use crate::wire::times::{self, Moment};
use crate::wire::values::{filled_string, id, invalid, string, unreadable};
use crate::wire::{Intake, WireError, limits};
use crate::{Content, JsonText, Latency, Tenant, Text, Timestamp};

/// Where the times of a message are, the first there is: of the base envelope, then of the domain event.
const TIMES: [&str; 3] = ["timestamp", "occurred_at", "recorded_at"];
/// Where in `context` all the rest is.
const SENT: &str = "sent";

/// A message. What is taken out of it has a column; the rest goes into the context.
pub(super) struct Envelope<'a> {
    rest: Object<'a>,
    metadata: Object<'a>,
}

impl<'a> Envelope<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, WireError> {
        let mut rest = Object::parse(text).map_err(|error| {
            if error.is_data() {
                WireError::InvalidType("a message must be an object".into())
            } else {
                WireError::InvalidJson(error.to_string())
            }
        })?;
        let metadata = match rest.get("metadata") {
            // Another value is kept as it is.
            Some(value) if value.get().starts_with('{') => {
                rest.take("metadata");
                Object::parse(value.get()).map_err(|error| unreadable("metadata", &error))?
            }
            _ => Object::default(),
        };
        Ok(Self { rest, metadata })
    }

    /// Whose the event is.
    pub(super) fn tenant(&mut self, intake: &Intake<'_>) -> Result<Tenant, WireError> {
        let mut name = id("tenant_id", self.rest.take("tenant_id"))?;
        if name.is_empty() {
            let business = within(self.rest.get("context"), "business_context");
            name = id("context.business_context.tenant_id", within(business, "tenant_id"))?;
        }
        if name.is_empty() {
            return Ok(intake.tenant.clone());
        }
        Tenant::parse(&name).map_err(|_| invalid("tenant_id", "1 to 64 letters, digits, '_', '.' or '-'"))
    }

    /// The id that its publisher gave it; empty if there is none.
    pub(super) fn event_id(&mut self) -> Result<Text<'a>, WireError> {
        let event_id = id("event_id", self.rest.take("event_id"))?;
        if event_id.is_empty() { id("id", self.rest.take("id")) } else { Ok(event_id) }
    }

    /// When it happened, if the message says so. The text as sent stays in the message.
    pub(super) fn time(&self) -> Result<Option<Timestamp>, WireError> {
        for field in TIMES {
            if let Some(value) = self.rest.get(field)
                && let Some(at) = moment(field, value)?
            {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// All but tenant, id and time.
    pub(super) fn content(mut self, event_id: Text<'a>) -> Result<Content<'a>, WireError> {
        let event_name = self.event_name()?;
        let mut user_id = id("user_id", self.rest.take("user_id"))?;
        if user_id.is_empty() {
            user_id = id("metadata.user_id", self.metadata.get("user_id"))?;
        }
        let mut request_id = id("metadata.request_id", self.metadata.get("request_id"))?;
        if request_id.is_empty() {
            request_id = id("request_id", self.rest.get("request_id"))?;
        }
        let properties = self.properties()?;
        Ok(Content {
            event_name,
            message_id: event_id,
            conversation_id: id("metadata.session_id", self.metadata.get("session_id"))?,
            user_id,
            error: error(properties.as_str()),
            latency: self.metadata.get("response_time_ms").and_then(latency).unwrap_or_default(),
            trace_ids: Some(request_id).filter(|id| !id.is_empty()).into_iter().collect(),
            properties,
            context: self.context()?,
            ..Content::default()
        })
    }

    /// The type as the event's name. In another spelling it also stays in the message.
    fn event_name(&mut self) -> Result<Text<'a>, WireError> {
        const FIELD: &str = "event_type";
        let sent = self.rest.get(FIELD);
        let event_type = string(FIELD, sent)?;
        if event_type.is_empty() {
            return Err(WireError::MissingField(FIELD));
        }
        limits::check_id(FIELD, &event_type)?;
        Ok(match canonical(&event_type) {
            Some(name) => name.into(),
            None => {
                self.rest.take(FIELD);
                event_type
            }
        })
    }

    /// The object in `data`, also if that is a text which is one. Anything else stays in the message.
    fn properties(&mut self) -> Result<JsonText<'a>, WireError> {
        let Some(value) = self.rest.get("data") else { return Ok(JsonText::default()) };
        let properties = match value.get().as_bytes().first() {
            Some(b'{') => JsonText::checked(value).map_err(|error| unreadable("data", &error))?,
            Some(b'"') => match filled_string(Some(value))
                .map(|text| JsonText::parse(&text).map(JsonText::into_owned))
            {
                Some(Ok(object)) => object,
                _ => return Ok(JsonText::default()),
            },
            _ => return Ok(JsonText::default()),
        };
        self.rest.take("data");
        Ok(properties)
    }

    fn context(&self) -> Result<JsonText<'static>, WireError> {
        if self.rest.is_empty() && self.metadata.is_empty() {
            return Ok(JsonText::default());
        }
        JsonText::written(self).map_err(|error| unreadable("a message", &error))
    }
}

/// What is left, as the context.
impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.metadata.write(&mut map)?;
        if !self.rest.is_empty() {
            map.serialize_entry(&self.metadata.free_name(SENT), &self.rest)?;
        }
        map.end()
    }
}

/// A member of an object.
fn within<'a>(object: Option<&'a RawValue>, name: &str) -> Option<&'a RawValue> {
    object
        .filter(|value| value.get().starts_with('{'))
        .and_then(|value| Object::parse(value.get()).ok()?.get(name))
}

/// A time: a number, or a text, which may be one too, since fields of a stream are texts. `None` if it is unset.
fn moment(field: &'static str, value: &RawValue) -> Result<Option<Timestamp>, WireError> {
    let text = if value.get().starts_with('"') { string(field, Some(value))? } else { value.get().into() };
    if text.is_empty() {
        return Ok(None);
    }
    let at = match text.parse() {
        Ok(number) => times::of_number(number),
        Err(_) => match times::read(&text) {
            Some(Moment::Unset) => return Ok(None),
            Some(Moment::At(instant)) => Timestamp::of(instant),
            None => None,
        },
    };
    at.map(Some).ok_or_else(|| invalid(field, "a time such as 2026-11-20T21:57:13.123Z"))
}

/// What went wrong, if the properties say so: in a word or by a number that is not 0.
fn error(properties: &str) -> Text<'static> {
    let said = |name: &str| {
        if !properties.contains(name) {
            return None;
        }
        let value = Object::parse(properties).ok()?.get(name)?;
        let text = filled_string(Some(value));
        let number =
            || value.get().parse().is_ok_and(|number: f64| number != 0.0).then(|| value.get().into());
        text.or_else(number).map(Text::into_owned)
    };
    said("error_code").or_else(|| said("failure_reason")).unwrap_or_default()
}

/// A number that is not negative, also if it is sent as a text. Anything else says nothing.
fn latency(value: &RawValue) -> Option<Latency> {
    let text = filled_string(Some(value));
    Latency::from_millis(text.as_deref().unwrap_or(value.get()).trim().parse().ok()?)
}

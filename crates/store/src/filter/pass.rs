//! Filters of an operation on its way, with the meaning that they have as SQL. An operation that changes an event
//! carries only a part of what the event says.

use std::borrow::Cow;

use model::{Operation, Text};

use super::{Field, Filter, Filters, Op, Value, json_path, value};

/// The most digits before the point of a number that is compared as one, and not as an id.
const SHORT_DIGITS: usize = 15;

/// What an operation carries of a field: of a create the event's, of an update the patch's if it has the field.
macro_rules! carried {
    ($operation:expr, $field:ident) => {
        match $operation {
            Operation::Create(event) => Some(&event.content.$field),
            Operation::Update { patch, .. } => patch.$field.as_ref(),
            Operation::Delete { .. } => None,
        }
    };
}

impl Filters {
    /// Whether an operation is let through: unless a filter fails on a field that the operation carries. A create
    /// carries every field, an update those that it changes, a delete none.
    pub fn pass(&self, operation: &Operation<'_>) -> bool {
        self.iter().all(|filter| filter.holds(operation).unwrap_or(true))
    }
}

impl Filter {
    /// `None` if the operation does not carry the field.
    fn holds(&self, operation: &Operation<'_>) -> Option<bool> {
        let (op, is_negated) = self.op.positive();
        let holds = match &self.field {
            Field::Latency => of_latency(carried!(operation, latency)?.millis(), op, &self.values),
            field => {
                let by_number = matches!(field, Field::Properties(_) | Field::Context(_));
                let texts = texts(field, operation)?;
                texts.iter().any(|text| !text.is_empty() && of_text(text, op, &self.values, by_number))
            }
        };
        Some(holds != is_negated)
    }
}

/// What a field says, where an empty text is none; `None` if the operation does not carry it.
fn texts<'a>(field: &Field, operation: &'a Operation<'_>) -> Option<Vec<Cow<'a, str>>> {
    let one = |text: &'a str| Some(vec![Cow::Borrowed(text)]);
    match field {
        Field::EventName => one(carried!(operation, event_name)?),
        Field::Source => match operation {
            Operation::Create(event) => one(event.source.as_str()),
            Operation::Update { .. } | Operation::Delete { .. } => None,
        },
        Field::Kind => one(carried!(operation, kind)?.as_str()),
        Field::ConversationId => one(carried!(operation, conversation_id)?),
        Field::UserId => one(carried!(operation, user_id)?),
        Field::AnonymousId => one(carried!(operation, anonymous_id)?),
        Field::User => user(operation).map(|user| vec![user]),
        Field::MessageId => one(carried!(operation, message_id)?),
        Field::Error => one(carried!(operation, error)?),
        // A number, which is no text.
        Field::Latency => None,
        Field::Input => one(carried!(operation, input)?),
        Field::Output => one(carried!(operation, output)?),
        Field::Tags => Some(list(carried!(operation, tags)?)),
        Field::Subjects => Some(list(carried!(operation, subjects)?)),
        Field::TraceIds => Some(list(carried!(operation, trace_ids)?)),
        Field::Properties(path) => Some(json_path::of_properties(carried!(operation, properties)?, path)),
        Field::Context(path) => Some(json_path::of_context(carried!(operation, context)?, path)),
    }
}

fn list<'a>(texts: &'a [Text<'_>]) -> Vec<Cow<'a, str>> {
    texts.iter().map(|text| Cow::Borrowed(&**text)).collect()
}

/// Who the event is of; `None` if that depends on what the operation does not carry.
fn user<'a>(operation: &'a Operation<'_>) -> Option<Cow<'a, str>> {
    let user_id = carried!(operation, user_id)?;
    if !user_id.is_empty() {
        return Some(Cow::Borrowed(user_id));
    }
    let anonymous_id = carried!(operation, anonymous_id)?;
    Some(if anonymous_id.is_empty() { Cow::Borrowed("") } else { format!("anon:{}", &**anonymous_id).into() })
}

/// What holds of a text that is not empty.
fn of_text(text: &str, op: Op, values: &[Value], by_number: bool) -> bool {
    let mut values = values.iter();
    match op {
        Op::Set | Op::NotSet => true,
        Op::Is | Op::IsNot => values.any(|value| text == value.text() || by_number && is_equal(text, value)),
        Op::Contains | Op::NotContains => {
            let text = text.to_lowercase();
            values.any(|value| text.contains(&value.text().to_lowercase()))
        }
        Op::StartsWith => values.any(|value| text.starts_with(value.text())),
        Op::Gt | Op::Gte | Op::Lt | Op::Lte => {
            value::json_number(text).is_some_and(|number| is_ordered(number, op, values.as_slice()))
        }
    }
}

/// What holds of a latency in milliseconds, of which 0 was not measured.
fn of_latency(millis: f64, op: Op, values: &[Value]) -> bool {
    match op {
        Op::Is | Op::IsNot => values.iter().filter_map(Value::number).any(|value| is_same(value, millis)),
        Op::Set | Op::NotSet => millis > 0.0,
        op => millis > 0.0 && is_ordered(millis, op, values),
    }
}

fn is_ordered(number: f64, op: Op, values: &[Value]) -> bool {
    values.iter().filter_map(Value::number).any(|value| match op {
        Op::Gt => number > value,
        Op::Gte => number >= value,
        Op::Lt => number < value,
        _ => number <= value,
    })
}

/// As numbers, of which none is a long id.
fn is_equal(text: &str, value: &Value) -> bool {
    let Some(wanted) = value.number() else { return false };
    // As the server writes it: 1e20 in digits.
    let has_exponent = value.text().contains(['e', 'E']);
    if has_exponent && value::LONG.contains(&wanted.abs()) && text == wanted.to_string() {
        return true;
    }
    let whole = text.trim_start_matches('-').split(['.', 'e', 'E']).next().unwrap_or_default();
    whole.len() <= SHORT_DIGITS && value::json_number(text).is_some_and(|number| is_same(number, wanted))
}

#[expect(clippy::float_cmp, reason = "two readings of the same digits are the same number")]
fn is_same(one: f64, other: f64) -> bool {
    one == other
}

//! Which events a question is about, by what they say: `{field, op, values}`.
//!
//! A field has one text, or several, or none, and an op looks for one that it holds of. A negative op holds
//! where its positive one does not, so an absent field is not anything. An empty text is none. Of texts, case
//! counts for `is` and `starts_with`. Under a path, numbers and texts that are numbers in JSON compare as
//! numbers: 5, "5" and 5.0 are equal. Numbers of more than 15 digits before the point are rather ids, and equal
//! only if their digits are.

mod binder;
mod condition;
mod field;
mod json_path;
mod pass;
mod value;

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

pub(crate) use binder::{Binder, Params, USER, distinct, distinct_in, hash};
pub(crate) use condition::{Condition, NUMBER};
pub use field::{Field, Path};
pub use value::Value;

/// Filters of one question.
const MAX_FILTERS: usize = 50;
/// Values of one filter; the server looks for no more than 255 texts at once.
const MAX_VALUES: usize = 100;
/// Bytes of one value.
const MAX_VALUE_BYTES: usize = 1_024;

/// Filters that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "Vec<Filter>")]
pub struct Filters(Cow<'static, [Filter]>);

/// What must hold of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Unchecked")]
pub struct Filter {
    /// The name of a field, or a path such as `properties.a.b`.
    #[schema(value_type = String)]
    field: Field,
    /// How it is compared: `is`, `contains`, `gt`, …
    #[schema(value_type = String)]
    op: Op,
    /// Numbers and booleans by their texts.
    #[schema(value_type = Vec<String>)]
    values: Vec<Value>,
}

/// How a field is compared with the values, of which one is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A text is a value.
    Is,
    /// None is.
    IsNot,
    /// A value is a part of a text, whatever their case.
    Contains,
    /// None is.
    NotContains,
    /// A text begins with a value.
    StartsWith,
    /// A number is greater than a value. A latency of 0 was not measured, and is neither less nor greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// There is a text; of objects and of lists of them there is none.
    Set,
    /// There is none.
    NotSet,
}

const OPS: [(&str, Op); 11] = [
    ("is", Op::Is),
    ("is_not", Op::IsNot),
    ("contains", Op::Contains),
    ("not_contains", Op::NotContains),
    ("starts_with", Op::StartsWith),
    ("gt", Op::Gt),
    ("gte", Op::Gte),
    ("lt", Op::Lt),
    ("lte", Op::Lte),
    ("set", Op::Set),
    ("not_set", Op::NotSet),
];

/// A filter that can't be meant. Names what is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// None of those that there are.
    #[error("unknown field {0:?}: it must be one of {fields}, or a path such as properties.a.b or context.a.b", fields = field::names())]
    Field(String),
    /// A path that can't be one.
    #[error(
        "{0:?} is no path: it must have names between its points, without control characters and backticks, and at most 256 bytes"
    )]
    Path(String),
    /// None of those that there are.
    #[error("unknown op {0:?}: it must be one of {ops}", ops = OPS.map(|(name, _)| name).join(", "))]
    Op(String),
    /// The op does not go with the field.
    #[error("{field} is a number: {op} is for texts")]
    NotForNumbers {
        /// The field's name.
        field: String,
        /// The op's name.
        op: &'static str,
    },
    /// Nothing to compare with.
    #[error("{field} {op} needs values")]
    NoValues {
        /// The field's name.
        field: String,
        /// The op's name.
        op: &'static str,
    },
    /// Something to compare with where nothing is compared.
    #[error("{field} {op} takes no values")]
    Values {
        /// The field's name.
        field: String,
        /// The op's name.
        op: &'static str,
    },
    /// A text where a number is needed.
    #[error("{field} {op} needs numbers: {value:?} is none")]
    NoNumber {
        /// The field's name.
        field: String,
        /// The op's name.
        op: &'static str,
        /// The text.
        value: String,
    },
    /// An empty text.
    #[error("a value of {0} is empty: set and not_set tell whether there is one")]
    Empty(String),
    /// A value that no event has.
    #[error("a value of {0} has too many bytes: there may be {1} at most")]
    TooLong(String, usize),
    /// Too much of something.
    #[error("too many {0}: there may be {1} at most")]
    TooMany(&'static str, usize),
}

impl Filters {
    /// All events.
    pub const NONE: Self = Self(Cow::Borrowed(&[]));

    /// Those of one event name.
    pub fn event_name(name: &str) -> Result<Self, FilterError> {
        vec![Filter::new(Field::EventName, Op::Is, vec![Value::from(name)])?].try_into()
    }

    /// Whether all events pass.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One by one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Filter> {
        self.0.iter()
    }
}

impl TryFrom<Vec<Filter>> for Filters {
    type Error = FilterError;

    fn try_from(filters: Vec<Filter>) -> Result<Self, FilterError> {
        if filters.len() > MAX_FILTERS {
            return Err(FilterError::TooMany("filters", MAX_FILTERS));
        }
        Ok(Self(filters.into()))
    }
}

impl Serialize for Filters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl Filter {
    /// What it looks at.
    pub(crate) fn field(&self) -> &Field {
        &self.field
    }

    /// What can be meant.
    pub fn new(field: Field, op: Op, values: Vec<Value>) -> Result<Self, FilterError> {
        let (name, is_number) = (|| field.to_string(), field == Field::Latency);
        let compares = !matches!(op, Op::Set | Op::NotSet);
        if compares && values.is_empty() {
            return Err(FilterError::NoValues { field: name(), op: op.as_str() });
        }
        if !compares && !values.is_empty() {
            return Err(FilterError::Values { field: name(), op: op.as_str() });
        }
        if is_number && matches!(op, Op::Contains | Op::NotContains | Op::StartsWith) {
            return Err(FilterError::NotForNumbers { field: name(), op: op.as_str() });
        }
        if values.len() > MAX_VALUES {
            return Err(FilterError::TooMany("values", MAX_VALUES));
        }
        for value in &values {
            if value.text().is_empty() {
                return Err(FilterError::Empty(name()));
            }
            if value.text().len() > MAX_VALUE_BYTES {
                return Err(FilterError::TooLong(name(), MAX_VALUE_BYTES));
            }
            if (is_number || op.orders()) && value.number().is_none() {
                let value = value.text().chars().take(64).collect();
                return Err(FilterError::NoNumber { field: name(), op: op.as_str(), value });
            }
        }
        Ok(Self { field, op, values })
    }
}

impl Op {
    /// As requests write it.
    pub fn as_str(self) -> &'static str {
        OPS.iter().find(|(_, op)| *op == self).map_or("", |(name, _)| name)
    }

    fn parse(name: &str) -> Result<Self, FilterError> {
        let op = OPS.iter().find(|(known, _)| *known == name).map(|(_, op)| *op);
        op.ok_or_else(|| FilterError::Op(name.chars().take(64).collect()))
    }

    /// The op that it is the complement of, or else itself, and whether it is a complement.
    fn positive(self) -> (Self, bool) {
        match self {
            Self::IsNot => (Self::Is, true),
            Self::NotContains => (Self::Contains, true),
            Self::NotSet => (Self::Set, true),
            op => (op, false),
        }
    }

    /// Whether it needs numbers.
    fn orders(self) -> bool {
        matches!(self, Self::Gt | Self::Gte | Self::Lt | Self::Lte)
    }
}

impl Serialize for Op {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// As it was sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a field, an op and values")]
struct Unchecked {
    field: String,
    op: String,
    #[serde(default)]
    values: Vec<Value>,
}

impl TryFrom<Unchecked> for Filter {
    type Error = FilterError;

    fn try_from(sent: Unchecked) -> Result<Self, FilterError> {
        Self::new(Field::parse(&sent.field)?, Op::parse(&sent.op)?, sent.values)
    }
}

#[cfg(test)]
mod tests;

//! The values of a field by which events are divided.

use serde::Deserialize;

use crate::filter::{Binder, Params};
use crate::{Field, FilterError};

/// Values of a breakdown that have series of their own.
const MAX_VALUES: u32 = 100;
const DEFAULT_VALUES: u32 = 10;

/// A field by whose values events are divided. Of several texts, as of a list, the first counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Breakdown {
    field: Field,
    limit: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object such as {\"field\": \"event_name\", \"limit\": 10}")]
struct Unchecked {
    field: String,
    limit: Option<u32>,
}

/// Why events can't be divided like that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BreakdownError {
    /// By this field.
    #[error(transparent)]
    Field(#[from] FilterError),
    /// Into so many.
    #[error("limit must be 1 to {MAX_VALUES}")]
    Limit,
}

impl Breakdown {
    /// An event's value as SQL over the columns of `events`; '' is none.
    pub(crate) fn value(&self, params: &mut Params) -> String {
        Binder::new("breakdown", params).text_of(&self.field)
    }

    /// What divides them.
    pub(crate) fn field(&self) -> &Field {
        &self.field
    }

    /// How many values have a place of their own.
    pub fn limit(&self) -> usize {
        self.limit as usize
    }
}

impl TryFrom<Unchecked> for Breakdown {
    type Error = BreakdownError;

    fn try_from(Unchecked { field, limit }: Unchecked) -> Result<Self, BreakdownError> {
        let limit = limit.unwrap_or(DEFAULT_VALUES);
        if !(1..=MAX_VALUES).contains(&limit) {
            return Err(BreakdownError::Limit);
        }
        Ok(Self { field: Field::parse(&field)?, limit })
    }
}

//! Why messages become dead letters. The codes are here, but for those of a message of the topic that can't be
//! decoded, which [`model::message::MessageError::reason`] gives.

use std::collections::BTreeMap;

/// The reason of what a publisher sent that is no event.
pub const UNDECODABLE: &str = "undecodable";
/// The reason of an event whose tenant may not be written by the way that it came.
pub const TENANT_NOT_ALLOWED: &str = "tenant_not_allowed";
/// The reason of an event that is larger than the topic takes.
pub const TOO_LARGE: &str = "too_large";
/// The reason of a message of a format that is not known yet.
pub const NEWER_FORMAT: &str = "newer_format";
/// The reason of an operation whose row the table does not take.
pub const REFUSED: &str = "refused";
/// The reason of an update that finds no event.
pub const UNKNOWN_EVENT: &str = "unknown_event";
/// The reason of an update of an event whose row in the table was written by somebody else, and is impossible.
pub const FOREIGN_ROW: &str = "foreign_row";
/// The reason of a message whose time is not the broker's append time, so that it has no position.
pub const NO_APPEND_TIME: &str = "no_append_time";
/// The reason of a message whose append time can be part of no position, such as one before 2025.
pub const IMPOSSIBLE_APPEND_TIME: &str = "impossible_append_time";

/// Why a delivery became a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A stable word.
    pub code: &'static str,
    /// A sentence.
    pub text: String,
}

impl Reason {
    /// A reason of this code, explained by `text`.
    pub fn new(code: &'static str, text: impl ToString) -> Self {
        Self { code, text: text.to_string() }
    }
}

/// How many rejects there are of each reason's code.
pub fn by_reason(rejects: &[(usize, Reason)]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for (_, reason) in rejects {
        *counts.entry(reason.code).or_default() += 1;
    }
    counts
}

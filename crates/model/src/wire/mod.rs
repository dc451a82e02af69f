//! The dialects: each file reads one wire format into operations, and past it nobody knows the dialect.

mod error;
pub mod event_service;
mod limits;
pub mod native;
mod object;
#[cfg(test)]
pub(crate) mod random_json;
pub mod redis;
pub mod segment;
mod separate;
mod times;
mod values;

pub use error::WireError;
pub use limits::check_id;
pub use object::Object;

use crate::{EventNames, Tenant, Timestamp, Window};

/// What is known of a request before its events are read.
#[derive(Debug)]
pub struct Intake<'a> {
    /// The tenant that the events are written for.
    pub tenant: Tenant,
    /// When the request arrived.
    pub now: Timestamp,
    /// The times at which the events may have happened.
    pub window: Window,
    /// The names that the events may have.
    pub names: &'a EventNames,
}

//! The dialects: each file reads one wire format into operations, and past it nobody knows the dialect.

mod error;
mod limits;
pub mod native;
mod separate;

pub use error::WireError;

use crate::{EventNames, Tenant, Timestamp, Window};

/// What is known of a request before its events are read.
#[derive(Debug)]
pub struct Intake<'a> {
    /// Whose events they are.
    pub tenant: Tenant,
    /// When they arrived.
    pub now: Timestamp,
    /// When they may have happened.
    pub window: Window,
    /// What they may be called.
    pub names: &'a EventNames,
}

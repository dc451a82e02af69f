//! The dialects: each file reads one wire format into operations, and past it nobody knows the dialect.

mod error;
mod limits;
pub mod native;
mod separate;

pub use error::WireError;

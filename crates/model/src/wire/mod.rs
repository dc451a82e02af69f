//! The dialects: each file reads one wire format into operations, and past it nobody knows the dialect.

mod error;
pub mod native;

pub use error::WireError;

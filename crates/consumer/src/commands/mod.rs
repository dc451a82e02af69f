//! Command lines that the consumer and the standalone have in common: arguments in, text out.

pub mod dead_letters;
mod print;
pub(crate) mod progress;
pub mod rollups;

//! The tool as its users start it: against servers that are not as they should be, and against `millrace`.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what isn't as expected fails the test")]

mod fake;
mod lies;
mod millrace;
mod tool;

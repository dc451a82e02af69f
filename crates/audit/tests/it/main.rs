//! The audit against installations that are known to be broken or whole.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what isn't as expected fails the test"
)]

mod clock;
mod command;
mod large;
mod planted;
mod site;

//! The tools of the storm, each against something that is known to be broken or whole.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what isn't as expected fails the test"
)]

mod audit;
mod clock;
mod command;
mod large;
mod proxy;
mod site;

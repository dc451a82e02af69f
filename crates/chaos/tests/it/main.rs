//! The tools of the storm, each against something that is known to be broken or whole.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what isn't as expected fails the test")]

mod proxy;

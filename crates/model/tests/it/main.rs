//! The wire formats against requests of clients.
#![expect(clippy::panic, clippy::unwrap_used, reason = "what isn't as expected fails the test")]

mod event_service;
mod redis;
mod segment;

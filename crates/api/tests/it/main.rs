//! The API as its clients see it: over HTTP, with a consumer, a log and a table of a test's own.
//!
//! `harness` starts an application and calls it. The other modules are named after what they ask.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what isn't as expected fails the test"
)]

mod alerts;
mod analytics;
mod audit;
mod compression;
mod connections;
mod envelope;
mod event;
mod event_service;
mod events;
mod harness;
mod health;
mod keys;
mod lifecycle;
mod limits;
mod mcp;
mod origins;
mod overload;
mod page;
mod pipeline;
mod publish_event;
mod questions;
mod request_ids;
mod segment;
mod session;
mod shutdown;
mod start;
mod tail;
mod tenants;
mod wait;

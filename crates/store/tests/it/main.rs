//! The table in a real engine, with a database for each test.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what isn't as expected fails the test"
)]

mod alerts;
mod analytics;
mod arrivals;
mod ask;
mod away;
mod commerce;
mod conversation;
mod database;
mod error_groups;
mod event_service;
mod export;
mod filter;
mod funnel;
mod grid;
mod insert;
mod latency;
mod list;
mod lookup;
mod measure;
mod migrations;
mod paths;
mod range;
mod retention;
mod rollup;
mod schema;
mod search;
mod series;
mod similar;
mod trail;
mod users;

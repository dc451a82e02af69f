//! The engine behind its HTTP interface, asked by the clients it is made for. Needs the library
//! that `scripts/fetch-engine.sh` fetches.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod encodings;
mod errors;
mod fetch;
mod inserts;
mod isolation;
mod lifecycle;
mod outside;
mod places;
mod requests;
mod server;
mod strangers;
mod streams;
mod tables;

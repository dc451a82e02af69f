//! A load generator that also verifies what became visible.
//!
//! [`plan`] says what is sent and what must be there afterwards, [`phase`] sends it, [`watch`] follows
//! it to the table, [`verify`] looks whether it is there, and [`run`] is one after the other. [`commerce`]
//! makes up a shop to ask questions about. Knows Millrace by its HTTP API alone.

mod answers;
pub mod chart;
pub mod commerce;
pub mod dialect;
pub mod http;
pub mod number;
pub mod options;
pub mod page;
pub mod phase;
pub mod plan;
mod progress;
pub mod reads;
pub mod report;
mod retry;
pub mod run;
pub mod tally;
pub mod usage;
pub mod vectors;
pub mod verify;
pub mod watch;

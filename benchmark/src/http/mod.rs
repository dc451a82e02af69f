//! As much of an HTTP/1.1 client as a load generator needs: one request at a time over a connection
//! that is kept alive, from heads made once, with buffers used again.
//!
//! A general client costs several times as much per request, and the generator shares its machine
//! with what it measures.

mod answer;
mod client;
mod connection;
mod target;

pub use answer::Answer;
pub use client::Client;
pub use connection::{CallError, Connection};
pub use target::{Head, Target};

//! The product as its users start it: `millrace` alone, and `millrace-api` with `millrace-consumer`
//! on real Kafka.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what isn't as expected fails the test"
)]

mod away;
mod compose;
mod demo;
mod disk_full;
mod installation;
mod letters;
mod life;
mod nothing_is_lost;
mod page;
mod private;
mod readme;
mod redis;
mod request_ids;

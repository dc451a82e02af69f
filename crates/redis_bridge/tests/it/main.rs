//! The bridge against a real Redis. Most tests run it in their own process on an embedded log; those of processes that
//! are killed and of Kafka run `millrace-redis` before a real broker.
#![expect(clippy::panic, clippy::unwrap_used, reason = "what isn't as expected fails the test")]

mod channels;
mod ends;
mod installation;
mod lost;
mod rows;
mod secured;
mod site;
mod streams;
mod without_kafka;

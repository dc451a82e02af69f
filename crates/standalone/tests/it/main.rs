//! The product as its users start it: `millrace` alone, and `millrace-api` with `millrace-consumer`
//! on real Kafka.

mod compose;
mod installation;
mod life;
mod nothing_is_lost;
mod readme;

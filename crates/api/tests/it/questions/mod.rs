//! Questions about many events.

mod ground;
mod query;

//! Questions about many events.

mod commerce;
mod ground;
mod query;

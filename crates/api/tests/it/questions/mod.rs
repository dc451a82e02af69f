//! Questions about many events.

mod commerce;
mod events;
mod ground;
mod query;

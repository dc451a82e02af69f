//! Questions about many events.

mod commerce;
mod events;
mod export;
mod ground;
mod query;
mod search;
mod similar;

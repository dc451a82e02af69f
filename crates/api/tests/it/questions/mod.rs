//! Questions about many events.

mod commerce;
mod events;
mod export;
mod funnel;
mod ground;
mod paths;
mod query;
mod retention;
mod search;
mod similar;

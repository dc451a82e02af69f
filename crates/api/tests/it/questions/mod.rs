//! Questions about many events.

mod commerce;
mod errors;
mod events;
mod export;
mod funnel;
mod ground;
mod paths;
mod query;
mod retention;
mod schema;
mod search;
mod similar;
mod users;

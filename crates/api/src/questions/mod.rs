//! Questions about many events: each has a file with its parameters or body above its handler. What they are
//! about stands in `asked.rs`, what they mean in `store`.

pub(crate) mod body;
pub(crate) mod commerce;
pub(crate) mod errors;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod funnel;
pub(crate) mod listed;
pub(crate) mod paths;
pub(crate) mod query;
pub(crate) mod retention;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod similar;
pub(crate) mod users;

//! Answers that follow from the order of events, which SQL can't tell exactly: pure folds over what the server has
//! sorted. Nothing here asks anybody.

pub(crate) mod active_users;
pub(crate) mod inventory;
mod percentile;
pub(crate) mod products;
pub(crate) mod revenue;
pub(crate) mod sessions;

pub(crate) use percentile::percentile;

//! The EventService API, as laboratory software speaks it. Its messages are read in `model::wire::event_service`.

pub(crate) mod publish;
pub(crate) mod query;
pub(crate) mod server_time;
pub(crate) mod shapes;

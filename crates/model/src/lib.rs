//! The event, its ids, versions and formats.
//!
//! Everything here is a plain value or a function from values to values: no I/O, no knowledge of
//! the Kafka or ClickHouse clients.

mod canonical;
mod event;
mod id;
mod idempotency;
mod json_text;
pub mod message;
mod names;
mod numbers;
mod operation;
mod span;
mod stored;
mod tenant;
mod text;
mod time;
mod version;
pub mod wire;

pub use canonical::canonical;
pub use event::{Content, Event, Kind, Patch, Source};
pub use id::{EventId, IdError};
pub use idempotency::{AppliedKeys, IdempotencyKey};
pub use json_text::JsonText;
pub use names::EventNames;
pub use numbers::{Embedding, Latency};
pub use operation::{EventKey, Operation};
pub use span::Span;
pub use stored::{Mentions, State, Stored};
pub use tenant::{Tenant, TenantError};
pub use text::Text;
pub use time::{Timestamp, Window};
pub use version::{Position, PositionError, Version, Write};

//! Questions to the table, one file each: the SQL above the function that asks it.

mod arrivals;
mod breakdown;
pub mod commerce;
mod conversation;
mod conversation_hours;
mod error_counts;
mod error_groups;
mod event;
mod event_service;
mod export;
mod funnel;
mod in_order;
mod last_key;
mod latency;
mod list;
mod measure;
mod paths;
pub mod retention;
mod schema;
mod search;
mod series;
mod similar;
mod tenants;
mod top_error_sessions;
mod trail;
mod users;

pub use arrivals::{Arrival, Place, Wanted};
pub use breakdown::{Breakdown, BreakdownError};
pub use conversation::{Page, Turns};
pub(crate) use conversation_hours::in_hours;
pub use error_counts::ErrorCount;
pub use error_groups::ErrorGroup;
pub use event_service::Matches;
pub use export::{Column, Export, ExportFormat};
pub use funnel::{FunnelAnswer, FunnelGroup, FunnelPage, FunnelStep, FunnelUser, Outcome, Took};
pub use latency::SessionLatency;
pub use list::{Extent, ListOrder, ListPage, Mark};
pub use measure::Measure;
pub use paths::{PathLink, PathNode, PathsAnswer};
pub use schema::{EventName, FieldType, KnownField, KnownValue, Schema};
pub use search::{Piece, SearchPage, Snippets, Terms};
pub use series::{Found, Number, Role, Series};
pub use similar::VectorOf;
pub use top_error_sessions::ErrorSession;
pub use trail::{About, TrailPage};
pub use users::{User, UserMark, UserOrder, Users};

/// How long nothing happens between two sessions of a user, in milliseconds.
const SESSION_GAP_MS: i64 = 30 * 60_000;

/// Keys of one query for a page at most, but for the first, which asks for as many as are wanted.
const MAX_KEYS: u64 = 10_000;

/// A time as text that ClickHouse reads as `DateTime64(3, 'UTC')`.
pub(crate) fn sql_time(at: model::Timestamp) -> String {
    at.to_string().replace('T', " ").replace('Z', "")
}

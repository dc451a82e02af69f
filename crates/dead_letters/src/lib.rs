//! Dead letters: messages that could not be written to the table, on a topic of their own with the reason.
//!
//! [`Writer`] puts them there, [`List`], [`show()`] and [`replay()`] are what people do with them. Knows
//! nothing of the table, of command lines and of HTTP.
//!
//! A letter's id is its offset on the dead-letter topic. A message that is put back gets a mark on a
//! topic of its own in the same transaction, and is left alone from then on: an old update that is
//! replayed twice could undo a newer one. The mark names the message, not the letter, since a
//! consumer that was killed may have made two letters of one message.

mod error;
mod filter;
mod format;
mod letter;
mod list;
mod marks;
mod mend;
mod origin;
mod original;
mod outbox;
mod reader;
mod reason;
mod replay;
mod show;
mod writer;

pub use error::DeadLettersError;
pub use filter::Filter;
pub use letter::{Letter, Place};
pub use list::{List, Summary};
pub use origin::Origin;
pub use reason::{
    FOREIGN_ROW, IMPOSSIBLE_APPEND_TIME, NEWER_FORMAT, NO_APPEND_TIME, REFUSED, Reason, TENANT_NOT_ALLOWED,
    TOO_LARGE, UNDECODABLE, UNKNOWN_EVENT, by_reason,
};
pub use replay::{Replay, Replayed, Report, replay};
pub use show::{Shown, show};
pub use writer::Writer;

//! What people do with dead letters: list them, look at one, put messages back on the topic.
//!
//! A letter's id is its offset on the dead-letter topic. A message that is put back gets a mark on a
//! topic of its own in the same transaction, and is left alone from then on: an old update that is
//! replayed twice could undo a newer one. The mark names the message, not the letter, since a
//! consumer that was killed may have made two letters of one message.

mod command;
mod error;
mod filter;
mod letter;
mod list;
mod marks;
mod mend;
mod original;
mod outbox;
mod read;
mod replay;
mod show;

pub use command::{Command, run};
pub use error::LettersError;

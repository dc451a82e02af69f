//! Shows one dead letter with its message.

use bus::Channels;
use model::Timestamp;

use crate::marks::Marks;
use crate::original::complete;
use crate::reader::Letters;
use crate::{DeadLettersError, Filter, Letter};

/// A letter, and what is known of its message.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The letter, with its message if there is one.
    pub letter: Letter,
    /// When the message was put back for the last time.
    pub replayed_at: Option<Timestamp>,
    /// Why the message, which the letter had to leave out, is missing here too.
    pub missing: Option<String>,
}

/// Returns the letter with this id, if there is one.
pub async fn show(channels: &Channels, id: i64) -> Result<Option<Shown>, DeadLettersError> {
    let Some(letter) = Letters::open(channels, Filter::of(id)).await?.next().await? else { return Ok(None) };
    let replayed_at = Marks::read(channels).await?.of(&letter.place);
    let truncated = letter.clone();
    let (letter, missing) = match complete(channels, letter).await {
        Ok(letter) => (letter, None),
        Err(reason) => (truncated, Some(reason)),
    };
    Ok(Some(Shown { letter, replayed_at, missing }))
}

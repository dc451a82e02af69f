//! What can keep dead letters from being read or replayed.

use std::io;

use bus::{BusError, TransactError};

/// Why dead letters could not be read, or their messages not be put back.
#[derive(Debug, thiserror::Error)]
pub enum DeadLettersError {
    /// The log could not be asked.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Messages could not be put back.
    #[error("messages could not be put back: {0} (what was put back is marked: run it again)")]
    Transact(#[from] TransactError),
    /// Whoever is told of a replay takes no more of its reports.
    #[error("the output can't be written: {0}")]
    Report(#[from] io::Error),
}

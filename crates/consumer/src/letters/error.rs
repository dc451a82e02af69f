//! What can keep a command from being done.

use std::io;
use std::path::PathBuf;

use bus::{BusError, TransactError};

/// Why a command on dead letters was not done.
#[derive(Debug, thiserror::Error)]
pub enum LettersError {
    /// The log could not be asked.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Messages could not be put back.
    #[error("messages could not be put back: {0} (what was put back is marked: run it again)")]
    Transact(#[from] TransactError),
    /// Nobody takes the output.
    #[error("the output can't be written: {0}")]
    Output(#[from] io::Error),
    /// A mended message can't be read.
    #[error("{path}: {error}")]
    File {
        /// Of the file that was named.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The command does not say what it means.
    #[error("{0}")]
    Usage(&'static str),
    /// Someone asked for the end.
    #[error("interrupted")]
    Interrupted,
}

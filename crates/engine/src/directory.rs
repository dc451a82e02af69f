//! The data directory and the lock that keeps a second process out of it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::Path,
};

use crate::error::EngineError;

/// The lock file's name inside the data directory.
const LOCK: &str = "engine.lock";

/// Holds a data directory for this process. The operating system lets go of it when the process
/// ends, however it ends.
pub(crate) struct Directory {
    _lock: File,
}

impl Directory {
    /// Creates the directory if it is missing and locks it.
    pub(crate) fn lock(data: &Path) -> Result<Self, EngineError> {
        let unusable = |source| EngineError::Directory { data: data.to_owned(), source };
        fs::create_dir_all(data).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(data.join(LOCK))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(EngineError::DirectoryLocked(data.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}

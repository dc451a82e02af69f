//! The file: its lock, its tables, and connections to it.
//!
//! A partition of a topic is a slot; a record's row number is its slot and its offset in one, so that
//! a partition is one range of one table that is only ever added to at its end.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::BusError;

/// The write-ahead log is copied into the tables when it has grown to about this.
pub(super) const WAL_BYTES: u64 = 16 << 20;

const OFFSET_BITS: u32 = 44;
const SCHEMA_VERSION: i64 = 1;

/// What waits for other connections is first of all the removal of a long write-ahead log.
const WRITER_PATIENCE: Duration = Duration::from_millis(50);
const READER_PATIENCE: Duration = Duration::from_secs(5);

/// Pages of 8 KiB write faster than SQLite's own size for records of a few hundred bytes to a few
/// thousand. `fullfsync` is what a sync means on macOS.
const SETTINGS: &str = "
    PRAGMA page_size = 8192;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA wal_autocheckpoint = 2048;";

/// `next` outlives the records; `append_ms` is that of the last of them.
const TABLES: &str = "
    BEGIN IMMEDIATE;
    CREATE TABLE partitions (
        slot INTEGER PRIMARY KEY CHECK (slot < 1 << 19),
        topic TEXT NOT NULL,
        partition INTEGER NOT NULL,
        next INTEGER NOT NULL CHECK (next < 1 << 44),
        append_ms INTEGER NOT NULL,
        UNIQUE (topic, partition)
    );
    CREATE TABLE records (
        id INTEGER PRIMARY KEY,
        append_ms INTEGER NOT NULL,
        key BLOB,
        value BLOB NOT NULL,
        headers BLOB
    );
    CREATE TABLE commits (
        slot INTEGER NOT NULL,
        consumer_group TEXT NOT NULL,
        next INTEGER NOT NULL,
        PRIMARY KEY (slot, consumer_group)
    ) WITHOUT ROWID;
    PRAGMA user_version = 1;
    COMMIT;";

/// The row number of a record.
pub(super) fn row(slot: i64, offset: i64) -> i64 {
    (slot << OFFSET_BITS) | offset
}

/// The offset of a row number.
pub(super) fn offset(row: i64) -> i64 {
    row & ((1 << OFFSET_BITS) - 1)
}

/// One owner at a time: the operating system ends the lock with the process, however that ends.
pub(super) fn lock(path: &Path) -> Result<File, BusError> {
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, ".lock"))
        .map_err(|error| failed(path, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            Err(BusError::Refused(format!("the log {} is in use by another process", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(failed(path, error)),
    }
}

/// The write-ahead log.
pub(super) fn wal(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// A connection that writes; makes the tables if they are missing.
pub(super) fn open(path: &Path) -> Result<Connection, BusError> {
    let connection = Connection::open(path).map_err(|error| explained(path, &error))?;
    prepare(&connection).map_err(|error| explained(path, &error))?;
    let version = version(&connection).map_err(|error| explained(path, &error))?;
    if version != SCHEMA_VERSION {
        return Err(BusError::Refused(format!(
            "the log {} has format {version}; this version of Millrace knows {SCHEMA_VERSION}",
            path.display()
        )));
    }
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, BusError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| explained(path, &error))?;
    connection.busy_timeout(READER_PATIENCE).map_err(|error| explained(path, &error))?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(WRITER_PATIENCE)?;
    connection.execute_batch(SETTINGS)?;
    if version(connection)? == 0 {
        connection.execute_batch(TABLES)?;
    }
    Ok(())
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

fn explained(path: &Path, error: &rusqlite::Error) -> BusError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            BusError::Refused(format!("{} is a file, but not a log", path.display()))
        }
        _ => failed(path, error),
    }
}

fn failed(path: &Path, error: impl std::fmt::Display) -> BusError {
    BusError::unavailable("opening the log", format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_number_holds_slot_and_offset() {
        let last = (1 << OFFSET_BITS) - 1;
        for (slot, at) in [(1, 0), (1, last), ((1 << 19) - 1, 0), ((1 << 19) - 1, last)] {
            assert_eq!((row(slot, at) >> OFFSET_BITS, offset(row(slot, at))), (slot, at));
        }
        assert_eq!(row(1, last) + 1, row(2, 0));
        assert!(row((1 << 19) - 1, last) > 0);
    }
}

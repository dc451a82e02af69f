//! What can keep the engine from opening or serving. A failed query is not among them: it is an
//! [`Exception`](crate::exception::Exception) and goes to whoever asked.

use std::{io, path::PathBuf};

/// Why the engine can't be opened, can't serve, or could not be closed cleanly.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// There is no library at the configured path.
    #[error("the engine's library is not at {}: run `make engine` to fetch it", .0.display())]
    LibraryMissing(PathBuf),

    /// There is a file, but it is not the library this crate was written for.
    #[error("the engine's library at {} can't be loaded: run `make engine` to fetch it again", library.display())]
    LibraryUnusable {
        /// The path that was tried.
        library: PathBuf,
        /// What the loader said.
        #[source]
        source: libloading::Error,
    },

    /// The data directory can't be created or written.
    #[error("the data directory {} can't be used", data.display())]
    Directory {
        /// The data directory.
        data: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },

    /// Another engine, in this process or another, has the data directory open.
    #[error("the data directory {} is in use by another process", .0.display())]
    DirectoryLocked(PathBuf),

    /// The engine refused to start on the data directory. It writes its own reason to stderr. A
    /// process can have one data directory open, so a second one ends here too.
    #[error("the engine could not open the data directory {}", .0.display())]
    OpenFailed(PathBuf),

    /// The listener would have made the engine reachable from outside this machine.
    #[error("the engine listens on loopback addresses only, not on {0}")]
    NotLoopback(std::net::SocketAddr),

    /// The listener failed.
    #[error("the engine's listener failed")]
    Listener(#[source] io::Error),

    /// Queries neither ended nor could be killed in time. What they had acknowledged is on disk;
    /// the engine stays open until the process ends.
    #[error("queries were still running when the engine was to close")]
    StillRunning,
}

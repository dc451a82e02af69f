//! ClickHouse in this process, behind ClickHouse's own HTTP interface.
//!
//! The engine is `libchdb`, a build of ClickHouse as a library. This crate loads it, opens one data
//! directory and answers HTTP on a loopback address well enough that ClickHouse's clients don't see
//! a difference. It must not know what is stored in it.
//!
//! Where things are: [`library`] is every call into the library, [`database`] the open data
//! directory and the threads that work on it, [`sql`] as much of the language as the interface needs,
//! [`select`] and [`insert`] the two ways a statement is carried out, [`http`] the interface.

mod body;
mod compression;
mod database;
mod directory;
mod error;
mod exception;
mod format;
mod http;
mod insert;
mod kill;
mod library;
mod places;
mod query_state;
mod request;
mod rights;
mod select;
mod sessions;
mod sql;
mod threads;

use std::{env, future::Future, path::PathBuf, sync::Arc};

use tokio::net::TcpListener;

use crate::database::Database;
pub use crate::error::EngineError;

/// The version of the library this crate is written for; `scripts/fetch-engine.sh` fetches it.
pub const VERSION: &str = "26.7.3-stable.1";

/// Where the engine's data and its library are, and who may ask. Holds a password, so it can't be printed.
#[derive(Clone)]
pub struct Config {
    /// The data directory; created if missing. One process may use it at a time, and a process can
    /// have one open.
    pub data: PathBuf,
    /// The path to `libchdb.so`, usually [`default_library`].
    pub library: PathBuf,
    /// What requests must name as the password of the user `default`; nothing if absent.
    pub password: Option<String>,
}

/// An open data directory, ready to be served.
///
/// Dropping it closes the data directory.
pub struct Engine {
    database: Arc<Database>,
    password: Option<String>,
}

impl Engine {
    /// Loads the library and opens the data directory. Blocks for some hundred milliseconds, longer
    /// where there is much data.
    pub fn open(config: &Config) -> Result<Engine, EngineError> {
        let password = config.password.clone().filter(|password| !password.is_empty());
        Ok(Engine { database: Arc::new(Database::open(config)?), password })
    }

    /// Answers HTTP until `shutdown` ends, then closes the data directory.
    ///
    /// Requests under way get some seconds to end; then their queries are killed. The listener's
    /// address must be a loopback address.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), EngineError> {
        http::serve(self.database, self.password, listener, shutdown).await
    }
}

/// Where the library is: `$MILLRACE_ENGINE_LIB`, or else where `scripts/fetch-engine.sh` puts it.
///
/// That is `millrace/engine/<version>/libchdb.so` under `$XDG_CACHE_HOME` or `$HOME/.cache`. The
/// library has the same name on every platform.
pub fn default_library() -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(library) = set("MILLRACE_ENGINE_LIB") {
        return library;
    }
    let cache = set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(|| PathBuf::from(".cache"));
    cache.join("millrace").join("engine").join(VERSION).join("libchdb.so")
}

//! Connections that wait to be used again.
//!
//! A connection is prepared by a preamble, which gives it its database and its settings, and is used
//! again for requests with the very same preamble, so that nothing of one request reaches another.
//! What a statement sets for itself ends with it. A statement that may do more than read or add rows
//! ends all of them: one may have used a database that is there no longer.

use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    exception::Exception,
    library::{Connection, Library, Parameters},
    rights,
};

/// How many connections wait. One costs less than a millisecond to make and some kilobytes to keep.
const IDLE: usize = 32;

/// A connection with the preamble that prepared it.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    preamble: String,
    /// The comment by which its queries are found among the running ones, unless its preamble has one.
    pub(crate) mark: String,
    /// The age of the pool it was made in.
    age: u64,
}

/// Makes sessions, and keeps those that can be used again.
pub(crate) struct Sessions {
    library: Library,
    path: String,
    made: AtomicU64,
    /// Grows when all sessions made so far become useless.
    age: AtomicU64,
    /// The one used last is last.
    idle: Mutex<Vec<Session>>,
}

impl Sessions {
    pub(crate) fn new(library: Library, path: String) -> Self {
        Self { library, path, made: AtomicU64::new(0), age: AtomicU64::new(0), idle: Mutex::new(Vec::new()) }
    }

    /// A session prepared by the preamble, which may be empty.
    pub(crate) fn take(&self, preamble: &str) -> Result<Session, Exception> {
        let idle = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let found = idle.iter().rposition(|session| session.preamble == preamble);
            found.map(|position| idle.remove(position))
        };
        match idle {
            Some(session) => Ok(session),
            None => self.make(preamble),
        }
    }

    /// Keeps a session for the next request with its preamble.
    pub(crate) fn give_back(&self, session: Session) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if session.age != self.age.load(Ordering::Acquire) {
            return;
        }
        let oldest = (idle.len() >= IDLE).then(|| idle.remove(0));
        idle.push(session);
        drop(idle);
        drop(oldest);
    }

    /// Lets no session be used again that was made before.
    pub(crate) fn clear(&self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        self.age.fetch_add(1, Ordering::Release);
        idle.clear();
    }

    fn make(&self, preamble: &str) -> Result<Session, Exception> {
        let age = self.age.load(Ordering::Acquire);
        let mark = format!("engine-{}", self.made.fetch_add(1, Ordering::Relaxed));
        let connection = self.library.connect(&arguments(&self.path, &mark));
        let mut connection =
            connection.ok_or_else(|| Exception::unavailable("The engine gives no connection"))?;
        if !preamble.is_empty() {
            connection.query(preamble.as_bytes(), "Null", &Parameters::default())?;
        }
        Ok(Session { connection, preamble: preamble.to_owned(), mark, age })
    }
}

/// The command line of a connection. Two settings make the library behave as ClickHouse's server does.
///
/// The first connection of the process reads the configuration, with the rights of all of them.
fn arguments(path: &str, mark: &str) -> Vec<String> {
    let configuration = rights::file(Path::new(path));
    vec![
        format!("--path={path}"),
        format!("--config-file={}", configuration.display()),
        "--implicit_select=0".to_owned(),
        "--allow_introspection_functions=0".to_owned(),
        format!("--log_comment={mark}"),
    ]
}

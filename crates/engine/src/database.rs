//! The open data directory, and who works on it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tracing::warn;

use crate::{
    Config,
    directory::Directory,
    error::EngineError,
    exception::Exception,
    format::Formats,
    library::{Connection, Library, Parameters},
    places::Places,
    query_state::QueryState,
    request::Request,
    rights,
    sessions::{Session, Sessions},
    sql::quote_text,
    threads::Threads,
};

/// How long closing waits for killed queries to end.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// The open data directory.
pub(crate) struct Database {
    formats: Formats,
    places: Places,
    threads: Threads,
    sessions: Arc<Sessions>,
    anchor: Mutex<Option<Anchor>>,
}

/// Keeps the data directory open between requests. Also kills queries.
struct Anchor {
    session: Session,
    /// Last, so that it is let go of when the data directory is closed.
    _directory: Directory,
}

/// Whether a job leaves its connection as it found it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaves {
    Unchanged,
    Changed,
}

impl Database {
    pub(crate) fn open(config: &Config) -> Result<Self, EngineError> {
        let Config { data, library, .. } = config;
        if !library.exists() {
            return Err(EngineError::LibraryMissing(library.clone()));
        }
        let directory = Directory::lock(data)?;
        let library = Library::load(library)
            .map_err(|source| EngineError::LibraryUnusable { library: library.clone(), source })?;
        // One more, for killing queries when all others are at work.
        let threads = Threads::new(Places::ALL + 1);
        let threads = threads.map_err(|source| EngineError::Directory { data: data.clone(), source })?;

        let failed = || EngineError::OpenFailed(data.clone());
        let path = std::path::absolute(data).ok().and_then(|path| path.into_os_string().into_string().ok());
        let path = path.ok_or_else(failed)?;
        rights::write(&path).map_err(|source| EngineError::Directory { data: data.clone(), source })?;
        let sessions = Sessions::new(library, path);
        let mut session = sessions.take("").map_err(|_| failed())?;
        let formats = Formats::load(&mut session.connection).map_err(|_| failed())?;
        Ok(Self {
            formats,
            places: Places::new(),
            threads,
            sessions: Arc::new(sessions),
            anchor: Mutex::new(Some(Anchor { session, _directory: directory })),
        })
    }

    pub(crate) fn formats(&self) -> &Formats {
        &self.formats
    }

    pub(crate) fn sessions(&self) -> Arc<Sessions> {
        Arc::clone(&self.sessions)
    }

    /// Runs the job on a thread, with a connection that the request has prepared, once there is a place.
    /// Returns when it is about to run; the job sends what it has to say by itself, and is dropped if the
    /// query is cancelled before.
    pub(crate) async fn spawn(
        &self,
        request: &Request,
        max_result_bytes: Option<usize>,
        query: QueryState,
        job: impl FnOnce(Result<&mut Connection, Exception>) -> Leaves + Send + 'static,
    ) -> Result<(), Exception> {
        let place = self.places.take(&request.quota_key).await?;
        let sessions = Arc::clone(&self.sessions);
        let (preamble, comment) = (request.preamble(max_result_bytes), request.comment().map(str::to_owned));
        // A query id is not used again, nor is a session with its comment.
        let kept = comment.is_none();
        self.threads.run(move || {
            match sessions.take(&preamble) {
                Ok(mut session) => {
                    if query.begin(comment.as_ref().unwrap_or(&session.mark)) {
                        let leaves = job(Ok(&mut session.connection));
                        query.end();
                        if kept && leaves == Leaves::Unchanged {
                            sessions.give_back(session);
                        }
                    }
                }
                Err(exception) => {
                    job(Err(exception));
                }
            }
            drop(place);
        });
        Ok(())
    }

    /// Runs what must not wait for a place.
    pub(crate) fn aside(&self, job: impl FnOnce() + Send + 'static) {
        self.threads.run(job);
    }

    /// Cancels the running queries with this comment.
    pub(crate) fn kill(&self, mark: &str) {
        self.administer(&format!("KILL QUERY WHERE Settings['log_comment'] = {}", quote_text(mark)));
    }

    fn administer(&self, sql: &str) {
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(anchor) = anchor.as_mut()
            && let Err(exception) =
                anchor.session.connection.query(sql.as_bytes(), "Null", &Parameters::default())
        {
            warn!(error = exception.text, "could not kill queries");
        }
    }

    /// Closes the data directory. Queries that are still running are killed.
    pub(crate) async fn close(&self) -> Result<(), EngineError> {
        if !self.places.close(Duration::ZERO).await {
            self.administer("KILL QUERY WHERE 1");
            if !self.places.close(KILL_PATIENCE).await {
                return Err(EngineError::StillRunning);
            }
        }
        self.sessions.clear();
        drop(self.anchor.lock().unwrap_or_else(PoisonError::into_inner).take());
        Ok(())
    }
}

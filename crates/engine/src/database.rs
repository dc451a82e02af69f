//! The open data directory, and who works on it. Each request gets a connection of its own.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Semaphore, time::timeout};
use tracing::warn;

use crate::{
    Config,
    directory::Directory,
    error::EngineError,
    exception::Exception,
    format::Formats,
    library::{Connection, Library, Parameters},
    sql::quote_text,
    threads::Threads,
};

/// How many requests are carried out at a time; more wait.
const PERMITS: u32 = 64;

/// How long closing waits for killed queries to end.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// The open data directory.
pub(crate) struct Database {
    library: Library,
    path: String,
    formats: Formats,
    permits: Arc<Semaphore>,
    threads: Threads,
    /// Keeps the data directory open between requests. Also carries out what must not wait for a permit.
    anchor: Mutex<Option<Connection>>,
    /// Last, so that it is let go of when the data directory is closed.
    _directory: Directory,
}

impl Database {
    pub(crate) fn open(config: &Config) -> Result<Self, EngineError> {
        let Config { data, library } = config;
        if !library.exists() {
            return Err(EngineError::LibraryMissing(library.clone()));
        }
        let directory = Directory::lock(data)?;
        let library = Library::load(library)
            .map_err(|source| EngineError::LibraryUnusable { library: library.clone(), source })?;

        // One more, for killing queries when all are at work.
        let threads = Threads::new(PERMITS as usize + 1);
        let threads = threads.map_err(|source| EngineError::Directory { data: data.clone(), source })?;

        let failed = || EngineError::OpenFailed(data.clone());
        let path = std::path::absolute(data).ok().and_then(|path| path.into_os_string().into_string().ok());
        let path = path.ok_or_else(failed)?;
        let mut anchor = library.connect(&arguments(&path, "")).ok_or_else(failed)?;
        let formats = Formats::load(&mut anchor).map_err(|_| failed())?;
        Ok(Self {
            library,
            path,
            formats,
            permits: Arc::new(Semaphore::new(PERMITS as usize)),
            threads,
            anchor: Mutex::new(Some(anchor)),
            _directory: directory,
        })
    }

    pub(crate) fn formats(&self) -> &Formats {
        &self.formats
    }

    /// Runs the job on a thread and a connection of its own, once there is a permit. Returns when the job
    /// has begun; the job sends what it has to say by itself, and is dropped where it can't begin.
    pub(crate) async fn spawn(
        &self,
        query_id: &str,
        job: impl FnOnce(&mut Connection) + Send + 'static,
    ) -> Result<(), Exception> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| Exception::unavailable("The engine is closing"))?;
        let (library, arguments) = (self.library, arguments(&self.path, query_id));
        self.threads.run(move || {
            if let Some(mut connection) = library.connect(&arguments) {
                job(&mut connection);
            }
            drop(permit);
        });
        Ok(())
    }

    /// Cancels the running queries that were spawned with this id.
    fn kill(&self, query_id: &str) {
        self.administer(&format!("KILL QUERY WHERE Settings['log_comment'] = {}", quote_text(query_id)));
    }

    fn administer(&self, sql: &str) {
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(anchor) = anchor.as_mut()
            && let Err(exception) = anchor.query(sql.as_bytes(), "Null", &Parameters::default())
        {
            warn!(error = exception.text, "could not kill queries");
        }
    }

    /// Closes the data directory. Queries that are still running are killed.
    pub(crate) async fn close(&self) -> Result<(), EngineError> {
        let all = timeout(Duration::ZERO, self.permits.acquire_many(PERMITS)).await;
        if all.is_err() {
            self.administer("KILL QUERY WHERE 1");
            let all = timeout(KILL_PATIENCE, self.permits.acquire_many(PERMITS)).await;
            all.map_err(|_| EngineError::StillRunning)?.map(drop).ok();
        }
        self.permits.close();
        drop(self.anchor.lock().unwrap_or_else(PoisonError::into_inner).take());
        Ok(())
    }
}

/// Cancels a query when dropped, unless it was disarmed. It is dropped armed when the client goes away
/// before its answer.
pub(crate) struct KillOnDrop {
    database: Arc<Database>,
    query_id: Option<String>,
}

impl KillOnDrop {
    pub(crate) fn new(database: Arc<Database>, query_id: &str) -> Self {
        Self { database, query_id: Some(query_id.to_owned()) }
    }

    /// The query has ended, or is to go on whatever happens.
    pub(crate) fn disarm(&mut self) {
        self.query_id = None;
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(query_id) = self.query_id.take() {
            let database = Arc::clone(&self.database);
            self.database.threads.run(move || database.kill(&query_id));
        }
    }
}

/// The command line of a connection. Two settings make the library behave as ClickHouse's server does; the
/// comment finds the connection's queries again among the running ones.
///
/// A configuration file is named so that the library does not look for `config.xml` in the working
/// directory. It need not exist.
fn arguments(path: &str, query_id: &str) -> Vec<String> {
    let configuration = Path::new(path).join("engine.xml");
    vec![
        format!("--path={path}"),
        format!("--config-file={}", configuration.display()),
        "--implicit_select=0".to_owned(),
        "--allow_introspection_functions=0".to_owned(),
        format!("--log_comment={query_id}"),
    ]
}

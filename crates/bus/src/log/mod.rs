//! The embedded log: Kafka's meaning in one SQLite file of this process, for the standalone.
//!
//! Appends, commits and new topics wait in a `queue` for the one `writer` thread, which writes
//! whatever waits as one transaction and answers after its sync. Each source has a thread and a
//! connection of its own; a `wakeup` wakes them when something was appended.

mod atomic;
mod file;
mod follow;
mod headers;
mod options;
mod positions;
mod producer;
mod queue;
mod range;
mod reader;
mod retention;
mod topics;
mod wakeup;
mod writer;

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use rusqlite::Connection;

use crate::budget::Budget;
use crate::locked;
use crate::{BusError, Topic};
use queue::{Change, Queue, Request};
use wakeup::Wakeup;
use writer::Writer;

pub use atomic::AtomicProducer;
pub(crate) use follow::follow;
pub use options::Options;
pub use positions::Positions;
pub use producer::Producer;
pub(crate) use range::{ChunkReader, read_range};
pub use reader::{Reader, source};
pub(crate) use wakeup::WakeOnDrop;

/// An open log. It ends with [`Log::close`], or with its last clone, producer and source.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    path: PathBuf,
    queue: Queue,
    wakeup: Arc<Wakeup>,
    /// For whoever asks for positions.
    reads: Arc<Mutex<Connection>>,
    members: Members,
}

/// Topic and group of each source that lives.
type Members = Arc<Mutex<HashSet<(String, String)>>>;

impl Log {
    /// Opens the log in the file `path`, which is made if it is missing (its folder is not), and
    /// recovers what was acknowledged before a crash. Blocks. Refused while another process, or
    /// another `Log`, has it open.
    pub fn open(path: &Path, options: Options) -> Result<Self, BusError> {
        let lock = file::lock(path)?;
        let connection = file::open(path)?;
        let reads = file::open_to_read(path)?;
        let wakeup = Arc::new(Wakeup::default());
        let budget = Arc::new(Budget::new(options.max_queued_bytes.max(1)));
        let (sender, receiver) = mpsc::channel();
        let queue = Queue::new(sender, Arc::clone(&budget), options.delivery_timeout);
        let members = Members::default();
        let writer = Writer::new(connection, path, options, Arc::clone(&wakeup), budget, members.clone());
        thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || serve(writer, &receiver, &lock))
            .map_err(|error| BusError::unavailable("starting the log's writer", error))?;
        Ok(Self(Arc::new(Shared {
            path: path.to_owned(),
            queue,
            wakeup,
            reads: Arc::new(Mutex::new(reads)),
            members,
        })))
    }

    /// Creates the topic if it is missing; refuses one that has fewer partitions than its schedule names.
    pub async fn ensure_topic(&self, topic: &Topic) -> Result<(), BusError> {
        let change = Change::EnsureTopic {
            name: topic.name.clone(),
            partitions: topic.schedule.partitions(),
            keep: topic.keep,
        };
        self.0.queue.change("creating a topic", change).await
    }

    /// Whether there is such a topic.
    pub async fn has_topic(&self, topic: &Topic) -> Result<bool, BusError> {
        Positions::new(self, topic, "").exists().await
    }

    /// Writes what was sent before, moves everything into the one file and gives it free for others.
    /// Sources end; what is sent afterwards is refused as unavailable.
    pub async fn close(self) -> Result<(), BusError> {
        self.0.queue.close().await
    }
}

/// The writer thread.
fn serve(writer: Writer, requests: &mpsc::Receiver<Request>, lock: &File) {
    let closing = writer.run(requests);
    // Not left to the drop: a child process that is just being started holds a copy of the handle.
    if let Err(error) = lock.unlock() {
        tracing::warn!(%error, "the log's lock could not be released");
    }
    if let Some(reply) = closing {
        let _ = reply.send(Ok(()));
    }
}

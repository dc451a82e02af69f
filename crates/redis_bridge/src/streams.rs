//! Reads streams as a member of a group. An entry is acknowledged once its event is on the topic; what another
//! member has read and not acknowledged for a while is claimed.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, Cmd, RedisError, RedisResult, Value, cmd};
use runtime::retry;
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::client::connect;
use crate::delivery::{BATCHES, Delivery};
use crate::entry_sizes::EntrySizes;
use crate::message::{Message, Place};
use crate::reply::Claimed;
use crate::{Config, Metrics, reply};

/// What does not work while no streams are read.
pub(crate) const PART: &str = "streams";
/// How long Redis waits for entries before it answers that there are none, in milliseconds: half the time that it may
/// be silent if that is less. Shutdown waits for as long.
const BLOCK_MS: u64 = 500;
/// What a group begins with: all that is in the stream.
const BEGINNING: &str = "0";
/// Behind this are the entries that no member has read.
const NEW: &str = ">";
/// Behind this is no entry that this member has read.
const NO_ENTRY: &str = "18446744073709551615-0";
const NO_MORE: &[u8] = b"0-0";
/// How long it takes until the streams are opened again: a Redis that is there may refuse what it is asked, every time.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

pub(crate) struct Streams {
    pub(crate) client: Client,
    pub(crate) config: Config,
    pub(crate) member: String,
    pub(crate) delivery: Arc<Delivery>,
    pub(crate) status: Status,
    pub(crate) metrics: Metrics,
}

/// Two connections: one waits for entries, the other is free for everything else.
struct Session {
    reader: MultiplexedConnection,
    commands: MultiplexedConnection,
    names: Vec<Arc<str>>,
    /// Batches that are being delivered and acknowledged; each ends with its bytes.
    batches: JoinSet<RedisResult<usize>>,
    bytes: usize,
    sizes: EntrySizes,
    claim_at: Instant,
}

impl Streams {
    /// Reads until `shutdown`, then returns once all that was read is acknowledged.
    pub(crate) async fn run(self, shutdown: &Shutdown) {
        loop {
            let opening = retry::watched(
                &self.status,
                PART,
                "opening the streams",
                |_: &RedisError| true,
                || self.open(),
            );
            let session = tokio::select! {
                session = opening => session,
                () = shutdown.cancelled() => return,
            };
            let Ok(mut session) = session else { return };
            tracing::info!(streams = self.config.streams, group = self.config.group, "reading streams");
            match self.read(&mut session, shutdown).await {
                Ok(()) => return self.drain(session).await,
                Err(error) => {
                    tracing::warn!(%error, "the connection for streams is lost");
                    self.status.trouble(PART, error.to_string());
                    self.metrics.reconnects.inc();
                }
            }
            tokio::select! {
                () = sleep(AGAIN_AFTER) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Connects, and makes the group where there is none.
    async fn open(&self) -> RedisResult<Session> {
        let silence = self.config.silence();
        let mut reader = connect(&self.client, silence).await?;
        let mut commands = connect(&self.client, silence).await?;
        let names: Vec<Arc<str>> = self.config.streams().into_iter().map(Into::into).collect();
        for name in &names {
            let mut create = cmd("XGROUP");
            create.arg("CREATE").arg(&**name).arg(&self.config.group).arg(BEGINNING).arg("MKSTREAM");
            match create.exec_async(&mut commands).await {
                Err(error) if error.code() == Some("BUSYGROUP") => {}
                created => created?,
            }
        }
        // Brings nothing, and fails if this user may not read: streams that are not read are not ready.
        self.read_group(&names, NO_ENTRY, 1).exec_async(&mut reader).await?;
        let (batches, sizes) = (JoinSet::new(), EntrySizes::new(&names));
        Ok(Session { reader, commands, names, batches, bytes: 0, sizes, claim_at: Instant::now() })
    }

    /// Reads and claims until `shutdown`. Nothing is read that there is no room for: a stream keeps it.
    async fn read(&self, session: &mut Session, shutdown: &Shutdown) -> RedisResult<()> {
        while !shutdown.is_cancelled() {
            let room = session.room(self.config.queue_bytes);
            tokio::select! {
                room = room => room?,
                () = shutdown.cancelled() => break,
            }
            if session.claim_at <= Instant::now() {
                // What this process has in hand is pending too, and would be claimed while Kafka is away.
                tokio::select! {
                    delivered = session.delivered() => delivered?,
                    () = shutdown.cancelled() => break,
                }
                self.claim(session, shutdown).await?;
                session.claim_at = Instant::now() + self.config.claim_idle() / 2;
            }
            // Never cut off: what Redis has answered would be left pending.
            let read = self.read_group(&session.names, NEW, session.sizes.count());
            let answer = read.query_async(&mut session.reader).await?;
            session.sizes.fade();
            for (name, entries) in reply::streams(answer) {
                if let Some(stream) = session.names.iter().find(|known| known.as_bytes() == name).cloned() {
                    self.deliver(session, &stream, entries);
                }
            }
        }
        Ok(())
    }

    /// Asks for so many entries of each stream, behind an id.
    fn read_group(&self, names: &[Arc<str>], behind: &str, count: usize) -> Cmd {
        // 0 would be for ever.
        let block_ms = BLOCK_MS.min(self.config.silence_ms / 2).max(1);
        let mut command = cmd("XREADGROUP");
        command.arg("GROUP").arg(&self.config.group).arg(&self.member);
        command.arg("COUNT").arg(count).arg("BLOCK").arg(block_ms).arg("STREAMS");
        for name in names {
            command.arg(&**name);
        }
        for _ in names {
            command.arg(behind);
        }
        command
    }

    /// Claims what members left behind, page by page while there is room.
    async fn claim(&self, session: &mut Session, shutdown: &Shutdown) -> RedisResult<()> {
        let idle_ms = u64::try_from(self.config.claim_idle().as_millis()).unwrap_or(u64::MAX);
        for stream in session.names.clone() {
            let mut cursor = NO_MORE.to_vec();
            loop {
                let mut command = cmd("XAUTOCLAIM");
                command.arg(&*stream).arg(&self.config.group).arg(&self.member).arg(idle_ms).arg(&cursor);
                command.arg("COUNT").arg(session.sizes.count());
                let answer: Value = command.query_async(&mut session.commands).await?;
                let Some(Claimed { next, entries, removed }) = reply::claimed(answer) else { break };
                if removed > 0 {
                    tracing::error!(
                        stream = &*stream,
                        entries = removed,
                        "entries were removed from the stream before they were acknowledged"
                    );
                    self.metrics.removed.inc_by(u64::try_from(removed).unwrap_or_default());
                }
                if !entries.is_empty() {
                    tracing::info!(
                        stream = &*stream,
                        entries = entries.len(),
                        "claimed entries that were left pending"
                    );
                    self.metrics.claimed.inc_by(u64::try_from(entries.len()).unwrap_or_default());
                    self.deliver(session, &stream, entries);
                }
                cursor = next;
                if cursor == NO_MORE {
                    break;
                }
                let room = session.room(self.config.queue_bytes);
                tokio::select! {
                    room = room => room?,
                    () = shutdown.cancelled() => return Ok(()),
                }
            }
        }
        Ok(())
    }

    /// Sends a batch on its way.
    fn deliver(&self, session: &mut Session, stream: &Arc<str>, entries: Vec<Value>) {
        let messages: Vec<_> =
            entries.into_iter().filter_map(|entry| reply::message(stream, entry)).collect();
        if messages.is_empty() {
            return;
        }
        let bytes: usize = messages.iter().map(Message::bytes).sum();
        session.bytes += bytes;
        session.sizes.note(stream, messages.len(), bytes);
        let (delivery, mut commands) = (Arc::clone(&self.delivery), session.commands.clone());
        let mut ack = cmd("XACK");
        ack.arg(&**stream).arg(&self.config.group);
        session.batches.spawn(async move {
            // What is not delivered stays pending.
            if delivery.deliver(&messages).await.is_ok() {
                for message in &messages {
                    if let Place::Stream(_, id) = &message.place {
                        ack.arg(id);
                    }
                }
                ack.exec_async(&mut commands).await?;
            }
            Ok(bytes)
        });
    }

    /// Waits for the batches that are on their way.
    async fn drain(&self, mut session: Session) {
        while let Some(done) = session.batches.join_next().await {
            if let Ok(Err(error)) = done {
                tracing::warn!(%error, "entries could not be acknowledged and will be read again");
            }
        }
    }
}

impl Session {
    /// Returns when there is room for more batches. An error is one of an acknowledgement.
    async fn room(&mut self, most: usize) -> RedisResult<()> {
        while let Some(done) = self.batches.try_join_next() {
            self.bytes -= finished(done)?;
        }
        while self.batches.len() >= BATCHES || self.bytes >= most {
            let Some(done) = self.batches.join_next().await else { break };
            self.bytes -= finished(done)?;
        }
        Ok(())
    }

    /// Returns when no batch is on its way. An error is one of an acknowledgement.
    async fn delivered(&mut self) -> RedisResult<()> {
        while let Some(done) = self.batches.join_next().await {
            self.bytes -= finished(done)?;
        }
        Ok(())
    }
}

fn finished(done: Result<RedisResult<usize>, tokio::task::JoinError>) -> RedisResult<usize> {
    done.unwrap_or_else(|error| Err(std::io::Error::other(error).into()))
}

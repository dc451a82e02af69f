//! What waits for the writer, and the answers to it.

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use crate::budget::Budget;
use crate::{BusError, Keep, Offsets, Record, SendError, Written};

const CLOSED: &str = "the log is closed";

/// How long a change may take.
const CHANGE_WITHIN: Duration = Duration::from_secs(5);

/// How long the end may take: all that waits, and what the write-ahead log holds.
const CLOSE_WITHIN: Duration = Duration::from_secs(20);

/// The most that one transaction writes, in bytes: what waits behind it waits for its sync.
const MAX_TRANSACTION_BYTES: usize = 4 << 20;

/// What a waiting record takes beside its own bytes, more or less.
const REQUEST_BYTES: usize = size_of::<Request>() + 128;

pub(super) enum Request {
    Append(Append, Reply<Written, SendError>),
    Change(Change, Reply<(), BusError>),
    Close(Reply<(), BusError>),
}

pub(super) type Reply<T, E> = oneshot::Sender<Result<T, E>>;

/// The answer to an append.
pub(super) type Sent = oneshot::Receiver<Result<Written, SendError>>;

pub(super) struct Append {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) record: Record,
}

/// What is written beside records.
pub(super) enum Change {
    EnsureTopic {
        name: String,
        partitions: u16,
        keep: Keep,
    },
    Commit {
        topic: String,
        group: String,
        offsets: Offsets,
    },
    /// Appends all of these records or none.
    Append(Vec<Append>),
}

/// The callers' end of the queue.
#[derive(Clone)]
pub(super) struct Queue {
    requests: Sender<Request>,
    budget: Arc<Budget>,
    limit: Duration,
}

impl Queue {
    pub(super) fn new(requests: Sender<Request>, budget: Arc<Budget>, limit: Duration) -> Self {
        Self { requests, budget, limit }
    }

    /// Puts the record in the queue.
    pub(super) fn append(&self, append: Append) -> Result<Sent, SendError> {
        if self.budget.is_full() {
            return Err(SendError::Full);
        }
        let (reply, answer) = oneshot::channel();
        self.budget.take(append.bytes());
        self.put(Request::Append(append, reply)).map_err(SendError::Unavailable)?;
        Ok(answer)
    }

    /// When what is put in the queue now has to be written.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.limit
    }

    /// Waits until the record is written.
    pub(super) async fn outcome(&self, sent: Sent, deadline: Instant) -> Result<Written, SendError> {
        match timeout_at(deadline, sent).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(SendError::Unavailable(CLOSED.to_owned()))),
            Err(_) => Err(SendError::Unavailable(late(self.limit))),
        }
    }

    /// Waits until the change is written; `what` is what it is for whom it concerns.
    pub(super) async fn change(&self, what: &'static str, change: Change) -> Result<(), BusError> {
        let (reply, answer) = oneshot::channel();
        self.put(Request::Change(change, reply)).map_err(|reason| BusError::unavailable(what, reason))?;
        wait(answer, CHANGE_WITHIN).await.unwrap_or_else(|reason| Err(BusError::unavailable(what, reason)))
    }

    /// Waits until everything that was queued before is written and the file is closed.
    pub(super) async fn close(&self) -> Result<(), BusError> {
        let (reply, answer) = oneshot::channel();
        if self.put(Request::Close(reply)).is_err() {
            return Ok(());
        }
        wait(answer, CLOSE_WITHIN)
            .await
            .unwrap_or_else(|reason| Err(BusError::unavailable("closing the log", reason)))
    }

    fn put(&self, request: Request) -> Result<(), String> {
        self.requests.send(request).map_err(|_| CLOSED.to_owned())
    }
}

async fn wait<T>(answer: oneshot::Receiver<T>, limit: Duration) -> Result<T, String> {
    match timeout(limit, answer).await {
        Ok(answer) => answer.map_err(|_| CLOSED.to_owned()),
        Err(_) => Err(late(limit)),
    }
}

fn late(limit: Duration) -> String {
    format!("not written within {limit:?}")
}

impl Append {
    fn bytes(&self) -> usize {
        self.record.bytes() + REQUEST_BYTES
    }
}

/// What one transaction writes. Changes go first; nobody may count on an order between them and
/// records that wait at the same time.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) changes: Vec<Change>,
    pub(super) appends: Vec<Append>,
    pub(super) bytes: usize,
    /// Whoever wants the log closed after this.
    pub(super) closing: Option<Reply<(), BusError>>,
    change_replies: Vec<Reply<(), BusError>>,
    append_replies: Vec<Reply<Written, SendError>>,
}

/// For each change and each append whether it could be done.
pub(super) struct Outcomes {
    pub(super) changes: Vec<Result<(), BusError>>,
    pub(super) appends: Vec<Result<Written, SendError>>,
}

impl Batch {
    /// Waits for a request and takes those that wait behind it. `None` when none will come.
    pub(super) fn collect(requests: &Receiver<Request>, patience: Duration) -> Option<Self> {
        let mut batch = Self::default();
        match requests.recv_timeout(patience) {
            Ok(request) => batch.push(request),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return None,
        }
        while batch.bytes < MAX_TRANSACTION_BYTES && batch.closing.is_none() {
            match requests.try_recv() {
                Ok(request) => batch.push(request),
                Err(_) => break,
            }
        }
        Some(batch)
    }

    fn push(&mut self, request: Request) {
        match request {
            Request::Append(append, reply) => {
                self.bytes += append.bytes();
                self.appends.push(append);
                self.append_replies.push(reply);
            }
            Request::Change(change, reply) => {
                self.changes.push(change);
                self.change_replies.push(reply);
            }
            Request::Close(reply) => self.closing = Some(reply),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.appends.is_empty()
    }

    /// Whether there may be something new to read afterwards.
    pub(super) fn has_records(&self) -> bool {
        let appends = |change: &Change| matches!(change, Change::Append(_));
        !self.appends.is_empty() || self.changes.iter().any(appends)
    }

    /// Answers everyone with what was done, or with why nothing was.
    pub(super) fn answer(self, outcomes: Result<Outcomes, String>) {
        match outcomes {
            Ok(outcomes) => {
                for (reply, outcome) in self.change_replies.into_iter().zip(outcomes.changes) {
                    let _ = reply.send(outcome);
                }
                for (reply, outcome) in self.append_replies.into_iter().zip(outcomes.appends) {
                    let _ = reply.send(outcome);
                }
            }
            Err(reason) => {
                for reply in self.change_replies {
                    let _ = reply.send(Err(BusError::unavailable("writing to the log", &reason)));
                }
                for reply in self.append_replies {
                    let _ = reply.send(Err(SendError::Unavailable(reason.clone())));
                }
            }
        }
    }
}

//! The shop sent through the API. Sending it again is safe: creates name their ids, changes their
//! `Idempotency-Key`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail, ensure};
use shop::number::mix;
use shop::{Action, Operation};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::answers::{self, Verdict};
use crate::dialect::Dialect;
use crate::http::{Connection, Head, Target};
use crate::retry::Retries;

/// A batch has so many creates, or so many bytes, or one create more.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 2 << 20;

/// Connections that are used one request after the other each.
pub(super) struct Sender {
    connections: Vec<Connection>,
    native: Head,
    segment: Head,
    update: Head,
    delete: Head,
}

/// What one request says, and how its answer is read.
struct Request {
    bytes: Vec<u8>,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Creates(Dialect),
    Change,
}

impl Sender {
    /// With so many connections.
    pub(super) async fn open(target: &Target, concurrency: u16) -> anyhow::Result<Self> {
        let connections = Connection::open_many(target.address(), concurrency).await;
        Ok(Self {
            connections: connections.with_context(|| format!("connecting to {}", target.address()))?,
            native: target.head("POST", Dialect::Native.path(true)),
            segment: target.head("POST", Dialect::Segment.path(true)),
            update: target.head("PUT", "/event/"),
            delete: target.head("DELETE", "/event/"),
        })
    }

    /// Returns once all of them are accepted; an error if one is refused. An event's own operations are sent one
    /// after the other.
    pub(super) async fn send(&mut self, operations: Vec<Operation>) -> anyhow::Result<()> {
        let (mut native, mut segment) = (Vec::new(), Vec::new());
        // The changes by how many others of the same event come before.
        let mut rounds: Vec<Vec<Request>> = Vec::new();
        let mut before: BTreeMap<Uuid, usize> = BTreeMap::new();
        for Operation { at, id, action } in operations {
            let (head, body) = match &action {
                Action::Create(event) => {
                    native.push(event.clone());
                    continue;
                }
                Action::Track(message) => {
                    segment.push(message.clone());
                    continue;
                }
                Action::Update(changes) => (&self.update, changes.as_str()),
                Action::Delete => (&self.delete, ""),
            };
            let round = before.entry(id).and_modify(|before| *before += 1).or_default();
            if rounds.len() <= *round {
                rounds.resize_with(*round + 1, Vec::new);
            }
            if let Some(round) = rounds.get_mut(*round) {
                round.push(change(head, at, id, body));
            }
        }
        let mut creates = batches(&self.native, Dialect::Native, &native);
        creates.extend(batches(&self.segment, Dialect::Segment, &segment));
        self.deliver(creates).await?;
        for round in rounds {
            self.deliver(round).await?;
        }
        Ok(())
    }

    /// Over all connections at once.
    async fn deliver(&mut self, requests: Vec<Request>) -> anyhow::Result<()> {
        let left = Arc::new(Mutex::new(requests));
        let mut callers = JoinSet::new();
        for connection in self.connections.drain(..) {
            callers.spawn(call(connection, Arc::clone(&left)));
        }
        for ended in callers.join_all().await {
            self.connections.push(ended?);
        }
        Ok(())
    }
}

async fn call(mut connection: Connection, left: Arc<Mutex<Vec<Request>>>) -> anyhow::Result<Connection> {
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop();
    while let Some(Request { bytes, kind }) = next() {
        let mut retries = Retries::new();
        loop {
            let verdict = match connection.call(&bytes).await {
                Ok(answer) => match kind {
                    Kind::Creates(dialect) => dialect.verdict(&answer, true),
                    Kind::Change => answers::single(&answer),
                },
                Err(error) => Verdict::Again(error.kind().to_owned()),
            };
            let why = match verdict {
                Verdict::Accepted => break,
                Verdict::Again(why) => {
                    ensure!(retries.pause().await, "gave up: {why}");
                    continue;
                }
                Verdict::Refused(why) => why,
                Verdict::InPart(refused) => {
                    refused.into_iter().map(|(_, why)| why).next().unwrap_or_default()
                }
            };
            bail!("refused: {why} (the installation must take any name: EVENT_NAMES='*')");
        }
    }
    Ok(connection)
}

fn change(head: &Head, at: i64, id: Uuid, body: &str) -> Request {
    // The same whenever the same shop is made, and another for each change of an event.
    let key = format!("idempotency-key: {:016x}\r\n", mix(at.cast_unsigned() ^ id.as_u64_pair().1));
    let mut bytes = Vec::new();
    head.write_with(&key, &id.to_string(), body.as_bytes(), &mut bytes);
    Request { bytes, kind: Kind::Change }
}

/// The creates in as few requests as their bounds allow.
fn batches(head: &Head, dialect: Dialect, creates: &[String]) -> Vec<Request> {
    let open = if dialect == Dialect::Native { r#"{"events":["# } else { r#"{"batch":["# };
    let mut requests = Vec::new();
    let mut body = open.to_owned();
    let mut count = 0;
    for (place, create) in creates.iter().enumerate() {
        body.push_str(create);
        count += 1;
        if count < BATCH && body.len() < BATCH_BYTES && place + 1 < creates.len() {
            body.push(',');
            continue;
        }
        body.push_str("]}");
        let mut bytes = Vec::new();
        head.write("", body.as_bytes(), &mut bytes);
        requests.push(Request { bytes, kind: Kind::Creates(dialect) });
        (body, count) = (open.to_owned(), 0);
    }
    requests
}

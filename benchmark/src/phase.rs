//! One phase of a run: all operations of one kind, over as many connections as there are callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::answers::{self, Verdict};
use crate::http::{Answer, Connection, Head, Target};
use crate::plan::{Kind, Plan};
use crate::retry::Retries;
use crate::tally::Tally;

/// How operations are sent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Events per request. Only creates can go together.
    pub batch: u64,
    /// Operations a second, whatever the answers take; without it each caller goes on once it is answered.
    pub rate: Option<f64>,
}

/// A phase while it runs and afterwards.
#[derive(Debug)]
pub struct Phase {
    plan: Arc<Plan>,
    kind: Kind,
    batch: u64,
    rate: Option<f64>,
    head: Head,
    begin: Instant,
    next: AtomicU64,
    tally: Mutex<Tally>,
}

/// The operations of one request.
struct Turn {
    first: u64,
    count: u64,
    /// When it is to be sent.
    due: Option<Instant>,
}

impl Phase {
    /// Begins now.
    pub fn new(plan: &Arc<Plan>, kind: Kind, target: &Target, pace: Pace) -> Arc<Self> {
        let batch = if kind == Kind::Insert { pace.batch.max(1) } else { 1 };
        let head = match kind {
            Kind::Insert => target.head("POST", plan.dialect().path(batch > 1)),
            Kind::Update => target.head("PUT", "/event/"),
            Kind::Delete => target.head("DELETE", "/event/"),
        };
        Arc::new(Self {
            plan: Arc::clone(plan),
            kind,
            batch,
            rate: pace.rate,
            head,
            begin: Instant::now(),
            next: AtomicU64::new(0),
            tally: Mutex::default(),
        })
    }

    /// Sends everything; gives the connections back for the next phase.
    pub async fn run(self: &Arc<Self>, connections: Vec<Connection>) -> Vec<Connection> {
        let mut callers = JoinSet::new();
        for connection in connections {
            callers.spawn(Arc::clone(self).call(connection));
        }
        callers.join_all().await
    }

    /// What was counted so far.
    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the phase began.
    pub fn begin(&self) -> Instant {
        self.begin
    }

    async fn call(self: Arc<Self>, mut connection: Connection) -> Connection {
        let (mut body, mut request) = (String::new(), Vec::new());
        while let Some(turn) = self.take() {
            self.write(&turn, &mut body, &mut request);
            if let Some(due) = turn.due {
                sleep_until(due).await;
            }
            self.complete(&mut connection, &request, &turn).await;
        }
        connection
    }

    /// The next operations that nobody has taken.
    fn take(&self) -> Option<Turn> {
        let first = self.next.fetch_add(self.batch, Ordering::Relaxed);
        let left = self.plan.sizes().count(self.kind).checked_sub(first).filter(|left| *left > 0)?;
        let due =
            self.rate.map(|rate| self.begin + Duration::from_secs_f64(crate::number::float(first) / rate));
        Some(Turn { first, count: left.min(self.batch), due })
    }

    fn events(&self, turn: &Turn) -> impl Iterator<Item = u64> {
        (turn.first..turn.first + turn.count).map(|number| self.plan.target(self.kind, number))
    }

    fn write(&self, turn: &Turn, body: &mut String, request: &mut Vec<u8>) {
        body.clear();
        match self.kind {
            Kind::Insert if self.batch > 1 => self.plan.batch(self.events(turn), body),
            Kind::Insert => self.plan.create(turn.first, body),
            Kind::Update => self.plan.update(turn.first, body),
            Kind::Delete => {}
        }
        match self.kind {
            Kind::Insert => self.head.write("", body.as_bytes(), request),
            Kind::Update | Kind::Delete => {
                let id = self.plan.id(self.plan.target(self.kind, turn.first));
                let mut text = uuid::Uuid::encode_buffer();
                self.head.write(id.as_hyphenated().encode_lower(&mut text), body.as_bytes(), request);
            }
        }
    }

    /// Sends a request until it is accepted. Sending it again is safe: the ids are ours.
    async fn complete(&self, connection: &mut Connection, request: &[u8], turn: &Turn) {
        let mut retries = Retries::new();
        // With a rate an answer is late from when it was due, though the caller was still busy then.
        let begin = turn.due.unwrap_or(retries.first());
        loop {
            let verdict = match connection.call(request).await {
                Ok(answer) => self.verdict(&answer),
                Err(error) => Verdict::Again(error.kind().to_owned()),
            };
            let verdict = match verdict {
                Verdict::Again(kind) if retries.are_over() => Verdict::Refused(kind),
                verdict => verdict,
            };
            if self.settle(turn, verdict, begin) {
                return;
            }
            retries.pause().await;
        }
    }

    fn verdict(&self, answer: &Answer<'_>) -> Verdict {
        match self.kind {
            Kind::Insert => self.plan.dialect().verdict(answer, self.batch > 1),
            Kind::Update | Kind::Delete => answers::single(answer),
        }
    }

    /// Counts an answer; whether the turn is done with.
    fn settle(&self, turn: &Turn, verdict: Verdict, begin: Instant) -> bool {
        let now = Instant::now();
        let mut tally = self.tally();
        tally.requests += 1;
        match verdict {
            Verdict::Accepted => tally.accept(turn.count, now - begin, now - self.begin),
            Verdict::InPart(refused) => {
                let accepted = turn.count.saturating_sub(refused.len() as u64);
                tally.accept(accepted, now - begin, now - self.begin);
                for (place, kind) in refused {
                    tally.error(&kind);
                    tally.given_up.extend(self.events(turn).nth(place));
                }
            }
            Verdict::Refused(kind) => {
                tally.error(&kind);
                tally.given_up.extend(self.events(turn));
            }
            Verdict::Again(kind) => {
                tally.error(&kind);
                return false;
            }
        }
        true
    }
}

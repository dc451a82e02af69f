//! Whether what a run must have left behind is there: each event by its conversation, and some by their ids.

mod compare;
mod conversation;
mod lookup;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::task::JoinSet;

use crate::http::{Client, Target};
use crate::plan::Plan;

/// How many ask at once.
const READERS: usize = 4;
/// How many mismatches are described.
const EXAMPLES: usize = 20;

/// What was looked at, and what is not as it must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Conversations that were read to their end.
    pub conversations: u64,
    /// Events in them, each compared field by field.
    pub events: u64,
    /// Events, deleted ones too, that were looked up by their ids.
    pub looked_up: u64,
    /// How much is missing, too much or wrong.
    pub mismatches: u64,
    /// The first mismatches, in words.
    pub examples: Vec<String>,
}

impl Verification {
    /// Whether everything is as it must be.
    pub fn is_good(&self) -> bool {
        self.mismatches == 0
    }

    fn mismatch(&mut self, what: String) {
        self.mismatches += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(what);
        }
    }
}

/// Compares an installation with a plan.
pub struct Verifier {
    plan: Arc<Plan>,
    target: Target,
    /// Events whose last operation was given up: they may be there or not.
    unknown: HashSet<u64>,
    /// The next conversation that nobody has read.
    next: AtomicU64,
    found: Mutex<Verification>,
}

impl Verifier {
    /// `unknown` are events of which nothing can be said.
    pub fn new(plan: &Arc<Plan>, target: &Target, unknown: impl IntoIterator<Item = u64>) -> Arc<Self> {
        Arc::new(Self {
            plan: Arc::clone(plan),
            target: target.clone(),
            unknown: unknown.into_iter().collect(),
            next: AtomicU64::new(0),
            found: Mutex::default(),
        })
    }

    /// Reads everything, and looks up `sample` events of each kind (updated, deleted, others). An error
    /// means that it could not be read.
    pub async fn run(self: &Arc<Self>, sample: u64) -> anyhow::Result<Verification> {
        let mut readers = JoinSet::new();
        for _ in 0..READERS {
            readers.spawn(Arc::clone(self).read_conversations());
        }
        while let Some(reader) = readers.join_next().await {
            reader??;
        }
        self.look_up(&mut Client::new(&self.target), sample).await?;
        Ok(self.found())
    }

    /// What was found so far.
    pub fn found(&self) -> Verification {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, take_in: impl FnOnce(&mut Verification)) {
        take_in(&mut self.found.lock().unwrap_or_else(PoisonError::into_inner));
    }

    async fn read_conversations(self: Arc<Self>) -> anyhow::Result<()> {
        let mut client = Client::new(&self.target);
        loop {
            let conversation = self.next.fetch_add(1, Ordering::Relaxed);
            if conversation >= self.plan.conversations() {
                return Ok(());
            }
            self.read_conversation(&mut client, conversation).await?;
        }
    }
}

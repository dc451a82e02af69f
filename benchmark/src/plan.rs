//! What a run sends, and what must be there afterwards. All of it follows from a few numbers, so that
//! verifying a run needs no record of it.

use std::fmt::Write;

use model::{Tenant, Timestamp};
use serde_json::{Map, Value};
use shop::number::{mix, place};
use shop::text::Text;
use uuid::Uuid;

use crate::dialect::{Dialect, Draft};
use crate::number::float;
use crate::vectors::Vectors;

/// Ids are spread as if so many events came each millisecond.
const EVENTS_PER_MS: u64 = 20;
/// So many events in a row belong to so many conversations in turn.
const WINDOW: u64 = 100_000;
const CONVERSATIONS_PER_WINDOW: u64 = 20;

/// How many operations of what kind, and how large.
#[derive(Clone, Debug)]
pub struct Sizes {
    /// Events that are created.
    pub inserts: u64,
    /// How many of them, from the first on, are updated.
    pub updates: u64,
    /// How many of them, behind those, are deleted.
    pub deletes: u64,
    /// The bodies' sizes in bytes, taken in turn; what is below the size of an event without text is that.
    pub payload: Vec<usize>,
    /// Dimensions of the two embeddings; 0 for none.
    pub dimensions: usize,
}

/// All operations of one run. An event is known by its index: 0 to `inserts`.
#[derive(Clone, Debug)]
pub struct Plan {
    sizes: Sizes,
    names: Vec<String>,
    start: Timestamp,
    seed: u64,
    text: Text,
    vectors: Vectors,
    dialect: Dialect,
    tenant: Tenant,
}

/// What a run must leave behind of one event.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// An event with these fields.
    Live(Map<String, Value>),
    /// Nothing.
    Deleted,
}

impl Plan {
    /// `names` are event names that the installation allows; the seed tells runs apart. The creates are native
    /// ones.
    pub fn new(sizes: Sizes, names: Vec<String>, start: Timestamp, seed: u64) -> Self {
        let longest = sizes.payload.iter().copied().max().unwrap_or_default();
        let (text, vectors) = (Text::new(longest), Vectors::new(sizes.dimensions));
        let (dialect, tenant) = (Dialect::default(), Tenant::default());
        Self { sizes, names, start, seed, text, vectors, dialect, tenant }
    }

    /// The same with creates in this dialect; the ids of some depend on the tenant whose they are.
    #[must_use]
    pub fn speaking(self, dialect: Dialect, tenant: Tenant) -> Self {
        Self { dialect, tenant, ..self }
    }

    /// The dialect of the creates.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How much is sent.
    pub fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// The event's id.
    pub fn id(&self, index: u64) -> Uuid {
        self.dialect.id(self.random(index), self.time(index), &self.tenant)
    }

    /// Bits that no other event has.
    fn random(&self, index: u64) -> [u8; 16] {
        let [high, low] = [mix(self.seed ^ index), mix(self.seed.rotate_left(32) ^ index)];
        ((u128::from(high) << 64) | u128::from(low)).to_be_bytes()
    }

    /// When the event is said to have happened.
    fn time(&self, index: u64) -> Timestamp {
        let since = i64::try_from(index / EVENTS_PER_MS).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.start.millis().saturating_add(since)).unwrap_or(Timestamp::MAX)
    }

    /// Which conversation the event belongs to: 0 to [`Plan::conversations`].
    fn conversation_of(index: u64) -> u64 {
        index / WINDOW * CONVERSATIONS_PER_WINDOW + index % CONVERSATIONS_PER_WINDOW
    }

    /// How many conversations there are.
    pub fn conversations(&self) -> u64 {
        let full = self.sizes.inserts / WINDOW * CONVERSATIONS_PER_WINDOW;
        full + (self.sizes.inserts % WINDOW).min(CONVERSATIONS_PER_WINDOW)
    }

    /// The conversation's id.
    pub fn conversation_id(&self, conversation: u64) -> String {
        format!("bench-{:08x}-{conversation}", self.seed >> 32)
    }

    /// The events of a conversation, deleted ones too.
    pub fn members(&self, conversation: u64) -> impl Iterator<Item = u64> {
        let window = conversation / CONVERSATIONS_PER_WINDOW * WINDOW;
        let end = (window + WINDOW).min(self.sizes.inserts);
        (window + conversation % CONVERSATIONS_PER_WINDOW..end)
            .step_by(usize::try_from(CONVERSATIONS_PER_WINDOW).unwrap_or(usize::MAX))
    }

    /// Puts the JSON of creates that are sent together in the place of what is in `body`.
    pub(crate) fn batch(&self, events: impl Iterator<Item = u64>, body: &mut String) {
        body.clear();
        self.dialect.open(self.start, body);
        for index in events {
            self.create(index, body);
            body.push(',');
        }
        // The comma behind the last.
        body.pop();
        body.push_str(self.dialect.close());
    }

    /// Puts the JSON of a create behind what is in `body`.
    pub fn create(&self, index: u64, body: &mut String) {
        let sizes = &self.sizes;
        let size = sizes.payload.get(place(index, sizes.payload.len())).copied().unwrap_or_default();
        let text = size.saturating_sub(self.dialect.frame_bytes());
        let draft = Draft {
            random: self.random(index),
            at: self.time(index),
            conversation_id: self.conversation_id(Self::conversation_of(index)),
            event_name: self.names.get(place(index, self.names.len())).map_or("event_a", String::as_str),
            error: if index % 20 == 7 { "timeout" } else { "" },
            latency: float(index % 3_000) + 0.5,
            user: index % 10_000,
            input: self.text.piece(index, text / 3),
            output: self.text.piece(!index, text - text / 3),
            model: index % 4,
            tokens: index % 4_096,
            embeddings: (sizes.dimensions > 0)
                .then(|| [self.vectors.piece(index), self.vectors.piece(index / 7)]),
        };
        self.dialect.create(&draft, body);
    }

    /// Puts the JSON of an update behind what is in `body`.
    pub fn update(&self, index: u64, body: &mut String) {
        let _ = write!(
            body,
            r#"{{"error":"","latency":{}.25,"output":"now {}","tags":["updated"]}}"#,
            index % 700,
            self.text.piece(index ^ 1, 60),
        );
    }

    /// The event that the update or delete of this number goes to.
    pub fn target(&self, kind: Kind, number: u64) -> u64 {
        match kind {
            Kind::Insert | Kind::Update => number,
            Kind::Delete => self.sizes.updates + number,
        }
    }

    /// Whether nothing must be left of the event.
    pub fn is_deleted(&self, index: u64) -> bool {
        (self.sizes.updates..self.sizes.updates + self.sizes.deletes).contains(&index)
    }

    /// What must be left of the event.
    pub fn fate(&self, index: u64) -> Fate {
        let updated = index < self.sizes.updates;
        if self.is_deleted(index) {
            return Fate::Deleted;
        }
        let mut body = String::new();
        self.create(index, &mut body);
        let mut fields = self.dialect.fields(object(&body));
        if updated {
            body.clear();
            self.update(index, &mut body);
            fields.extend(object(&body));
        }
        fields.insert("id".into(), self.id(index).to_string().into());
        fields.insert("created_at".into(), self.time(index).to_string().into());
        Fate::Live(fields)
    }
}

/// What is done to events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `POST`
    Insert,
    /// `PUT`
    Update,
    /// `DELETE`
    Delete,
}

impl Kind {
    /// In the order in which they are done.
    pub const ALL: [Self; 3] = [Self::Insert, Self::Update, Self::Delete];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Insert => "inserts",
            Self::Update => "updates",
            Self::Delete => "deletes",
        }
    }
}

impl Sizes {
    /// How many operations of this kind.
    pub fn count(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Insert => self.inserts,
            Kind::Update => self.updates,
            Kind::Delete => self.deletes,
        }
    }
}

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests;

//! What a run sends, and what must be there afterwards. All of it follows from a few numbers, so that
//! verifying a run needs no record of it.

use std::fmt::Write;

use model::Timestamp;
use serde_json::{Map, Value};
use uuid::{Builder, Uuid};

use crate::number::{mix, place};
use crate::text::{Text, Vectors};

/// Ids are spread as if so many events came each millisecond.
const EVENTS_PER_MS: u64 = 20;
/// So many events in a row belong to so many conversations in turn.
const WINDOW: u64 = 100_000;
const CONVERSATIONS_PER_WINDOW: u64 = 20;
/// An event's body but for the text, in bytes.
const FRAME_BYTES: usize = 215;

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
    /// `names` are event names that the installation allows; the seed tells runs apart.
    pub fn new(sizes: Sizes, names: Vec<String>, start: Timestamp, seed: u64) -> Self {
        let longest = sizes.payload.iter().copied().max().unwrap_or_default();
        let (text, vectors) = (Text::new(longest), Vectors::new(sizes.dimensions));
        Self { sizes, names, start, seed, text, vectors }
    }

    /// How much is sent.
    pub fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// The event's id, a UUID of version 7.
    pub fn id(&self, index: u64) -> Uuid {
        let millis = u64::try_from(self.time(index).millis()).unwrap_or_default();
        let mut random = [0; 10];
        let bits = [mix(self.seed ^ index), mix(self.seed.rotate_left(32) ^ index)];
        for (to, from) in random.iter_mut().zip(bits.into_iter().flat_map(u64::to_be_bytes)) {
            *to = from;
        }
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
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

    /// Puts the JSON of a create behind what is in `body`.
    pub fn create(&self, index: u64, body: &mut String) {
        let name = self.names.get(place(index, self.names.len())).map_or("event_a", String::as_str);
        let size =
            self.sizes.payload.get(place(index, self.sizes.payload.len())).copied().unwrap_or_default();
        let text = size.saturating_sub(FRAME_BYTES);
        let error = if index % 20 == 7 { "timeout" } else { "" };
        let (id, user) = (self.id(index), index % 10_000);
        let (conversation, prefix) = (Self::conversation_of(index), self.seed >> 32);
        // Writing to memory can't fail.
        let _ = write!(
            body,
            r#"{{"id":"{id}","conversation_id":"bench-{prefix:08x}-{conversation}","event_name":"{name}","error":"{error}","latency":{}.5,"user_id":"user-{user}","input":"{}","output":"{}","properties":{{"model":"m-{}","tokens":{}}}"#,
            index % 3_000,
            self.text.piece(index, text / 3),
            self.text.piece(!index, text - text / 3),
            index % 4,
            index % 4_096,
        );
        if self.sizes.dimensions > 0 {
            let (input, output) = (self.vectors.piece(index), self.vectors.piece(index / 7));
            let _ = write!(body, r#","input_embeddings":{input},"output_embeddings":{output}"#);
        }
        body.push('}');
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
        let mut fields = Map::new();
        let mut body = String::new();
        self.create(index, &mut body);
        fields.extend(object(&body));
        if updated {
            body.clear();
            self.update(index, &mut body);
            fields.extend(object(&body));
        }
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
mod tests {
    use super::*;

    fn plan(inserts: u64, payload: Vec<usize>, dimensions: usize) -> Plan {
        let sizes = Sizes { inserts, updates: inserts / 5, deletes: inserts / 5, payload, dimensions };
        Plan::new(sizes, vec!["event_a".into()], Timestamp::now(), 0x1234_5678_9abc_def0)
    }

    #[test]
    fn every_event_belongs_to_one_conversation() {
        for inserts in [0, 1, 19, 20, 21, 1_000, WINDOW - 1, WINDOW, WINDOW + 3, 2 * WINDOW + 50] {
            let plan = plan(inserts, vec![], 0);
            let mut all: Vec<u64> = (0..plan.conversations()).flat_map(|c| plan.members(c)).collect();
            all.sort_unstable();
            assert_eq!(all, (0..inserts).collect::<Vec<_>>(), "{inserts}");
            assert!((0..plan.conversations()).all(|c| plan.members(c).count() > 0), "{inserts}");
        }
    }

    #[test]
    fn the_body_says_which_conversation_and_id_an_event_has() {
        let plan = plan(2 * WINDOW, vec![], 0);
        for conversation in [0, 19, 20, 39] {
            let index = plan.members(conversation).nth(3).unwrap();
            let mut body = String::new();
            plan.create(index, &mut body);
            let body = object(&body);
            assert_eq!(body["conversation_id"], plan.conversation_id(conversation));
            assert_eq!(body["id"], plan.id(index).to_string());
        }
    }

    #[test]
    fn a_body_has_about_the_size_asked_for() {
        let plan = plan(1_000, vec![300, 4_000], 0);
        for (index, size) in [(500, 300), (501, 4_000), (998, 300)] {
            let mut body = String::new();
            plan.create(index, &mut body);
            assert!(body.len().abs_diff(size) < 20, "{} for {size}", body.len());
        }
    }

    #[test]
    fn an_updated_event_has_the_new_fields_and_keeps_the_others() {
        let plan = plan(1_000, vec![300], 8);
        let (Fate::Live(updated), Fate::Live(plain)) = (plan.fate(7), plan.fate(807)) else {
            panic!("both are there")
        };
        assert_eq!((&updated["error"], &plain["error"]), (&"".into(), &"timeout".into()));
        assert_eq!((&updated["latency"], &plain["latency"]), (&7.25.into(), &807.5.into()));
        assert_eq!(
            (&updated["user_id"], updated.get("tags")),
            (&"user-7".into(), Some(&vec!["updated"].into()))
        );
        assert_eq!(plain["input_embeddings"].as_array().unwrap().len(), 8);
        assert_eq!(plan.fate(200), Fate::Deleted);
        assert_eq!(plan.fate(399), Fate::Deleted);
        assert_ne!(plan.fate(400), Fate::Deleted);
    }

    #[test]
    fn ids_differ_and_carry_growing_times() {
        let plan = plan(10_000, vec![], 0);
        let ids: std::collections::HashSet<_> = (0..10_000).map(|index| plan.id(index)).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(plan.id(0) < plan.id(9_999));
    }
}

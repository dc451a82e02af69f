//! The dialects in which creates can be sent, and all that differs between them. Updates, deletes and reads are
//! always Millrace's own.

mod event_service;
mod native;
mod segment;

use clap::ValueEnum;
use model::{EventId, Source, Tenant, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::{Builder, Uuid};

use crate::answers::{self, Verdict};
use crate::http::Answer;

/// A way to create events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Millrace's own: `POST /event` and `POST /events`, with ids of version 7.
    #[default]
    Native,
    /// Segment's: `POST /v1/track` and `POST /v1/batch`, with ids derived from message ids.
    Segment,
    /// The `EventService` API's: `POST /api/v2.0/EventService`, with ids derived from message ids.
    EventService,
}

/// What a create says, whatever the dialect.
pub(crate) struct Draft<'a> {
    /// What tells it from all others, well mixed.
    pub(crate) random: [u8; 16],
    /// When it is said to have happened.
    pub(crate) at: Timestamp,
    pub(crate) conversation_id: String,
    pub(crate) event_name: &'a str,
    /// Empty if nothing went wrong.
    pub(crate) error: &'a str,
    pub(crate) latency: f64,
    pub(crate) user: u64,
    pub(crate) input: &'a str,
    pub(crate) output: &'a str,
    pub(crate) model: u64,
    pub(crate) tokens: u64,
    /// For the input and the output.
    pub(crate) embeddings: Option<[&'a str; 2]>,
}

impl Dialect {
    /// Where creates go.
    pub(crate) fn path(self, is_batch: bool) -> &'static str {
        match (self, is_batch) {
            (Self::Native, false) => "/event",
            (Self::Native, true) => "/events",
            (Self::Segment, false) => "/v1/track",
            (Self::Segment, true) => "/v1/batch",
            (Self::EventService, _) => "/api/v2.0/EventService",
        }
    }

    /// Puts the beginning of a batch into `body`, up to the first event.
    pub(crate) fn open(self, sent_at: Timestamp, body: &mut String) {
        match self {
            Self::Native => native::open(body),
            Self::Segment => segment::open(sent_at, body),
            Self::EventService => body.push('['),
        }
    }

    /// What comes behind the last event of a batch.
    pub(crate) fn close(self) -> &'static str {
        match self {
            Self::Native | Self::Segment => "]}",
            Self::EventService => "]",
        }
    }

    /// Puts the JSON of a create behind what is in `body`.
    pub(crate) fn create(self, draft: &Draft<'_>, body: &mut String) {
        match self {
            Self::Native => native::create(draft, body),
            Self::Segment => segment::create(draft, body),
            Self::EventService => event_service::create(draft, body),
        }
    }

    /// The size of a create's JSON but for the input and the output, in bytes.
    pub(crate) fn frame_bytes(self) -> usize {
        match self {
            Self::Native => native::FRAME_BYTES,
            Self::Segment => segment::FRAME_BYTES,
            Self::EventService => event_service::FRAME_BYTES,
        }
    }

    /// The id of the event that a create makes.
    pub(crate) fn id(self, random: [u8; 16], at: Timestamp, tenant: &Tenant) -> Uuid {
        match self {
            Self::Native => native::id(random, at),
            Self::Segment => derived(Source::Segment, random, at, tenant),
            Self::EventService => derived(Source::EventService, random, at, tenant),
        }
    }

    /// What a read of the event must return of a create's JSON.
    pub(crate) fn fields(self, sent: Map<String, Value>) -> Map<String, Value> {
        match self {
            Self::Native => sent,
            Self::Segment => segment::fields(sent),
            Self::EventService => event_service::fields(sent),
        }
    }

    /// What the answer to a create or to a batch of them means.
    pub(crate) fn verdict(self, answer: &Answer<'_>, is_batch: bool) -> Verdict {
        match (self, is_batch) {
            (Self::Native | Self::EventService, false) => answers::single(answer),
            (Self::Native, true) => answers::batch(answer),
            (Self::Segment, _) => answers::segment(answer),
            (Self::EventService, true) => answers::array(answer),
        }
    }
}

/// The id of version 4 that a client gives its message.
fn message_id(random: [u8; 16]) -> Uuid {
    Builder::from_random_bytes(random).into_uuid()
}

/// The id that the server derives from that.
fn derived(source: Source, random: [u8; 16], at: Timestamp, tenant: &Tenant) -> Uuid {
    let mut text = Uuid::encode_buffer();
    let text = message_id(random).as_hyphenated().encode_lower(&mut text);
    EventId::derive(tenant, source, text, at).uuid()
}

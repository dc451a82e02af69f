//! The event, and the changes an update makes to it.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Embedding, EventId, EventKey, JsonText, Latency, Tenant, Timestamp};

/// One event, whatever dialect it came in. When it happened is in its id.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Whose it is.
    pub tenant: Tenant,
    /// Which it is, and when it happened.
    pub id: EventId,
    /// When Millrace took it in.
    pub received_at: Timestamp,
    /// When the last operation on it was taken in.
    pub updated_at: Timestamp,
    /// The dialect it came in.
    pub source: Source,
    /// Everything else.
    pub content: Content,
}

impl Event {
    /// What identifies it.
    pub fn key(&self) -> EventKey {
        EventKey { tenant: self.tenant.clone(), id: self.id }
    }
}

/// A closed set of words, written and stored as such.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// The word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// `None` for a word that is none of them.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// The dialect in which an event came in.
    Source {
        /// Millrace's own HTTP API.
        #[default]
        Native = "native",
        /// Segment's tracking API.
        Segment = "segment",
        /// The EventService API.
        EventService = "event_service",
        /// Redis channels and streams.
        Redis = "redis",
    }
}

words! {
    /// What an event stands for; all but the first are Segment's.
    Kind {
        /// Something happened.
        #[default]
        Event = "event",
        /// A user did something.
        Track = "track",
        /// A page was seen.
        Page = "page",
        /// A screen was seen.
        Screen = "screen",
        /// Who a user is.
        Identify = "identify",
        /// Which group a user belongs to.
        Group = "group",
        /// Two users are one.
        Alias = "alias",
    }
}

/// [`Content`] and [`Patch`] have the same fields: each is named here once.
macro_rules! content {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)+) => {
        /// What an event says. An empty value stands for an absent one.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Content {
            $($(#[$doc])* #[serde(skip_serializing_if = "is_default", deserialize_with = "null_as_default")]
            pub $field: $type,)+
        }

        /// The fields an update replaces; `None` leaves a field alone, an empty value clears it.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Patch {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "null_clears")]
            pub $field: Option<$type>,)+
        }

        impl Content {
            /// What it takes in memory, in bytes, more or less.
            pub fn bytes(&self) -> usize {
                size_of::<Self>() $(+ self.$field.heap_bytes())+
            }
        }

        impl Patch {
            /// Replaces the fields it holds.
            pub fn apply(self, content: &mut Content) {
                $(if let Some(value) = self.$field { content.$field = value; })+
            }
        }
    };
}

content! {
    /// What the event stands for.
    kind: Kind,
    /// What happened.
    event_name: String,
    /// The id that another system gave it, as sent.
    message_id: String,
    /// The conversation, session or activity it belongs to.
    conversation_id: String,
    /// Text about the conversation, as sent.
    conversation_metadata: String,
    /// The user.
    user_id: String,
    /// The user before they were known.
    anonymous_id: String,
    /// What went wrong; an event with a non-empty error is an error.
    error: String,
    /// How long it took.
    latency: Latency,
    /// What went in.
    input: String,
    /// What came out.
    output: String,
    /// A vector for the input.
    input_embeddings: Embedding,
    /// A vector for the output.
    output_embeddings: Embedding,
    /// What it is about.
    subjects: Vec<String>,
    /// Labels.
    tags: Vec<String>,
    /// The requests it came from.
    trace_ids: Vec<String>,
    /// Any further properties, as sent.
    properties: JsonText,
    /// What surrounded it, as sent.
    context: JsonText,
}

/// What a field holds outside of itself.
trait HeapBytes {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl HeapBytes for Kind {}

impl HeapBytes for Latency {}

impl HeapBytes for String {
    fn heap_bytes(&self) -> usize {
        self.len()
    }
}

impl HeapBytes for JsonText {
    fn heap_bytes(&self) -> usize {
        self.as_str().len()
    }
}

impl HeapBytes for Embedding {
    fn heap_bytes(&self) -> usize {
        size_of_val(self.as_slice())
    }
}

impl HeapBytes for Vec<String> {
    fn heap_bytes(&self) -> usize {
        self.iter().map(|text| size_of::<String>() + text.len()).sum()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(d: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

fn null_clears<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    d: D,
) -> Result<Option<T>, D::Error> {
    null_as_default(d).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_replaces_clears_and_leaves_alone() {
        let mut content: Content = serde_json::from_str(
            r#"{"event_name":"event_a","error":"timeout","tags":["x"],"latency":3,"properties":{"a":1},"user_id":"u"}"#,
        )
        .unwrap();
        let patch: Patch = serde_json::from_str(
            r#"{"event_name":"event_b","error":"","tags":[],"latency":null,"properties":null}"#,
        )
        .unwrap();
        patch.apply(&mut content);
        assert_eq!(
            content,
            Content { event_name: "event_b".into(), user_id: "u".into(), ..Content::default() }
        );
    }

    #[test]
    fn empty_fields_are_not_written() {
        assert_eq!(serde_json::to_string(&Content::default()).unwrap(), "{}");
        assert_eq!(serde_json::to_string(&Patch::default()).unwrap(), "{}");
        let clearing = Patch { error: Some(String::new()), ..Patch::default() };
        assert_eq!(serde_json::to_string(&clearing).unwrap(), r#"{"error":""}"#);
    }
}

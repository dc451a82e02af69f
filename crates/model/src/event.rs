//! The event, and the changes an update makes to it.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Embedding, EventId, EventKey, JsonText, Latency, Tenant, Text, Timestamp};

/// One event, whatever dialect it came in. When it happened is in its id. Its texts may be borrowed
/// from the message or body it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
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
    pub content: Content<'a>,
}

impl Event<'_> {
    /// The event's identity: tenant and id.
    pub fn key(&self) -> EventKey {
        EventKey { tenant: self.tenant.clone(), id: self.id }
    }

    /// Copies the texts that are borrowed, so that the event outlives what it was read from.
    pub fn into_owned(self) -> Event<'static> {
        let Self { tenant, id, received_at, updated_at, source, content } = self;
        Event { tenant, id, received_at, updated_at, source, content: content.into_owned() }
    }
}

/// A closed set of words, written and stored as such.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            #[cfg(test)]
            pub(crate) const WORDS: &[&str] = &[$($word),+];

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
        #[serde(default, bound(deserialize = "'de: 'a"))]
        pub struct Content<'a> {
            $($(#[$doc])* #[serde(skip_serializing_if = "is_default", deserialize_with = "null_as_default")]
            pub $field: $type,)+
        }

        /// The fields an update replaces; `None` leaves a field alone, an empty value clears it.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, bound(deserialize = "'de: 'a"))]
        pub struct Patch<'a> {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "null_clears")]
            pub $field: Option<$type>,)+
        }

        impl<'a> Content<'a> {
            /// The bytes of memory that the content takes, more or less.
            pub fn bytes(&self) -> usize {
                size_of::<Self>() $(+ self.$field.heap_bytes())+
            }

            /// Copies the texts that are borrowed, so that the content outlives what it was read from.
            pub fn into_owned(self) -> Content<'static> {
                Content { $($field: self.$field.owned(),)+ }
            }
        }

        impl<'a> Patch<'a> {
            /// Replaces the fields of `content` that this patch holds.
            pub fn apply(self, content: &mut Content<'a>) {
                $(if let Some(value) = self.$field { content.$field = value; })+
            }

            /// Copies the texts that are borrowed, so that the patch outlives what it was read from.
            pub fn into_owned(self) -> Patch<'static> {
                Patch { $($field: self.$field.map(Field::owned),)+ }
            }
        }
    };
}

content! {
    /// What the event stands for.
    kind: Kind,
    /// What happened.
    event_name: Text<'a>,
    /// The id that another system gave it, as sent.
    message_id: Text<'a>,
    /// The conversation, session or activity it belongs to.
    conversation_id: Text<'a>,
    /// Text about the conversation, as sent.
    conversation_metadata: Text<'a>,
    /// The user.
    user_id: Text<'a>,
    /// The user before they were known.
    anonymous_id: Text<'a>,
    /// What went wrong; an event with a non-empty error is an error.
    error: Text<'a>,
    /// How long it took.
    latency: Latency,
    /// What went in.
    input: Text<'a>,
    /// What came out.
    output: Text<'a>,
    /// A vector for the input.
    input_embeddings: Embedding,
    /// A vector for the output.
    output_embeddings: Embedding,
    /// The subjects that it is about.
    subjects: Vec<Text<'a>>,
    /// Labels.
    tags: Vec<Text<'a>>,
    /// The requests it came from.
    trace_ids: Vec<Text<'a>>,
    /// Any further properties, as sent.
    properties: JsonText<'a>,
    /// What surrounded it, as sent.
    context: JsonText<'a>,
}

/// A value of a field.
pub(crate) trait Field {
    type Owned;

    /// Copies the texts that the value borrows.
    fn owned(self) -> Self::Owned;

    /// The bytes that the value holds on the heap.
    fn heap_bytes(&self) -> usize;
}

/// Values that never borrow.
macro_rules! owned {
    ($($type:ty => $heap_bytes:expr,)+) => {
        $(impl Field for $type {
            type Owned = Self;

            fn owned(self) -> Self {
                self
            }

            fn heap_bytes(&self) -> usize {
                let heap_bytes: fn(&Self) -> usize = $heap_bytes;
                heap_bytes(self)
            }
        })+
    };
}

owned! {
    Kind => |_| 0,
    Latency => |_| 0,
    Embedding => |numbers| size_of_val(numbers.as_slice()),
}

impl Field for Text<'_> {
    type Owned = Text<'static>;

    fn owned(self) -> Text<'static> {
        self.into_owned()
    }

    fn heap_bytes(&self) -> usize {
        self.len()
    }
}

impl Field for JsonText<'_> {
    type Owned = JsonText<'static>;

    fn owned(self) -> JsonText<'static> {
        self.into_owned()
    }

    fn heap_bytes(&self) -> usize {
        self.as_str().len()
    }
}

impl Field for Vec<Text<'_>> {
    type Owned = Vec<Text<'static>>;

    fn owned(self) -> Vec<Text<'static>> {
        self.into_iter().map(Text::into_owned).collect()
    }

    fn heap_bytes(&self) -> usize {
        self.iter().map(|text| size_of::<Text<'_>>() + text.len()).sum()
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
        let mut content: Content<'_> = serde_json::from_str(
            r#"{"event_name":"event_a","error":"timeout","tags":["x"],"latency":3,"properties":{"a":1},"user_id":"u"}"#,
        )
        .unwrap();
        let patch: Patch<'_> = serde_json::from_str(
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
        let clearing = Patch { error: Some(Text::default()), ..Patch::default() };
        assert_eq!(serde_json::to_string(&clearing).unwrap(), r#"{"error":""}"#);
    }
}

//! An event of the shop, and the create that it is sent as.

use model::{EventId, Source, Tenant, Timestamp};
use uuid::{Builder, Uuid};

use super::catalog::City;
use super::dice::{Dice, Purpose};
use super::object::Object;
use super::operation::Action;

/// Who an event is of; empty if that is not known.
#[derive(Clone, Debug, Default)]
pub(super) struct Who {
    pub(super) user_id: String,
    pub(super) anonymous_id: String,
}

/// An event, whatever it is sent as.
#[derive(Clone, Debug, Default)]
pub(super) struct Event {
    /// Unix milliseconds.
    pub(super) at: i64,
    pub(super) name: &'static str,
    pub(super) who: Who,
    pub(super) conversation_id: String,
    pub(super) error: &'static str,
    /// In milliseconds, as JSON; empty if it is not measured.
    pub(super) latency: String,
    pub(super) input: String,
    pub(super) output: String,
    /// A JSON object.
    pub(super) properties: String,
    /// What an update says later that the properties are; empty if none does.
    pub(super) mended: String,
    /// Where the context says that it happened.
    pub(super) city: Option<&'static City>,
    /// By Segment's dialect: the native one knows no anonymous ids and no context, and wants a conversation.
    pub(super) is_track: bool,
    /// Of events of one millisecond the one with the lower rank has the lower id, and the first half of their ids
    /// is the same.
    pub(super) rank: Option<u8>,
}

impl Event {
    /// The create, and the id of what it makes.
    pub(super) fn create(&self, bits: [u8; 16], tenant: &Tenant) -> (Uuid, Action) {
        let at = Timestamp::from_millis(self.at).unwrap_or_default();
        if self.is_track {
            let message_id = Builder::from_random_bytes(bits).into_uuid().to_string();
            let id = EventId::derive(tenant, Source::Segment, &message_id, at).uuid();
            return (id, Action::Track(self.track(&message_id, at)));
        }
        let id = Builder::from_unix_timestamp_millis(self.at.unsigned_abs(), &self.tail(bits)).into_uuid();
        (id, Action::Create(self.native(id)))
    }

    /// What stands behind the time in a native id.
    fn tail(&self, bits: [u8; 16]) -> [u8; 10] {
        let [_, _, _, _, _, _, mut tail @ ..] = bits;
        if let Some(rank) = self.rank {
            // The time and the first two bytes are one half of the id; the third begins the other.
            for (to, from) in tail.iter_mut().zip([0x0a, 0xbc, rank]) {
                *to = from;
            }
        }
        tail
    }

    fn native(&self, id: Uuid) -> String {
        Object::new()
            .text("id", &id.to_string())
            .text("conversation_id", &self.conversation_id)
            .text("event_name", self.name)
            .text_if_any("user_id", &self.who.user_id)
            .text_if_any("error", self.error)
            .raw("latency", &self.latency)
            .text_if_any("input", &self.input)
            .text_if_any("output", &self.output)
            .raw("properties", &self.properties)
            .close()
    }

    fn track(&self, message_id: &str, at: Timestamp) -> String {
        let location = self.city.map(City::json).unwrap_or_default();
        let context = Object::new().text_if_any("sessionId", &self.conversation_id).raw("location", location);
        // Segment's dialect takes an error from the properties.
        let properties = match (self.error, self.properties.strip_suffix('}')) {
            ("", _) | (_, None) => self.properties.clone(),
            (error, Some("{")) => Object::new().text("error", error).close(),
            (error, Some(open)) => format!("{open},\"error\":{}}}", super::object::quote(error)),
        };
        Object::new()
            .text("type", "track")
            .text("messageId", message_id)
            .text("timestamp", &at.to_string())
            .text("event", self.name)
            .text_if_any("userId", &self.who.user_id)
            .text_if_any("anonymousId", &self.who.anonymous_id)
            .raw("context", context.close())
            .raw("properties", properties)
            .close()
    }
}

/// The bits that the event of this number has in its id and no other has.
pub(super) fn bits(seed: u64, number: i64) -> [u8; 16] {
    let mut dice = Dice::new(seed, Purpose::Id, number);
    ((u128::from(dice.bits()) << 64) | u128::from(dice.bits())).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event() -> Event {
        Event {
            at: 1_800_000_000_000,
            name: "user.logged_in",
            who: Who { user_id: "u-1".into(), anonymous_id: "a-1".into() },
            conversation_id: "c-1".into(),
            error: "timeout",
            properties: r#"{"login_method":"password"}"#.into(),
            ..Event::default()
        }
    }

    #[test]
    fn a_native_create_carries_its_id_and_what_the_dialect_knows() {
        let (id, action) = event().create(bits(1, 1), &Tenant::default());
        assert_eq!(EventId::from_uuid(id).unwrap().created_at().millis(), 1_800_000_000_000);
        let Action::Create(body) = action else { panic!("a native create") };
        let expected = json!({
            "id": id, "conversation_id": "c-1", "event_name": "user.logged_in", "user_id": "u-1",
            "error": "timeout", "properties": {"login_method": "password"},
        });
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    }

    #[test]
    fn a_track_call_carries_both_ids_and_its_error_in_the_properties() {
        let event = Event { is_track: true, city: Some(&super::super::catalog::CITIES[0]), ..event() };
        let (id, action) = event.create(bits(1, 1), &Tenant::default());
        assert_eq!(EventId::from_uuid(id).unwrap().created_at().millis(), 1_800_000_000_000);
        let Action::Track(body) = action else { panic!("a track call") };
        let message: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&message["userId"], &message["anonymousId"]), (&json!("u-1"), &json!("a-1")));
        assert_eq!(message["properties"], json!({"login_method": "password", "error": "timeout"}));
        assert_eq!(message["context"]["location"]["country"], "DE");
    }

    #[test]
    fn events_of_one_millisecond_with_ranks_share_half_of_their_ids_and_keep_their_order() {
        let id = |rank, number| {
            Event { rank: Some(rank), ..event() }.create(bits(1, number), &Tenant::default()).0
        };
        let [first, second] = [id(1, 9), id(2, 8)];
        assert!(first < second);
        assert_eq!(first.as_u64_pair().0, second.as_u64_pair().0);
    }
}

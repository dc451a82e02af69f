//! The semantic event: one of Segment's events, with members of its own and names in either spelling.

use serde_json::value::RawValue;

use crate::Text;
use crate::wire::object::Object;
use crate::wire::values::filled_string;

/// The spellings that mean the same, as Python and as Segment write them.
const SPELLINGS: [(&str, &str); 8] = [
    ("message_id", "messageId"),
    ("user_id", "userId"),
    ("anonymous_id", "anonymousId"),
    ("group_id", "groupId"),
    ("previous_id", "previousId"),
    ("original_timestamp", "originalTimestamp"),
    ("sent_at", "sentAt"),
    ("eventGid", "event_gid"),
];

/// Gives an event the names that Segment's events have. Without a message id it has the one of its `event_gid`,
/// which it keeps.
pub(super) fn translate(event: &mut Object<'_>) {
    for (from, to) in SPELLINGS {
        event.rename(from, to);
    }
    if let Some(gid) = event.get("event_gid") {
        event.fill("messageId", gid);
    }
}

/// The name of the page that it tells of.
pub(super) fn page_name<'a>(event: &Object<'a>) -> Option<Text<'a>> {
    let page: &RawValue = event.get("page")?;
    filled_string(Object::parse(page.get()).ok()?.get("name"))
}

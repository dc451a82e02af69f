//! A question about messages: which of their members must be what. Names are read as those of messages are.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::field::{Field, is_spelling};
use super::message::Message;
use crate::wire::error::{json_bytes, read_object};
use crate::wire::values::{invalid, string};
use crate::wire::{WireError, limits};
use crate::{Text, Timestamp};

const SUBJECTS_CONTAIN: &str = "SubjectsContains";
/// The names under which something can be asked, as errors list them.
const NAMES: &str = "Topic, Subjects, SubjectsContains, Tags, AssociationId, ModuleId, ActorId, ActivityId, \
                     SourceTraceIds, Start or End";

/// All that must hold of an event. A list that is empty asks for nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// It has one of these topics.
    pub topics: Vec<String>,
    /// Its subjects have all of these among them.
    pub subjects: Vec<String>,
    /// One of its subjects has one of these texts in it; case counts.
    pub subjects_contain: Vec<String>,
    /// One of its tags is one of these.
    pub tags: Vec<String>,
    /// Its association is one of these.
    pub association_ids: Vec<String>,
    /// Its module is one of these.
    pub module_ids: Vec<String>,
    /// Its actor, or its user if it has none, is one of these.
    pub actor_ids: Vec<String>,
    /// Its activity is one of these.
    pub activity_ids: Vec<String>,
    /// One of its source trace ids is one of these.
    pub trace_ids: Vec<String>,
    /// The first millisecond in which it may have happened.
    pub start: Option<Timestamp>,
    /// The first millisecond in which it may not.
    pub end: Option<Timestamp>,
}

impl Query {
    /// Reads a body. Of a list one value is enough, of `Subjects` all must be there; what is `null` or empty is
    /// as if absent. A member that asks for nothing known is refused: without it the answer would be another.
    pub fn read(body: &[u8]) -> Result<Self, WireError> {
        let text = str::from_utf8(json_bytes(body)?)
            .map_err(|error| WireError::InvalidJson(format!("not UTF-8: {error}")))?;
        let mut message = Message::parse_bounded(text).map_err(|error| {
            // Read once more, for the words in which other bodies are refused.
            let refused = read_object::<Map<String, Value>>(body).err();
            refused.unwrap_or_else(|| WireError::InvalidJson(error.to_string()))
        })?;
        message.check_unknown()?;
        let mut known = |field: Field| {
            let value = message.get(field);
            message.set(field, None);
            values(field.pascal(), value)
        };
        let mut query = Self {
            topics: known(Field::Topic)?,
            subjects: known(Field::Subjects)?,
            subjects_contain: Vec::new(),
            tags: known(Field::Tags)?,
            association_ids: known(Field::AssociationId)?,
            module_ids: known(Field::ModuleId)?,
            actor_ids: known(Field::ActorId)?,
            activity_ids: known(Field::ActivityId)?,
            trace_ids: known(Field::SourceTraceIds)?,
            start: None,
            end: None,
        };
        let users = known(Field::UserId)?;
        if query.actor_ids.is_empty() {
            query.actor_ids = users;
        }
        query.start = moment(&mut message, Field::Start)?;
        query.end = moment(&mut message, Field::End)?;
        if let (Some(start), Some(end)) = (query.start, query.end)
            && start > end
        {
            return Err(invalid(Field::Start.pascal(), "before End"));
        }
        for (name, value) in message.unknown() {
            if is_spelling(name, SUBJECTS_CONTAIN) {
                query.subjects_contain = values(SUBJECTS_CONTAIN, Some(*value))?;
            } else if value.get() != "null" {
                return Err(unknown(name));
            }
        }
        match Field::ALL.iter().find(|field| message.get(**field).is_some()) {
            Some(field) => Err(unknown(field.pascal())),
            None => Ok(query),
        }
    }
}

/// A text, or a list of them.
fn values(name: &'static str, value: Option<&RawValue>) -> Result<Vec<String>, WireError> {
    let expected = || invalid(name, "a string or a list of strings");
    let texts: Vec<Text<'_>> = match value {
        None => Vec::new(),
        Some(value) if value.get() == "null" => Vec::new(),
        Some(value) if value.get().starts_with('[') => {
            serde_json::from_str(value.get()).map_err(|_| expected())?
        }
        value => {
            let text = string(name, value).map_err(|_| expected())?;
            if text.is_empty() { Vec::new() } else { vec![text] }
        }
    };
    limits::IDS.check(name, &texts)?;
    Ok(texts.iter().map(ToString::to_string).collect())
}

/// A bound, taken out. One outside of what the table can hold stands for the first or last time in it.
fn moment(message: &mut Message<'_>, field: Field) -> Result<Option<Timestamp>, WireError> {
    let moment = message.time(field)?;
    message.set(field, None);
    Ok(moment.map(|at| {
        let beyond = if at.year() < 1970 { Timestamp::default() } else { Timestamp::MAX };
        Timestamp::of(at).unwrap_or(beyond)
    }))
}

fn unknown(name: &str) -> WireError {
    let name: String = name.chars().take(64).collect();
    WireError::InvalidType(format!("{name}: nothing is asked by that name, but by {NAMES}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> String {
        Query::read(body.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn three_spellings_ask_the_same() {
        let pascal = r#"{"Topic":"t","Subjects":["a","b"],"SubjectsContains":"c","Tags":["d"],"AssociationId":"e",
            "ModuleId":["f"],"ActorId":"g","ActivityId":"h","SourceTraceIds":["i"],
            "Start":"2026-11-20T01:00:00.1234567","End":"2026-11-20T03:00:00+01:00"}"#;
        let camel = r#"{"topic":["t"],"subjects":["a","b"],"subjectsContains":["c"],"tags":"d","associationId":["e"],
            "moduleId":"f","actorId":["g"],"activityId":["h"],"sourceTraceIds":"i",
            "start":"2026-11-20T01:00:00.1239Z","end":"2026-11-20T02:00:00"}"#;
        let snake = r#"{"topic":"t","subjects":["a","b"],"subjects_contains":["c"],"tags":"d","association_id":"e",
            "module_id":"f","user_id":"g","activity_id":"h","source_trace_ids":["i"],
            "start":"2026-11-20T01:00:00.123","end":"2026-11-20T02:00:00","event_id":null,"other":null}"#;
        let [pascal, camel, snake] = [pascal, camel, snake].map(|body| Query::read(body.as_bytes()).unwrap());
        assert_eq!([&camel, &snake], [&pascal; 2]);
        let Query { start, end, .. } = &pascal;
        let at = |text| Timestamp::parse(text);
        assert_eq!([*start, *end], [at("2026-11-20T01:00:00.123Z"), at("2026-11-20T02:00:00Z")]);
        assert_eq!(pascal.subjects, ["a", "b"]);
        assert_eq!([&pascal.topics, &pascal.tags, &pascal.actor_ids], [&["t"][..], &["d"], &["g"]]);
    }

    #[test]
    fn what_is_unset_asks_for_nothing() {
        for body in [
            "{}",
            "\u{feff}{}",
            r#"{"Topic":null,"Subjects":[],"SubjectsContains":"","ActorId":"","Start":"0001-01-01T00:00:00"}"#,
        ] {
            assert_eq!(Query::read(body.as_bytes()), Ok(Query::default()), "{body}");
        }
        let both = Query::read(br#"{"actor_id":["a"],"user_id":"b"}"#).unwrap();
        assert_eq!(both.actor_ids, ["a"]);
    }

    #[test]
    fn bounds_beyond_the_table_are_its_own() {
        let body = br#"{"Start":"1899-12-31T00:00:00","End":"9999-12-31T23:59:59.9999999"}"#;
        let query = Query::read(body).unwrap();
        assert_eq!([query.start, query.end], [Some(Timestamp::default()), Some(Timestamp::MAX)]);
    }

    #[test]
    fn what_can_not_be_asked_is_refused_by_its_name() {
        let long = format!(r#"{{"SourceTraceIds":"{}"}}"#, "x".repeat(1_025));
        let many = format!(r#"{{"tags":[{}]}}"#, vec![r#""t""#; 101].join(","));
        let refusals: Vec<_> = [
            r#"{"Topic":7}"#,
            r#"{"subjects":{}}"#,
            r#"{"subjects_contains":[7]}"#,
            r#"{"ActorId":true}"#,
            r#"{"userId":1}"#,
            r#"{"Start":"soon"}"#,
            r#"{"End":1795639822}"#,
            r#"{"Start":"2026-11-20T01:00:00","End":"2026-11-20T00:00:00"}"#,
            r#"{"EventId":"e"}"#,
            r#"{"colour":"red"}"#,
            &long,
            &many,
        ]
        .map(refused)
        .into();
        insta::assert_snapshot!(refusals.join("\n"));
        for body in ["", "[]", "7", "null", "{", r#"{"Topic":"t"} x"#, "\u{1f}\u{8b}"] {
            assert!(Query::read(body.as_bytes()).is_err(), "{body}");
        }
    }
}

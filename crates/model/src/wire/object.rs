//! The members of a JSON object, each value as the text that was sent.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::Text;

/// The members of an object in their order. What is taken out is gone, so what is left in the end is what
/// nobody knew. Serializes as the object of those.
#[derive(Clone, Debug, Default)]
pub struct Object<'a>(Vec<Member<'a>>);

/// A name and its value.
#[derive(Clone, Debug)]
struct Member<'a> {
    name: Text<'a>,
    value: &'a RawValue,
}

impl<'a> Object<'a> {
    /// The members of the object that the text is.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// A value. Of several of one name the last counts, as for any JSON reader; `null` is as if absent.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.place(name).and_then(|at| self.0.get(at)).map(|member| member.value).filter(|raw| !is_null(raw))
    }

    /// The same, taken out.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        self.place(name).map(|at| self.0.remove(at).value).filter(|raw| !is_null(raw))
    }

    /// Whether there is a member of this name, even if it is `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Gives a value to a name that has none, or `null`.
    pub(super) fn fill(&mut self, name: &'static str, value: &'a RawValue) {
        if self.get(name).is_none() {
            self.take(name);
            self.0.push(Member { name: name.into(), value });
        }
    }

    /// Gives a member another name, unless another member has it and a value.
    pub(super) fn rename(&mut self, from: &str, to: &'static str) {
        if self.has(from) && self.get(to).is_none() {
            self.take(to);
            if let Some(member) = self.place(from).and_then(|at| self.0.get_mut(at)) {
                member.name = to.into();
            }
        }
    }

    /// Adds the members of another object whose names are not there. Takes time by the sum of their numbers, not
    /// by the product: a batch merges thousands of members into each of thousands of events.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        let names: HashSet<&str> = self.0.iter().map(|member| &*member.name).collect();
        let is_absent = |member: &&Member<'a>| !names.contains(&*member.name);
        let absent: Vec<_> = other.0.iter().filter(is_absent).cloned().collect();
        self.0.extend(absent);
    }

    /// Leaves out the members of these names.
    pub(super) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|member| !names.contains(&&*member.name));
        self
    }

    /// A name that no member has: this one, with underscores behind it if need be.
    pub(super) fn free_name(&self, name: &str) -> String {
        let mut name = name.to_owned();
        while self.has(&name) {
            name.push('_');
        }
        name
    }

    /// Writes the members into a map.
    pub(super) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.0.iter().try_for_each(|member| map.serialize_entry(&member.name, member.value))
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().rposition(|member| member.name == *name)
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.write(&mut map)?;
        map.end()
    }
}

fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        // As many as most events have.
        let mut members = Vec::with_capacity(12);
        while let Some(name) = map.next_key::<Text<'de>>()? {
            members.push(Member { name, value: map.next_value()? });
        }
        Ok(Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(object: &Object<'_>) -> String {
        object.0.iter().map(|Member { name, value }| format!("{name}={value} ")).collect()
    }

    #[test]
    fn the_last_of_a_name_counts_and_null_is_absent() {
        let mut object = Object::parse(r#"{"a":1,"b":null,"a":2,"c":[ 1 ]}"#).unwrap();
        assert_eq!(object.get("a").unwrap().get(), "2");
        assert!(object.get("b").is_none() && object.has("b") && !object.has("d"));
        assert_eq!(object.take("a").unwrap().get(), "2");
        assert!(object.take("b").is_none());
        assert_eq!(shown(&object), "a=1 c=[ 1 ] ");
        for name in ["a", "c", "d"] {
            object.fill(name, serde_json::from_str("3").unwrap());
        }
        assert_eq!(shown(&object), "a=1 c=[ 1 ] d=3 ");
    }

    #[test]
    fn merging_and_renaming_take_no_name_from_another() {
        let mut object = Object::parse(r#"{"a":1,"b":null}"#).unwrap();
        object.merge(&Object::parse(r#"{"a":7,"b":7,"c":7}"#).unwrap());
        assert_eq!(shown(&object), "a=1 b=null c=7 ");
        object.merge(&Object::parse(r#"{"d":1,"d":2}"#).unwrap());
        assert_eq!(object.take("d").unwrap().get(), "2");
        object.take("d");
        object.rename("a", "c");
        object.rename("c", "d");
        assert_eq!(shown(&object), "a=1 b=null d=7 ");
        object.rename("d", "b");
        assert_eq!(shown(&object), "a=1 b=7 ");
        assert_eq!(["c", "b"].map(|name| object.free_name(name)), ["c", "b_"]);
        assert_eq!(serde_json::to_string(&object.without(&["a", "c"])).unwrap(), r#"{"b":7}"#);
    }
}

//! Which event names native writes may use.

use std::fmt;

const MAX_CHARACTERS: usize = 128;

/// The allowed event names: a list, or any of 1 to 128 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventNames {
    /// Any name.
    Any,
    /// These, in the order in which they were given.
    Listed(Vec<String>),
}

impl EventNames {
    /// Reads `a,b,c`, or `*` for any. `None` when it names nothing, or some and any.
    pub fn parse(list: &str) -> Option<Self> {
        if list.trim() == "*" {
            return Some(Self::Any);
        }
        let names: Vec<_> =
            list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(String::from).collect();
        (!names.is_empty() && !names.iter().any(|name| name == "*")).then_some(Self::Listed(names))
    }

    /// Whether an event may be called this.
    pub fn allow(&self, name: &str) -> bool {
        match self {
            Self::Any => (1..=MAX_CHARACTERS).contains(&name.chars().count()),
            Self::Listed(names) => names.iter().any(|allowed| allowed == name),
        }
    }
}

impl fmt::Display for EventNames {
    /// The end of the sentence that begins with "`event_name` must be".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => write!(f, "1 to {MAX_CHARACTERS} characters"),
            Self::Listed(names) => write!(f, "one of: {}", names.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_allows_what_it_names_and_a_star_anything() {
        let listed = EventNames::parse(" event_a, event_b ,").unwrap();
        assert!(listed.allow("event_a") && listed.allow("event_b") && !listed.allow("event_c"));
        assert_eq!(listed.to_string(), "one of: event_a, event_b");
        assert!(
            EventNames::Any.allow("ü")
                && !EventNames::Any.allow("")
                && !EventNames::Any.allow(&"ü".repeat(129))
        );
        assert_eq!(EventNames::parse(" ,"), None);
        assert_eq!(EventNames::parse("event_a,*"), None);
    }
}

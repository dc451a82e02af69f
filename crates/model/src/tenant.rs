//! Who an event belongs to.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Text;

const DEFAULT: &str = "default";
const MAX_LENGTH: usize = 64;

/// A tenant's name: 1 to 64 of ASCII letters, digits, `_`, `.` and `-`. Cheap to clone; the tenant of a
/// set-up that has only one takes no memory at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tenant(Option<Arc<str>>);

/// The text is not a tenant's name.
#[derive(Debug, thiserror::Error)]
#[error("a tenant is 1 to {MAX_LENGTH} letters, digits, '_', '.' or '-'")]
pub struct TenantError;

impl Tenant {
    /// Checks the name.
    pub fn parse(name: &str) -> Result<Self, TenantError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        if (1..=MAX_LENGTH).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(Self((name != DEFAULT).then(|| name.into())))
        } else {
            Err(TenantError)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or(DEFAULT)
    }
}

impl Ord for Tenant {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Tenant {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Tenant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Tenant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Text::deserialize(deserializer)?;
        Self::parse(&name).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_characters_or_lengths_are_refused() {
        for good in ["default", "a", "A-1_b.c", &"x".repeat(64)] {
            assert_eq!(Tenant::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a/b", "é", "a\n", &"x".repeat(65)] {
            assert!(Tenant::parse(bad).is_err(), "{bad:?}");
        }
    }
}

//! Time zones, as the server's database has them.

use std::borrow::Cow;

/// A time zone that the server knows, by its IANA name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(Cow<'static, str>);

impl Zone {
    /// The zone of those who name none.
    pub const UTC: Self = Self(Cow::Borrowed("UTC"));

    /// One of the names that the server has.
    pub(crate) fn known(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// Its IANA name, such as `Europe/Berlin`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

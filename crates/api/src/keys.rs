//! Keys: whose events whoever holds one may write and read. Only their hashes are known here.

mod command;
mod ring;

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::Tenant;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use self::command::Command;
pub(crate) use self::ring::KeyRing;

/// What a key lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Write events.
    Ingest = 1,
    /// Read events and ask questions.
    Read = 2,
    /// See how the installation is, and repair it.
    Admin = 4,
}

/// Some scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

/// A key as it is configured: `tenant:scopes:sha256`, the scopes joined by `+`, the hash in hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Whose events.
    pub(crate) tenant: Tenant,
    /// What may be done.
    pub(crate) scopes: Scopes,
    sha256: [u8; 32],
}

/// An entry that can't be read. Does not repeat it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EntryError {
    /// Not three parts.
    #[error("must be tenant:scopes:sha256")]
    Parts,
    /// Not a tenant's name.
    #[error("the tenant must be 1 to 64 letters, digits, '_', '.' or '-'")]
    Tenant,
    /// Not a scope.
    #[error("scopes are ingest, read and admin, joined by +")]
    Scopes,
    /// Not a hash.
    #[error("the hash must be 64 hexadecimal digits")]
    Hash,
}

/// All keys that are known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys(Vec<Entry>);

impl Scope {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Ingest, "ingest"), (Self::Read, "read"), (Self::Admin, "admin")];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(scope, _)| *scope == self).map_or("", |(_, name)| name)
    }
}

impl Scopes {
    /// Of whoever needs no key.
    pub(crate) const ALL: Self = Self(7);

    /// Whether the scope is among them.
    pub(crate) fn has(self, scope: Scope) -> bool {
        self.0 & scope as u8 != 0
    }

    /// As entries name them.
    pub(crate) fn names(self) -> Vec<&'static str> {
        Scope::ALL.iter().filter(|(scope, _)| self.has(*scope)).map(|(_, name)| *name).collect()
    }
}

impl FromStr for Scopes {
    type Err = EntryError;

    /// Reads names joined by `+`, at least one.
    fn from_str(text: &str) -> Result<Self, EntryError> {
        text.split('+').try_fold(Self::default(), |scopes, name| {
            let known = Scope::ALL.iter().find(|(_, known)| *known == name);
            known.map(|(scope, _)| Self(scopes.0 | *scope as u8)).ok_or(EntryError::Scopes)
        })
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join("+"))
    }
}

impl Entry {
    /// A new key, which is told once, and its entry.
    pub(crate) fn generate(tenant: Tenant, scopes: Scopes) -> (String, Self) {
        let key = format!("mr_{}", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
        let sha256 = Sha256::digest(&key).into();
        (key, Self { tenant, scopes, sha256 })
    }
}

impl Entry {
    /// Of the key.
    pub(crate) fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }
}

impl FromStr for Entry {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let mut parts = text.splitn(3, ':').map(str::trim);
        let (Some(tenant), Some(scopes), Some(hash)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(EntryError::Parts);
        };
        let mut sha256 = [0; 32];
        hex::decode_to_slice(hash, &mut sha256).map_err(|_| EntryError::Hash)?;
        let tenant = Tenant::parse(tenant).map_err(|_| EntryError::Tenant)?;
        Ok(Self { tenant, scopes: scopes.parse()?, sha256 })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.tenant, self.scopes, hex::encode(self.sha256))
    }
}

impl Keys {
    /// Reads entries by commas or lines; a line that begins with `#` is a comment. The error names the entry by
    /// its number.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        // Some editors mark a text as UTF-8.
        let text = text.trim_start_matches('\u{feff}');
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let entries = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|entry| !entry.is_empty());
        let numbered = entries
            .enumerate()
            .map(|(index, entry)| entry.parse().map_err(|error| format!("entry {}: {error}", index + 1)));
        numbered.collect::<Result<_, _>>().map(Self)
    }

    /// These and the others. The error is a key that is there twice: it would be unclear for what and for whom.
    pub(crate) fn and(&self, others: Self) -> Result<Self, String> {
        let all: Vec<_> = self.0.iter().cloned().chain(others.0).collect();
        for (index, entry) in all.iter().enumerate() {
            if let Some(first) = all.iter().take(index).position(|other| other.sha256 == entry.sha256) {
                return Err(format!(
                    "entry {} of all that there are is of the same key as entry {}",
                    index + 1,
                    first + 1
                ));
            }
        }
        Ok(Self(all))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// What is known of a key. Takes the same time whichever it is.
    pub(crate) fn find(&self, key: &[u8]) -> Option<&Entry> {
        self.of_hash(&Sha256::digest(key).into())
    }

    /// The same of a key by its SHA-256.
    pub(crate) fn of_hash(&self, sha256: &[u8; 32]) -> Option<&Entry> {
        self.0.iter().fold(
            None,
            |found, entry| {
                if bool::from(entry.sha256.ct_eq(sha256)) { Some(entry) } else { found }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // `printf secret | sha256sum`
    const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    #[test]
    fn entries_are_separated_by_commas_or_lines() {
        let upper = SECRET.to_uppercase();
        let text =
            format!("acme:ingest+read:{SECRET}, b : admin : {upper}\n# a, comment\n\n c:read:{SECRET}\r\n");
        let keys = Keys::parse(&text).unwrap();
        let shown: Vec<_> = keys.0.iter().map(|entry| entry.to_string().replace(SECRET, "…")).collect();
        assert_eq!(shown, ["acme:ingest+read:…", "b:admin:…", "c:read:…"]);
        assert_eq!(Keys::parse("\n# none\n").unwrap(), Keys::default());
    }

    #[test]
    fn an_entry_that_cant_be_read_is_named_and_not_repeated() {
        for (entry, problem) in [
            (format!("acme:{SECRET}"), "tenant:scopes:sha256"),
            (format!("a b:read:{SECRET}"), "the tenant"),
            (format!("acme:write:{SECRET}"), "scopes are"),
            (format!("acme::{SECRET}"), "scopes are"),
            ("acme:read:secret".to_owned(), "64 hexadecimal digits"),
            (format!("acme:read:{SECRET}0"), "64 hexadecimal digits"),
        ] {
            let error = Keys::parse(&format!("a:read:{SECRET},{entry}")).unwrap_err();
            assert!(error.starts_with("entry 2: ") && error.contains(problem), "{error}");
            assert!(!error.contains("secret") && !error.contains(SECRET));
        }
    }

    #[test]
    fn a_key_is_for_one_tenant_and_once_there() {
        let one = Keys::parse(&format!("acme:read:{SECRET}")).unwrap();
        let other = Keys::parse(&format!("other:ingest:{SECRET}")).unwrap();
        let error = one.and(other).unwrap_err();
        assert!(error.contains("entry 2") && error.contains("entry 1") && !error.contains(SECRET), "{error}");
        assert_eq!(one.and(Keys::default()).unwrap(), one);
    }

    #[test]
    fn a_key_is_found_by_its_hash() {
        let keys = Keys::parse(&format!("acme:read+admin:{SECRET}")).unwrap();
        let entry = keys.find(b"secret").unwrap();
        assert_eq!((entry.tenant.as_str(), entry.scopes.to_string()), ("acme", "read+admin".to_owned()));
        assert!(entry.scopes.has(Scope::Read) && !entry.scopes.has(Scope::Ingest));
        for other in ["", "Secret", "secret ", SECRET] {
            assert!(keys.find(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn a_new_key_is_like_no_other_and_its_entry_can_be_configured() {
        let new = || Entry::generate(Tenant::parse("acme").unwrap(), "ingest+read".parse().unwrap());
        let ((key, entry), (other, _)) = (new(), new());
        assert!(key != other && key.len() == 46, "{key}");
        assert!(!entry.to_string().contains(&key));
        let keys = Keys::parse(&entry.to_string()).unwrap();
        assert_eq!(keys.find(key.as_bytes()), Some(&entry));
        assert!(keys.find(other.as_bytes()).is_none());
    }
}

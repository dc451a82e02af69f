//! Who makes a request, whose events it is about, and what may be done to them.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::{Tenant, Timestamp};
use serde::{Serialize, Serializer};

use crate::Config;
use crate::error::ApiError;
use crate::keys::{Entry, KeyRing, Keys, Scope, Scopes};
use crate::request::RequestId;
use crate::session::{self, Sessions};

/// Whoever made a request. Made once, in front of the handlers.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) request_id: RequestId,
    pub(crate) tenant: Tenant,
    pub(crate) scopes: Scopes,
    pub(crate) received_at: Timestamp,
    /// The end of the key, to know it by.
    pub(crate) key_end: Option<KeyEnd>,
}

/// The last characters of a key that has more of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyEnd([u8; 4]);

impl Serialize for KeyEnd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(&self.0))
    }
}

impl Caller {
    /// Somebody who has not shown a key, and needs none or has yet to.
    pub(crate) fn nobody(request_id: RequestId) -> Self {
        Self {
            request_id,
            tenant: Tenant::default(),
            scopes: Scopes::default(),
            received_at: Timestamp::now(),
            key_end: None,
        }
    }
}

/// Knows callers by their keys, or lets everyone in where there are none.
pub(crate) struct Auth {
    /// `None` where everyone is let in.
    ring: Option<KeyRing>,
    /// Those that the page's callers have signed in for.
    pub(crate) sessions: Sessions,
}

/// What is known of a key, and its end.
struct Holder {
    entry: Entry,
    key_end: Option<KeyEnd>,
}

impl Auth {
    /// An error is a key or a file that can't be read, or a secret that is none.
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        let ring = KeyRing::new(&config.api_keys, config.api_keys_file.as_deref())?;
        Ok(Self { ring, sessions: Sessions::new(config)? })
    }

    /// Whether keys are asked for.
    pub(crate) fn has_keys(&self) -> bool {
        self.ring.is_some()
    }

    /// The keys that are known now, if keys are asked for.
    pub(crate) fn keys(&self) -> Option<Arc<Keys>> {
        self.ring.as_ref().map(KeyRing::keys)
    }

    /// The cookie by which the session of these headers lasts anew, if it is time for one.
    pub(crate) fn renewed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        self.sessions.renewed(headers, &*self.keys()?)
    }

    /// Whoever sent these headers to a route of this scope; `None` is a route that anyone may call. The error is a
    /// 401 or 403, or a tenant that can't be one.
    pub(crate) fn caller(
        &self,
        request_id: RequestId,
        headers: &HeaderMap,
        scope: Option<Scope>,
    ) -> Result<Caller, ApiError> {
        let nobody = Caller::nobody(request_id);
        match (scope, &self.ring) {
            (None, _) => Ok(nobody),
            (Some(_), None) => anyone(nobody, headers, None),
            (Some(scope), Some(ring)) => let_in(nobody, headers, scope, &self.holder(ring, headers)?),
        }
    }

    /// The same for a key that may be among these others, behind those in the headers: the first that is known
    /// counts.
    pub(crate) fn find(
        &self,
        nobody: Caller,
        headers: &HeaderMap,
        others: impl Iterator<Item = Vec<u8>>,
        scope: Scope,
    ) -> Result<Caller, ApiError> {
        let written = headers.get_all("x-write-key").iter().map(|key| key.as_bytes().to_vec());
        let mut in_headers = sent_keys(headers).chain(written);
        let Some(ring) = &self.ring else {
            // It is only shown: that is worth no look into the body.
            return anyone(nobody, headers, in_headers.next().as_deref().and_then(end));
        };
        let keys = ring.keys();
        let holder = in_headers
            .chain(others)
            .find_map(|key| Some(Holder { entry: keys.find(&key)?.clone(), key_end: end(&key) }));
        let holder = holder.ok_or(ApiError::Unauthorized(
            "a write key that is known is needed: as the user of Basic, as X-Write-Key, or as writeKey",
        ))?;
        let_in(nobody, headers, scope, &holder)
    }

    /// What is known of the first key among these headers that is known, or of that of their session.
    fn holder(&self, ring: &KeyRing, headers: &HeaderMap) -> Result<Holder, ApiError> {
        let keys = ring.keys();
        let mut sent = sent_keys(headers).peekable();
        if sent.peek().is_none() {
            return self.signed_in(&keys, headers);
        }
        let mut known = sent.filter_map(|key| Some((keys.find(&key)?, end(&key))));
        let (entry, key_end) = known.next().ok_or(ApiError::Unauthorized("the key is not known"))?;
        if known.any(|(other, _)| other.tenant != entry.tenant) {
            return Err(ApiError::Forbidden("the request bears keys of several tenants"));
        }
        Ok(Holder { entry: entry.clone(), key_end })
    }

    fn signed_in(&self, keys: &Keys, headers: &HeaderMap) -> Result<Holder, ApiError> {
        if let Some(session) = self.sessions.find(headers, keys) {
            return Ok(Holder { entry: session.entry.clone(), key_end: None });
        }
        Err(ApiError::Unauthorized(if session::is_sent(headers) {
            "the session has ended: please sign in again"
        } else {
            "a key is needed: send it as Authorization: Bearer, as X-Api-Key, or as the user of Basic"
        }))
    }

    /// Reads the file of keys again when it changes, for ever.
    pub(crate) async fn watch(&self) {
        match &self.ring {
            Some(ring) => ring.watch().await,
            None => std::future::pending().await,
        }
    }
}

/// Whoever the headers name, where keys are not asked for.
fn anyone(nobody: Caller, headers: &HeaderMap, key_end: Option<KeyEnd>) -> Result<Caller, ApiError> {
    let tenant = named_tenant(headers)?.unwrap_or_default();
    Ok(Caller { tenant, scopes: Scopes::ALL, key_end, ..nobody })
}

/// The holder of a key, if it is for this scope.
fn let_in(nobody: Caller, headers: &HeaderMap, scope: Scope, holder: &Holder) -> Result<Caller, ApiError> {
    let Holder { entry: Entry { tenant, scopes, .. }, key_end } = holder;
    if !scopes.has(scope) {
        return Err(ApiError::NotInScope(scope.name()));
    }
    if named_tenant(headers)?.is_some_and(|named| named != *tenant) {
        return Err(ApiError::Forbidden("X-Tenant must name the tenant of the key"));
    }
    Ok(Caller { tenant: tenant.clone(), scopes: *scopes, key_end: *key_end, ..nobody })
}

fn end(key: &[u8]) -> Option<KeyEnd> {
    key.last_chunk().filter(|end| key.len() > end.len()).copied().map(KeyEnd)
}

/// The keys that a request bears.
fn sent_keys(headers: &HeaderMap) -> impl Iterator<Item = Vec<u8>> {
    let authorizations = headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(rest.as_bytes().to_vec());
        }
        let pair = scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(rest).ok())??;
        pair.split(|byte| *byte == b':').next().map(<[u8]>::to_vec)
    });
    let named = headers.get_all("x-api-key").iter().map(HeaderValue::as_bytes).map(<[u8]>::to_vec);
    authorizations.chain(named).filter(|key| !key.is_empty())
}

/// The tenant that the `X-Tenant` header names.
fn named_tenant(headers: &HeaderMap) -> Result<Option<Tenant>, ApiError> {
    let mut names = headers.get_all("x-tenant").iter();
    let Some(name) = names.next() else { return Ok(None) };
    if names.next().is_some() {
        return Err(ApiError::Invalid("X-Tenant must be there once".into()));
    }
    Ok(Some(Tenant::parse(name.to_str().unwrap_or_default())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    // `printf secret | sha256sum`
    const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    fn auth(api_keys: &str) -> Auth {
        Auth::new(&Config { api_keys: api_keys.into(), ..Config::default() }).unwrap()
    }

    fn caller(
        auth: &Auth,
        scope: Option<Scope>,
        headers: &[(&'static str, &str)],
    ) -> Result<Caller, ApiError> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let headers = headers.collect();
        auth.caller(RequestId::of(&headers), &headers, scope)
    }

    #[test]
    fn without_keys_the_header_names_the_tenant_and_everything_may_be_done() {
        let auth = auth("");
        let found = caller(&auth, Some(Scope::Admin), &[("x-tenant", "acme")]).unwrap();
        assert_eq!((found.tenant.as_str(), found.scopes), ("acme", Scopes::ALL));
        assert_eq!(caller(&auth, Some(Scope::Read), &[]).unwrap().tenant, Tenant::default());
        assert!(caller(&auth, Some(Scope::Read), &[("x-tenant", "a b")]).is_err());
    }

    #[test]
    fn a_key_must_be_known_and_for_the_route() {
        let auth = auth(&format!("acme:read:{SECRET}"));
        let refused =
            |scope, headers: &[_]| caller(&auth, Some(scope), headers).unwrap_err().status_and_code().0;
        assert_eq!(
            caller(&auth, Some(Scope::Read), &[("x-api-key", "secret")]).unwrap().tenant.as_str(),
            "acme"
        );
        assert_eq!(refused(Scope::Ingest, &[("x-api-key", "secret")]), 403);
        assert_eq!(refused(Scope::Read, &[("x-api-key", "other")]), 401);
        assert_eq!(refused(Scope::Read, &[]), 401);
        // The first key that is known counts.
        let two = [("authorization", "Bearer other"), ("x-api-key", "secret")];
        assert!(caller(&auth, Some(Scope::Read), &two).is_ok());
        assert!(caller(&auth, None, &[]).is_ok());
    }

    #[test]
    fn keys_of_two_tenants_are_not_taken_together() {
        let (key, entry) = Entry::generate(Tenant::parse("b").unwrap(), Scopes::ALL);
        let auth = auth(&format!("acme:read:{SECRET},{entry}"));
        let both = [("authorization", &*format!("Bearer {key}")), ("x-api-key", "secret")];
        assert_eq!(caller(&auth, Some(Scope::Read), &both).unwrap_err().status_and_code().0, 403);
        let once = [("x-api-key", &*key), ("x-api-key", &*key)];
        assert!(caller(&auth, Some(Scope::Read), &once).is_ok());
    }
}

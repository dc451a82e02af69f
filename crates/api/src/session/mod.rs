//! Sign-in of the page: somebody shows a key once, and is known by a cookie from then on.
//!
//! What the cookie holds is signed, and kept nowhere: it names a key by its hash and says until when it counts. Nobody
//! can make one without the secret, not even who knows the hashes from the configuration.

mod cookie;
pub(crate) mod handlers;
mod token;

use axum::http::{HeaderMap, HeaderValue};
use model::Timestamp;
use sha2::{Digest, Sha512};

use self::token::{Secret, Token};
use crate::Config;
use crate::keys::{Entry, Keys};

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// How long a session lasts that is not used.
const LIFE_MS: i64 = 12 * HOUR_MS;

/// How long a session lasts at most, however often it is used.
const LONGEST_MS: i64 = 30 * 24 * HOUR_MS;

/// One that is used lasts anew, but no cookie is set more often.
const RENEWED_AFTER_MS: i64 = HOUR_MS;

/// In characters. A secret that can be guessed lets others in.
const SHORTEST_SECRET: usize = 32;

/// Makes sessions, and knows its own.
pub(crate) struct Sessions {
    secret: Secret,
}

/// A session that counts.
pub(crate) struct Session<'a> {
    pub(crate) entry: &'a Entry,
    token: Token,
}

impl Sessions {
    /// Without a configured secret, one of this process. The error is a secret that is too short.
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        let Some(secret) = &config.session_secret else { return Ok(Self { secret: rand::random() }) };
        anyhow::ensure!(
            secret.len() >= SHORTEST_SECRET,
            "SESSION_SECRET must have at least {SHORTEST_SECRET} characters, and be hard to guess"
        );
        Ok(Self { secret: Sha512::digest(secret).into() })
    }

    /// The session that a request bears, if it is not over and its key is still known.
    pub(crate) fn find<'a>(&self, headers: &HeaderMap, keys: &'a Keys) -> Option<Session<'a>> {
        let token = cookie::sent(headers).find_map(|sent| Token::read(sent, &self.secret))?;
        let is_over = token.expires_ms <= Timestamp::now().millis();
        keys.of_hash(&token.key).filter(|_| !is_over).map(|entry| Session { entry, token })
    }

    /// The cookie by which the request's session lasts anew, if it is time for one.
    pub(crate) fn renewed(&self, headers: &HeaderMap, keys: &Keys) -> Option<HeaderValue> {
        let Session { entry, token } = self.find(headers, keys)?;
        let is_due = token.expires_ms <= Timestamp::now().millis() + LIFE_MS - RENEWED_AFTER_MS;
        let ends_later = token.expires_ms < token.ends_ms;
        (is_due && ends_later).then(|| self.lasting(entry, token.is_secure, token.ends_ms).1)
    }

    /// A new session of this key, and its cookie. A secure one is for connections with TLS alone.
    pub(crate) fn begin<'a>(&self, entry: &'a Entry, is_secure: bool) -> (Session<'a>, HeaderValue) {
        self.lasting(entry, is_secure, Timestamp::now().millis() + LONGEST_MS)
    }

    fn lasting<'a>(&self, entry: &'a Entry, is_secure: bool, ends_ms: i64) -> (Session<'a>, HeaderValue) {
        let now = Timestamp::now().millis();
        let expires_ms = ends_ms.min(now + LIFE_MS);
        let token = Token { is_secure, expires_ms, ends_ms, key: *entry.sha256() };
        let cookie = cookie::set(&token.signed(&self.secret), (expires_ms - now) / 1_000, is_secure);
        (Session { entry, token }, cookie)
    }
}

impl Session<'_> {
    /// When it is over unless it is used.
    fn expires_at(&self) -> Option<Timestamp> {
        Timestamp::from_millis(self.token.expires_ms)
    }
}

/// Whether a request bears a session, whatever became of it.
pub(crate) fn is_sent(headers: &HeaderMap) -> bool {
    cookie::sent(headers).next().is_some()
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;
    use crate::keys::Scopes;

    fn sessions(secret: Option<&str>) -> Sessions {
        let config = Config { session_secret: secret.map(str::to_owned), ..Config::default() };
        Sessions::new(&config).unwrap()
    }

    fn keys(tenants: &[&str]) -> (Keys, Vec<Entry>) {
        let new = |tenant: &&str| Entry::generate(model::Tenant::parse(tenant).unwrap(), Scopes::ALL).1;
        let entries: Vec<_> = tenants.iter().map(new).collect();
        let texts: Vec<_> = entries.iter().map(ToString::to_string).collect();
        (Keys::parse(&texts.join(",")).unwrap(), entries)
    }

    /// What a browser sends that was told to set this.
    fn bearing(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        HeaderMap::from_iter([(header::COOKIE, format!("other=1; {pair}").parse().unwrap())])
    }

    #[test]
    fn a_session_is_of_one_key_for_as_long_as_that_is_known() {
        let (sessions, (keys, entries)) = (sessions(None), keys(&["acme", "other"]));
        let headers = bearing(&sessions.begin(&entries[1], false).1);
        assert_eq!(sessions.find(&headers, &keys).unwrap().entry.tenant.as_str(), "other");
        let (fewer, _) = self::keys(&["acme"]);
        assert!(sessions.find(&headers, &fewer).is_none());
        assert!(sessions.renewed(&headers, &keys).is_none());
    }

    #[test]
    fn a_session_counts_where_the_secret_is_the_same() {
        let (keys, entries) = keys(&["acme"]);
        let secret = Some("0123456789abcdef0123456789abcdef");
        let headers = bearing(&sessions(secret).begin(&entries[0], false).1);
        assert!(sessions(secret).find(&headers, &keys).is_some());
        for other in [None, Some("0123456789abcdef0123456789abcdeF")] {
            assert!(sessions(other).find(&headers, &keys).is_none());
        }
        let short = Config { session_secret: Some("short".into()), ..Config::default() };
        assert!(Sessions::new(&short).err().unwrap().to_string().contains("SESSION_SECRET"));
    }

    #[test]
    fn a_session_that_is_used_lasts_and_one_that_is_not_ends() {
        let (sessions, (keys, entries)) = (sessions(None), keys(&["acme"]));
        let ending = |expires_ms: i64, ends_ms: i64| {
            let now = Timestamp::now().millis();
            let (expires_ms, ends_ms) = (now + expires_ms, now + ends_ms);
            let token = Token { is_secure: true, expires_ms, ends_ms, key: *entries[0].sha256() };
            bearing(&cookie::set(&token.signed(&sessions.secret), 1, true))
        };
        let lasting = |expires_ms| ending(expires_ms, LONGEST_MS);
        assert!(
            sessions.find(&lasting(-1), &keys).is_none() && sessions.renewed(&lasting(-1), &keys).is_none()
        );
        assert!(sessions.find(&lasting(60_000), &keys).is_some());
        let renewed = sessions.renewed(&lasting(LIFE_MS - RENEWED_AFTER_MS), &keys).unwrap();
        assert!(renewed.to_str().unwrap().ends_with("; Secure"), "{renewed:?}");
        let begun = sessions.find(&bearing(&renewed), &keys).unwrap();
        assert!(begun.token.expires_ms > Timestamp::now().millis() + LIFE_MS - 60_000);
        // Its last hours are not followed by others.
        let last = sessions.renewed(&ending(HOUR_MS, 2 * HOUR_MS), &keys).unwrap();
        let last = bearing(&last);
        assert!(
            sessions.find(&last, &keys).unwrap().token.expires_ms <= Timestamp::now().millis() + 2 * HOUR_MS
        );
        assert!(sessions.renewed(&last, &keys).is_none());
    }
}

//! Who may ask: whoever knows the password, if the engine has one. It is taken where ClickHouse takes it.

use std::sync::Arc;

use axum::{
    extract::{Query, Request, State},
    http::{HeaderMap, Uri, header},
    middleware::Next,
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq;

use super::response;
use crate::exception::{Exception, code};

/// The one user there is.
const USER: &str = "default";

/// The engine's password, if it has one.
pub(super) type Password = Option<Arc<str>>;

/// Answers 403 to whoever does not know the password.
pub(super) async fn ask(State(password): State<Password>, request: Request, next: Next) -> Response {
    let allowed = password.is_none_or(|password| {
        let (user, given) = credentials(request.uri(), request.headers());
        // In the same time whatever is wrong, and however much of it.
        let user = user.is_empty() || user == USER;
        bool::from(given.as_bytes().ct_eq(password.as_bytes())) && user
    });
    if !allowed {
        let message =
            "default: Authentication failed: password is incorrect, or there is no user with such name";
        let failed = Exception::new(code::AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED", message);
        return response::failed(&failed, "");
    }
    next.run(request).await
}

/// User and password: of ClickHouse's own headers, else by HTTP's Basic scheme, else of the URL.
fn credentials(uri: &Uri, headers: &HeaderMap) -> (String, String) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (user, password) = (header("X-ClickHouse-User"), header("X-ClickHouse-Key"));
    if user.is_some() || password.is_some() {
        return (user.unwrap_or_default(), password.unwrap_or_default());
    }
    if let Some(authorization) = header(header::AUTHORIZATION.as_str()) {
        return basic(&authorization).unwrap_or_default();
    }
    let url = Query::<Vec<(String, String)>>::try_from_uri(uri).map(|url| url.0).unwrap_or_default();
    let parameter = |name| url.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    (parameter("user").unwrap_or_default(), parameter("password").unwrap_or_default())
}

fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(uri: &str, headers: &[(&str, &str)]) -> (String, String) {
        let name = |name: &str| header::HeaderName::from_bytes(name.as_bytes()).unwrap();
        let headers = headers.iter().map(|(key, value)| (name(key), value.parse().unwrap()));
        credentials(&uri.parse().unwrap(), &headers.collect())
    }

    #[test]
    fn a_password_is_found_wherever_clickhouse_takes_it() {
        let expected = ("default".to_owned(), "a:b".to_owned());
        assert_eq!(given("/", &[("X-ClickHouse-User", "default"), ("X-ClickHouse-Key", "a:b")]), expected);
        assert_eq!(given("/", &[("Authorization", "Basic ZGVmYXVsdDphOmI=")]), expected);
        assert_eq!(given("/?user=default&password=a%3Ab", &[]), expected);
        for nothing in ["Basic", "Basic ?", "Bearer a:b", "Basic ZGVmYXVsdA=="] {
            assert_eq!(given("/?password=x", &[("Authorization", nothing)]), <_>::default(), "{nothing}");
        }
    }
}

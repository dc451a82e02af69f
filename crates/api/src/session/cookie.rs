//! The cookie of a session: no script reads it, and no other site makes a browser send it.

use axum::http::{HeaderMap, HeaderValue, header};

const NAME: &str = "millrace_session";

/// What requests bear under its name: other paths or hosts may have set one too.
pub(super) fn sent(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.filter_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
}

/// Has the browser keep it for so many seconds, and send it over TLS alone if it is secure.
pub(super) fn set(value: &str, seconds: i64, is_secure: bool) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(text).unwrap_or_else(|_| forgotten())
}

/// Has the browser forget it.
pub(super) fn forgotten() -> HeaderValue {
    HeaderValue::from_static("millrace_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_among_others() {
        let headers = HeaderMap::from_iter([(
            header::COOKIE,
            "a=b; millrace_session=x=; millrace_sessions=y;millrace_session=z".parse().unwrap(),
        )]);
        assert_eq!(sent(&headers).collect::<Vec<_>>(), ["x=", "z"]);
        assert_eq!(sent(&HeaderMap::new()).count(), 0);
    }

    #[test]
    fn no_script_and_no_other_site_gets_at_it() {
        let text = |secure| set("x", 60, secure).to_str().unwrap().to_owned();
        assert_eq!(text(false), "millrace_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict");
        assert_eq!(text(true), format!("{}; Secure", text(false)));
        assert!(forgotten().to_str().unwrap().starts_with(&format!("{NAME}=;")));
    }
}

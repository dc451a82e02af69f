//! A file as browsers are sent it: in an encoding that they take, with what caches and browsers should know.

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use rust_embed::RustEmbed;

use crate::embedded::{File, file};
use crate::encoding::{Encoding, accepted};
use crate::path;

const INDEX: &str = "index.html";
pub(crate) const DOCS: &str = "docs.html";

/// What is shown in place of the page where there is none.
const NOT_BUILT: &str = include_str!("not_built.html");

/// What the page may load and do: its own scripts and styles, calls of this API. Texts never become markup: only what
/// Svelte has compiled does, through a Trusted Types policy of its own.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

/// Of every answer.
const SAFE: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

pub(crate) fn under_ui<E: RustEmbed>(path: &str, headers: &HeaderMap) -> Option<Response<Bytes>> {
    if path::is_of_file(path) {
        return sent::<E>(path, headers);
    }
    Some(document::<E>(INDEX, headers))
}

/// One of the build's documents, or in its place why there is none.
pub(crate) fn document<E: RustEmbed>(path: &str, headers: &HeaderMap) -> Response<Bytes> {
    sent::<E>(path, headers).unwrap_or_else(not_built)
}

/// The file of this path, if there is one.
fn sent<E: RustEmbed>(path: &str, headers: &HeaderMap) -> Option<Response<Bytes>> {
    let content_type = path::content_type(path)?;
    let (File { bytes, etag }, encoding) = best::<E>(path, headers)?;
    let is_known = knows(headers, &etag);
    let mut response = safe(if is_known { Bytes::new() } else { bytes });
    let answered = response.headers_mut();
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static(path::cache_control(path)));
    answered.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    answered.insert(header::ETAG, HeaderValue::from_str(&etag).ok()?);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Some(response);
    }
    answered.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(encoding) = encoding {
        answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    }
    Some(response)
}

/// The file in the best encoding that it was built in and the client takes.
fn best<E: RustEmbed>(path: &str, headers: &HeaderMap) -> Option<(File, Option<Encoding>)> {
    let encoded = |encoding: Encoding| {
        let file = file::<E>(&format!("{path}{}", encoding.suffix()))?;
        Some((file, Some(encoding)))
    };
    accepted(headers).into_iter().find_map(encoded).or_else(|| Some((file::<E>(path)?, None)))
}

/// Whether the client has this already.
fn knows(headers: &HeaderMap, etag: &str) -> bool {
    let sent = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = sent.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

fn not_built() -> Response<Bytes> {
    let mut response = safe(Bytes::from_static(NOT_BUILT.as_bytes()));
    *response.status_mut() = StatusCode::NOT_FOUND;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn safe(bytes: Bytes) -> Response<Bytes> {
    let mut response = Response::new(bytes);
    for (name, value) in SAFE {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests;

//! The web page, embedded: the files that the build of `web/` leaves in `web/dist`, and how browsers are sent them.
//!
//! Knows files, caches and encodings; nothing of the API or of what the page shows.

mod answer;
mod embedded;
mod encoding;
mod path;

use bytes::Bytes;
use http::{HeaderMap, Response};

use embedded::Dist;

/// Answers a `GET` of this path under `/ui/`, given without that, by these request headers. What names no file is a
/// place of the page, which finds out by itself where it is; `None` is an unknown file.
pub fn under_ui(path: &str, headers: &HeaderMap) -> Option<Response<Bytes>> {
    answer::under_ui::<Dist>(path, headers)
}

/// Answers a `GET` of the API's description for people, likewise.
pub fn docs(headers: &HeaderMap) -> Response<Bytes> {
    answer::document::<Dist>(answer::DOCS, headers)
}

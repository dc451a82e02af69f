//! The files in the binary.

use std::borrow::Cow;

use bytes::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `make web` has built; nothing if it has not. Also of debug builds, so that tests see what is released.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
pub(crate) struct Dist;

/// A file as it is sent.
pub(crate) struct File {
    pub(crate) bytes: Bytes,
    /// With its quotes. Says what the bytes are, and so differs between the encodings of a file.
    pub(crate) etag: String,
}

/// The file of this path among these.
pub(crate) fn file<E: RustEmbed>(path: &str) -> Option<File> {
    let EmbeddedFile { data, metadata } = E::get(path)?;
    let bytes = match data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    let sha256 = metadata.sha256_hash();
    let (start, _) = sha256.split_at(16);
    Some(File { bytes, etag: format!("\"{}\"", hex::encode(start)) })
}

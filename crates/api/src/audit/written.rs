//! A trail in one of its formats, with the digest of its records if one is wanted.

use serde::Serialize;
use sha2::{Digest, Sha256};
use store::StoreError;

use super::asked::Format;
use super::trail::Trail;
use super::{csv, record};
use crate::reply::Meta;
use crate::streamed::Listing;

/// A trail being written: in JSON a page of it, else all.
pub(super) struct Written {
    trail: Trail,
    format: Format,
    /// Of the records so far, each with a line feed behind it: the same in every format.
    digest: Option<Sha256>,
}

impl Written {
    pub(super) fn new(trail: Trail, format: Format, with_digest: bool) -> Self {
        Self { trail, format, digest: with_digest.then(Sha256::new) }
    }
}

impl Listing for Written {
    /// A line, or an element of the list.
    type Item = String;

    fn content_type(&self) -> &'static str {
        match self.format {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Ndjson => "application/x-ndjson; charset=utf-8",
        }
    }

    fn head(&self) -> &'static [u8] {
        match self.format {
            Format::Json => br#"{"success":true,"data":["#,
            Format::Csv => csv::HEAD,
            Format::Ndjson => b"",
        }
    }

    fn separator(&self) -> &'static [u8] {
        if self.format == Format::Json { b"," } else { b"" }
    }

    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        let next = match self.format {
            Format::Json => self.trail.next_of_page(),
            Format::Csv | Format::Ndjson => self.trail.next().await?,
        };
        let Some((key, stored)) = next else { return Ok(None) };
        let written = record::of(&key, &stored).and_then(|mut record| {
            if let Some(digest) = &mut self.digest {
                digest.update(&record);
                digest.update("\n");
            }
            match self.format {
                Format::Json => {}
                Format::Csv => return csv::row(&record),
                Format::Ndjson => record.push('\n'),
            }
            Ok(record)
        });
        let foreign = |error| StoreError::Foreign(format!("event {}: no record: {error}", key.id));
        written.map(Some).map_err(foreign)
    }

    fn write(&self, line: &String, chunk: &mut Vec<u8>) {
        chunk.extend(line.bytes());
    }

    fn tail(&self, chunk: &mut Vec<u8>) {
        let digest = self.digest.clone().map(|digest| hex::encode(digest.finalize()));
        let tail = match (self.format, digest) {
            (Format::Json, digest) => Beside::of(&self.trail, digest).written(),
            (Format::Csv, Some(digest)) => csv::digest(&digest),
            (Format::Ndjson, Some(digest)) => format!("{{\"digest\":\"{digest}\"}}\n"),
            (Format::Csv | Format::Ndjson, None) => return,
        };
        chunk.extend(tail.bytes());
    }
}

/// What stands beside the data in the envelope.
#[derive(Serialize)]
struct Beside<'a> {
    meta: Meta,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    request_id: &'a str,
}

impl<'a> Beside<'a> {
    fn of(trail: &'a Trail, digest: Option<String>) -> Self {
        let next_cursor = trail.cursor().map(|cursor| cursor.to_string());
        Self {
            meta: trail.asked().meta(),
            next_cursor,
            digest,
            request_id: trail.asked().request_id().as_str(),
        }
    }

    /// With the end of the list in front of it.
    fn written(&self) -> String {
        let object = serde_json::to_string(self).unwrap_or_default();
        object.replacen('{', "],", 1)
    }
}

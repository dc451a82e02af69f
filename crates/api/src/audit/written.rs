//! A trail in one of its formats, with the digest of its records if one is wanted.

use model::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::StoreError;
use utoipa::ToSchema;

use super::asked::Format;
use super::histories::Told;
use super::trail::Trail;
use super::{csv, histories, record};
use crate::reply::Meta;
use crate::streamed::Listing;

/// A trail being written: in JSON a page of it, else all.
pub(super) struct Written {
    trail: Trail,
    format: Format,
    /// Of the records so far, each with a line feed behind it: the same in every format.
    digest: Option<Sha256>,
    /// Where histories are wanted.
    told: Option<Told>,
}

impl Written {
    pub(super) fn new(trail: Trail, format: Format, with_digest: bool, told: Option<Told>) -> Self {
        Self { trail, format, digest: with_digest.then(Sha256::new), told }
    }

    fn beside(&self, digest: Option<String>) -> Beside<'_> {
        let asked = self.trail.asked();
        Beside {
            meta: AuditMeta { asked: asked.meta(), history_from: self.told.as_ref().and_then(Told::from) },
            next_cursor: self.trail.cursor().map(|cursor| cursor.to_string()),
            digest,
            request_id: asked.request_id().as_str(),
        }
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
        let Some(event) = next else { return Ok(None) };
        let history = match &mut self.told {
            Some(told) => Some(told.next(self.trail.asked(), &event, self.trail.rest_of_page()).await),
            None => None,
        };
        let (key, stored) = event;
        let written = record::of(&key, &stored).and_then(|mut record| {
            if let Some(digest) = &mut self.digest {
                digest.update(&record);
                digest.update("\n");
            }
            if let Some(history) = &history {
                record = histories::with_history(record, history)?;
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
            (Format::Json, digest) => self.beside(digest).written(),
            (Format::Csv, Some(digest)) => csv::digest(&digest),
            (Format::Ndjson, Some(digest)) => format!("{{\"digest\":\"{digest}\"}}\n"),
            (Format::Csv | Format::Ndjson, None) => return,
        };
        chunk.extend(tail.bytes());
    }
}

/// `meta` of a page.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditMeta {
    #[serde(flatten)]
    asked: Meta,
    /// With `history=true`, where the topic has lost what may have been of these events: from when on it has all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    history_from: Option<Timestamp>,
}

/// What stands beside the data in the envelope.
#[derive(Serialize)]
struct Beside<'a> {
    meta: AuditMeta,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    request_id: &'a str,
}

impl Beside<'_> {
    /// With the end of the list in front of it.
    fn written(&self) -> String {
        let object = serde_json::to_string(self).unwrap_or_default();
        object.replacen('{', "],", 1)
    }
}

//! Reads a range of a topic from the log's file.

use std::collections::{BTreeMap, VecDeque};

use model::Timestamp;
use rusqlite::Connection;
use tokio::task::spawn_blocking;

use super::positions::append_ms;
use super::reader::delivery;
use super::topics::{Standing, missing, standings};
use super::{Log, file};
use crate::range::{CHUNK_BYTES, From, RangeReader, Reader, Span};
use crate::{BusError, Delivery, Topic};

/// A connection of its own, and what it has yet to read.
pub(crate) struct ChunkReader {
    file: Connection,
    parts: VecDeque<Part>,
}

/// What is left of one partition.
struct Part {
    partition: i32,
    slot: i64,
    next: i64,
    end: i64,
}

pub(crate) async fn read_range(log: &Log, topic: &Topic, from: From) -> Result<RangeReader, BusError> {
    let file = file::open_to_read(&log.0.path)?;
    let topic = topic.name.clone();
    match spawn_blocking(move || open(file, &topic, &from)).await {
        Ok(opened) => opened.map_err(unavailable)?,
        Err(stopped) => Err(unavailable(stopped)),
    }
}

fn open(file: Connection, topic: &str, from: &From) -> rusqlite::Result<Result<RangeReader, BusError>> {
    // Of no group: only begins and ends are asked for.
    let all = standings(&file, topic, "")?;
    if all.is_empty() {
        return Ok(Err(missing(topic)));
    }
    if let Some(partition) = from.missing(|named| all.iter().any(|at| at.partition == named)) {
        return Ok(Err(BusError::no_partition(topic, partition)));
    }
    let (mut spans, mut parts) = (BTreeMap::new(), VecDeque::new());
    for Standing { partition, slot, begin, end, .. } in all {
        let since = |at: &Timestamp| first_since(&file, topic, partition, (begin, end), at.millis());
        let start = match from {
            From::Beginning => Some(begin),
            From::Time(at) => Some(since(at)?),
            From::Times(times) => times.get(&partition).map(since).transpose()?,
            From::Offsets(offsets) => offsets.get(&partition).copied(),
        };
        let Some(start) = start else { continue };
        let span = Span::new(start, begin, end);
        spans.insert(partition, span);
        parts.push_back(Part { partition, slot, next: span.begin, end });
    }
    Ok(Ok(RangeReader::new(spans, Reader::Log(ChunkReader { file, parts }))))
}

/// The first offset appended at this time or later: append times never decrease within a partition.
fn first_since(
    file: &Connection,
    topic: &str,
    partition: i32,
    (mut low, mut high): (i64, i64),
    since_ms: i64,
) -> rusqlite::Result<i64> {
    while low < high {
        let middle = low + (high - low) / 2;
        match append_ms(file, topic, partition, middle)? {
            Some(appended) if appended < since_ms => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

impl ChunkReader {
    /// See [`Reader`].
    pub(crate) fn read(&mut self) -> Result<Vec<Delivery>, BusError> {
        while let Some(part) = self.parts.front_mut() {
            let chunk = read_part(&self.file, part).map_err(unavailable)?;
            if let Some(last) = chunk.last() {
                part.next = last.offset + 1;
                return Ok(chunk);
            }
            self.parts.pop_front();
        }
        Ok(Vec::new())
    }
}

fn read_part(file: &Connection, part: &Part) -> rusqlite::Result<Vec<Delivery>> {
    let mut statement = file.prepare_cached(
        "SELECT id, append_ms, key, value, headers FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id",
    )?;
    let mut rows = statement.query((file::row(part.slot, part.next), file::row(part.slot, part.end)))?;
    let (mut chunk, mut bytes) = (Vec::new(), 0);
    while bytes < CHUNK_BYTES
        && let Some(row) = rows.next()?
    {
        let delivery = delivery(part.partition, row)?;
        bytes += delivery.bytes();
        chunk.push(delivery);
    }
    Ok(chunk)
}

fn unavailable(reason: impl ToString) -> BusError {
    BusError::unavailable("reading a range of the log", reason)
}

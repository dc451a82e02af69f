//! A part of a topic, read once, from some place to where the topic ended when it was opened.

use std::collections::BTreeMap;
use std::vec;

use model::Timestamp;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{BusError, Delivery, Offsets, kafka, log};

/// About what one reading of the log brings into memory, in bytes; a range holds at most two.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// Where a range begins.
#[derive(Clone, Debug)]
pub enum From {
    /// At the first record of each partition.
    Beginning,
    /// At the first record of each partition that was appended at this time or later.
    Time(Timestamp),
    /// The same at a time of its own for each of these partitions, of them alone.
    Times(BTreeMap<i32, Timestamp>),
    /// At these offsets, of these partitions alone; at the first record that is still there.
    Offsets(Offsets),
}

impl From {
    /// One of the partitions that are named and that are not among those of the topic.
    pub(crate) fn missing(&self, is_there: impl Fn(i32) -> bool) -> Option<i32> {
        let is_missing = |partition: &i32| !is_there(*partition);
        match self {
            Self::Beginning | Self::Time(_) => None,
            Self::Times(times) => times.keys().copied().find(is_missing),
            Self::Offsets(offsets) => offsets.keys().copied().find(is_missing),
        }
    }
}

/// The part of one partition that belongs to a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first offset that is still there in the partition.
    pub first: i64,
    /// The first offset of the range in the partition.
    pub begin: i64,
    /// The first offset behind the range. Not every offset before it need be a record.
    pub end: i64,
    /// The next offset that is to be delivered.
    pub next: i64,
}

impl Span {
    /// From `start`, as far as the partition reaches there.
    pub(crate) fn new(start: i64, first: i64, end: i64) -> Self {
        let begin = start.max(first).min(end);
        Self { first, begin, end, next: begin }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.next >= self.end
    }
}

/// Reads every record from some place to where the topic ended when the range was opened: in the
/// order of offsets within a partition, in no order between them. Belongs to no group.
pub struct RangeReader {
    spans: BTreeMap<i32, Span>,
    chunk: vec::IntoIter<Delivery>,
    /// Reads the next chunk while this one is being taken; `None` at the end.
    reading: Option<JoinHandle<Read>>,
}

/// What reads, unless it has come to the end, and what it read.
struct Read(Option<Reader>, Result<Vec<Delivery>, BusError>);

pub(crate) enum Reader {
    Kafka(kafka::ChunkReader),
    Log(log::ChunkReader),
}

impl Reader {
    /// The next records, none only at the end. Blocks. What fails may be tried again.
    fn read(&mut self) -> Result<Vec<Delivery>, BusError> {
        match self {
            Self::Kafka(reader) => reader.read(),
            Self::Log(reader) => reader.read(),
        }
    }

    fn start(mut self) -> JoinHandle<Read> {
        spawn_blocking(move || {
            let chunk = self.read();
            let at_the_end = chunk.as_ref().is_ok_and(Vec::is_empty);
            Read((!at_the_end).then_some(self), chunk)
        })
    }
}

impl RangeReader {
    pub(crate) fn new(spans: BTreeMap<i32, Span>, reader: Reader) -> Self {
        Self { spans, chunk: Vec::new().into_iter(), reading: Some(reader.start()) }
    }

    /// Each partition that it covers, with how far it has come.
    pub fn spans(&self) -> &BTreeMap<i32, Span> {
        &self.spans
    }

    /// How many offsets are yet to come.
    pub fn remaining(&self) -> i64 {
        self.spans.values().map(|span| span.end - span.next).sum()
    }

    /// The next record; `None` at the end. After an error that is retryable it goes on where it was.
    /// Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<Delivery, BusError>> {
        loop {
            if let Some(delivery) = self.chunk.next() {
                if let Some(span) = self.spans.get_mut(&delivery.partition) {
                    span.next = delivery.offset + 1;
                }
                return Some(Ok(delivery));
            }
            let read = self.reading.as_mut()?.await;
            self.reading = None;
            let Read(reader, chunk) = match read {
                Ok(read) => read,
                Err(stopped) => return Some(Err(BusError::Refused(format!("reading has ended: {stopped}")))),
            };
            match reader {
                Some(reader) => self.reading = Some(reader.start()),
                None => self.spans.values_mut().for_each(|span| span.next = span.end),
            }
            match chunk {
                Ok(chunk) => self.chunk = chunk.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Drop for RangeReader {
    /// A client of Kafka may take a while to end: no async thread is to wait for that.
    fn drop(&mut self) {
        if let (Some(reading), Ok(runtime)) = (self.reading.take(), Handle::try_current()) {
            runtime.spawn_blocking(move || drop(reading));
        }
    }
}

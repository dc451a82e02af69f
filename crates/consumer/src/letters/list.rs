//! `dead-letters list`: a line for each letter.

use std::io::Write;

use bus::Channels;
use model::Timestamp;
use serde::Serialize;

use super::error::LettersError;
use super::filter::Filter;
use super::letter::Letter;
use super::marks::Marks;
use super::read::Letters;

/// A line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    time: Timestamp,
    reason: &'a str,
    event_id: Option<String>,
    topic: &'a str,
    partition: i32,
    offset: i64,
    error: &'a str,
    /// Of the message's value.
    bytes: usize,
    /// Whether the message is too large to be in the letter.
    truncated: bool,
    /// When its message was put back for the last time.
    replayed_at: Option<Timestamp>,
}

impl<'a> Line<'a> {
    fn of(letter: &'a Letter, marks: &Marks) -> Self {
        Self {
            id: letter.id,
            time: letter.at,
            reason: &letter.reason,
            event_id: letter.event_id(),
            topic: &letter.place.topic,
            partition: letter.place.partition,
            offset: letter.place.offset,
            error: &letter.error,
            bytes: letter.left_out.unwrap_or(letter.value.len()),
            truncated: letter.left_out.is_some(),
            replayed_at: marks.of(&letter.place),
        }
    }
}

pub(super) async fn list(
    channels: &Channels,
    filter: Filter,
    json: bool,
    out: &mut impl Write,
) -> Result<(), LettersError> {
    let marks = Marks::read(channels).await?;
    let mut letters = Letters::open(channels, filter).await?;
    if !json {
        let columns = ("id", "time", "reason", "event id", "from", "replayed", "error");
        write_row(out, columns)?;
    }
    while let Some(letter) = letters.next().await? {
        let line = Line::of(&letter, &marks);
        if json {
            serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
            writeln!(out)?;
            continue;
        }
        let (id, time, place) = (line.id.to_string(), line.time.to_string(), letter.place.to_string());
        let event_id = line.event_id.unwrap_or_default();
        let replayed = if line.replayed_at.is_some() { "yes" } else { "no" };
        write_row(out, (&id, &time, line.reason, &event_id, &place, replayed, line.error))?;
    }
    Ok(())
}

type Row<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, &'a str, &'a str);

fn write_row(out: &mut impl Write, row: Row<'_>) -> std::io::Result<()> {
    let (id, time, reason, event_id, from, replayed, error) = row;
    let (reason, event_id, from) = (printable(reason), printable(event_id), printable(from));
    let error = printable(error);
    writeln!(out, "{id:>6}  {time:<24}  {reason:<17}  {event_id:<36}  {from:<16}  {replayed:<8}  {error}")
}

/// What others wrote, without what a terminal would obey.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

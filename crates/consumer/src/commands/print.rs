//! Dead letters as text for people, without what a terminal would obey.

use std::io::{self, Write};

use dead_letters::{Letter, Origin, Place, Replayed, Shown, Summary};

/// The names of the columns of a list.
pub(super) fn head(out: &mut impl Write) -> io::Result<()> {
    row(out, ("id", "time", "reason", "event id", "from", "replayed", "error"))
}

/// One letter of a list.
pub(super) fn line(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let Summary { id, time, reason, event_id, topic, partition, offset, error, replayed_at, .. } = summary;
    let place = Place { topic: topic.clone(), partition: *partition, offset: *offset };
    let from = summary.origin.as_ref().map_or_else(|| place.to_string(), Origin::to_string);
    let event_id = event_id.as_deref().unwrap_or_default();
    let replayed = if replayed_at.is_some() { "yes" } else { "no" };
    row(out, (&id.to_string(), &time.to_string(), reason, event_id, &from, replayed, error))
}

type Row<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, &'a str, &'a str);

fn row(out: &mut impl Write, row: Row<'_>) -> io::Result<()> {
    let (id, time, reason, event_id, from, replayed, error) = row;
    let (reason, event_id, from) = (printable(reason), printable(event_id), printable(from));
    let error = printable(error);
    writeln!(out, "{id:>6}  {time:<24}  {reason:<17}  {event_id:<36}  {from:<16}  {replayed:<8}  {error}")
}

/// A whole letter: a line for each of its parts, then its message.
pub(super) fn letter(shown: &Shown, out: &mut impl Write) -> io::Result<()> {
    let Shown { letter, replayed_at, .. } = shown;
    let from = letter.origin.as_ref().map_or_else(|| letter.place.to_string(), Origin::to_string);
    let text = |bytes: &[u8]| printable(&String::from_utf8_lossy(bytes));
    let mut lines = vec![
        ("id", letter.id.to_string()),
        ("time", letter.at.to_string()),
        ("reason", printable(&letter.reason)),
        ("error", printable(&letter.error)),
        ("event id", printable(&letter.event_id().unwrap_or_default())),
        ("from", printable(&from)),
        ("replayed", replayed_at.map_or_else(|| "no".to_owned(), |at| at.to_string())),
        ("key", letter.key.as_deref().map(text).unwrap_or_default()),
    ];
    for (name, value) in &letter.headers {
        lines.push(("header", format!("{}: {}", printable(name), text(value))));
    }
    lines.push(("bytes", letter.bytes().to_string()));
    for (name, value) in lines {
        writeln!(out, "{name:<10}{value}")?;
    }
    if letter.left_out.is_none() {
        writeln!(out, "\n{}", text(&letter.value))?;
    }
    Ok(())
}

/// What a dry run says of a letter.
pub(super) fn would_replay(letter: &Letter, out: &mut impl Write) -> io::Result<()> {
    let (reason, event_id) = (printable(&letter.reason), printable(&letter.event_id().unwrap_or_default()));
    writeln!(out, "would replay letter {} ({reason}, {event_id})", letter.id)
}

/// What a replay has done.
pub(super) fn summary(done: Replayed, dry_run: bool) -> String {
    let Replayed { replayed, skipped, failed, .. } = done;
    let verb = if dry_run { "would replay" } else { "replayed" };
    format!("{verb} {replayed}, skipped {skipped} that were replayed before, failed on {failed}")
}

/// What others wrote, without control characters.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

//! `dead-letters show`: one letter, or the very bytes of its message.

use std::io::Write;

use bus::Channels;

use super::error::LettersError;
use super::filter::Filter;
use super::letter::Letter;
use super::list::printable;
use super::marks::Marks;
use super::original::complete;
use super::read::Letters;

/// Returns whether there is such a letter, and its message.
pub(super) async fn show(
    channels: &Channels,
    id: i64,
    raw: bool,
    out: &mut impl Write,
) -> Result<bool, LettersError> {
    let Some(letter) = Letters::open(channels, Filter::of(id)).await?.next().await? else {
        eprintln!("there is no dead letter {id}");
        return Ok(false);
    };
    let truncated = letter.clone();
    let (letter, trouble) = match complete(channels, letter).await {
        Ok(letter) => (letter, None),
        Err(reason) => (truncated, Some(format!("letter {id}: {reason}"))),
    };
    if raw {
        if trouble.is_none() {
            out.write_all(&letter.value)?;
        }
    } else {
        describe(&letter, &Marks::read(channels).await?, out)?;
    }
    if let Some(trouble) = &trouble {
        eprintln!("{trouble}");
    }
    Ok(trouble.is_none())
}

fn describe(letter: &Letter, marks: &Marks, out: &mut impl Write) -> std::io::Result<()> {
    let text = |bytes: &[u8]| printable(&String::from_utf8_lossy(bytes));
    let replayed = marks.of(&letter.place).map_or_else(|| "no".to_owned(), |at| at.to_string());
    let mut lines = vec![
        ("id", letter.id.to_string()),
        ("time", letter.at.to_string()),
        ("reason", printable(&letter.reason)),
        ("error", printable(&letter.error)),
        ("event id", printable(&letter.event_id().unwrap_or_default())),
        ("from", printable(&letter.place.to_string())),
        ("replayed", replayed),
        ("key", letter.key.as_deref().map(text).unwrap_or_default()),
    ];
    for (name, value) in &letter.headers {
        lines.push(("header", format!("{}: {}", printable(name), text(value))));
    }
    lines.push(("bytes", letter.left_out.unwrap_or(letter.value.len()).to_string()));
    for (name, value) in lines {
        writeln!(out, "{name:<10}{value}")?;
    }
    if letter.left_out.is_none() {
        writeln!(out, "\n{}", text(&letter.value))?;
    }
    Ok(())
}

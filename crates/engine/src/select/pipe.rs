//! A result in a format whose pieces can't be joined, sent while the engine writes it: into a pipe, as if that were a
//! file.

use std::io::{self, PipeReader, Read};
use std::os::fd::AsRawFd;
use std::{mem, thread};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{HELD_BYTES, Message, PIECE_BYTES, silent};
use crate::{exception::Exception, library::Connection, request::Request, sql::Shape};

/// The one format that is written so: without a limit of time, it is how tables are exported.
const FORMAT: &str = "Parquet";

/// Whether a result of this format is written into a pipe.
pub(super) fn takes(format: &str) -> bool {
    format.eq_ignore_ascii_case(FORMAT)
}

/// Carries out the statement, and sends pieces if there are to be any. Returns the last word.
pub(super) fn run(
    connection: &mut Connection,
    request: &Request,
    sql: &[u8],
    outbox: &mpsc::Sender<Message>,
) -> Result<Message, Exception> {
    let no_pipe = |error| Exception::unavailable(&format!("The engine has no pipe: {error}"));
    let (reader, writer) = io::pipe().map_err(no_pipe)?;
    let sql = into_outfile(sql, &format!("/dev/fd/{}", writer.as_raw_fd()));
    let (answer, sent) = thread::scope(|scope| {
        let sending = scope.spawn(|| send(reader, outbox));
        let answer = connection.query(&sql, FORMAT, &request.parameters);
        // The other side comes to its end when nobody can write any more.
        drop(writer);
        (answer, sending.join())
    });
    // Nobody reads, or the engine has failed, which says more.
    let progress = answer?.progress();
    let Ok(Some(Sent { rest, is_whole })) = sent else { return Err(silent()) };
    if is_whole {
        return Ok(Message::Whole(rest, progress));
    }
    drop(outbox.blocking_send(Message::Piece(rest)));
    Ok(Message::End)
}

/// The last piece, which goes out when the engine says that all is well.
struct Sent {
    rest: Bytes,
    /// Whether there were none before it.
    is_whole: bool,
}

/// Sends what comes out of the pipe up to the last piece; `None` if nobody reads. The engine's next writing fails then.
fn send(mut pipe: PipeReader, outbox: &mpsc::Sender<Message>) -> Option<Sent> {
    let mut enough = HELD_BYTES;
    loop {
        let mut piece = Vec::new();
        let read = pipe.by_ref().take(enough as u64).read_to_end(&mut piece).ok()?;
        if read < enough {
            return Some(Sent { rest: piece.into(), is_whole: enough == HELD_BYTES });
        }
        enough = PIECE_BYTES;
        outbox.blocking_send(Message::Piece(mem::take(&mut piece).into())).ok()?;
    }
}

/// The statement with a file for its result.
fn into_outfile(sql: &[u8], path: &str) -> Vec<u8> {
    let (statement, rest) = sql.split_at(Shape::of(sql).end);
    let format =
        if rest.is_empty() || rest.starts_with(b";") { format!(" FORMAT {FORMAT}") } else { String::new() };
    // The path has nothing that has to be quoted. A comment may be at the end of the statement.
    [statement, format!("\nINTO OUTFILE '{path}' TRUNCATE{format} ").as_bytes(), rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_stands_behind_the_statement_and_before_its_format() {
        let with_file = |sql: &str| String::from_utf8(into_outfile(sql.as_bytes(), "/x")).unwrap();
        assert_eq!(with_file("SELECT 1 -- a"), "SELECT 1 -- a\nINTO OUTFILE '/x' TRUNCATE FORMAT Parquet ");
        assert_eq!(with_file("SELECT 1;"), "SELECT 1\nINTO OUTFILE '/x' TRUNCATE FORMAT Parquet ;");
        assert_eq!(
            with_file("SELECT 1 format Parquet SETTINGS a = 1"),
            "SELECT 1 \nINTO OUTFILE '/x' TRUNCATE format Parquet SETTINGS a = 1"
        );
    }
}

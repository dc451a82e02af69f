//! Carries out a statement that takes no rows from the request. Its result comes whole, or, where it is
//! large and its format allows it, streamed.

mod pipe;

use std::{mem, sync::Arc};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::{
    database::{Database, Leaves},
    exception::{Exception, code},
    format::Joiner,
    kill::KillOnDrop,
    library::{Connection, Progress},
    query_state::QueryState,
    request::Request,
    sql::Shape,
};

/// Up to this size a result is held back until it is complete, so that an error has a status of its own.
const HELD_BYTES: usize = 1 << 20;

/// The largest result that is held back whole because its format can't be streamed, as the engine counts:
/// in memory, before it is formatted.
const WHOLE_BYTES: usize = 64 << 20;

/// A streamed result is sent in pieces of at least this size.
const PIECE_BYTES: usize = 64 << 10;

/// How many pieces wait for a slow client before the query does.
const PIECES: usize = 4;

/// What a statement answers.
pub(crate) enum Reply {
    /// The whole result.
    Whole(Bytes, Progress),
    /// The beginning of the result; the rest follows.
    Stream(Bytes, Rest),
}

/// The rest of a streamed result. Dropping it cancels the query.
pub(crate) struct Rest {
    messages: mpsc::Receiver<Message>,
    kill: KillOnDrop,
}

/// How a result gets out.
enum Way {
    /// In one piece.
    Whole,
    /// In pieces of its format, joined.
    Joined(Joiner),
    /// In pieces of any size, as the engine writes it.
    Piped,
}

/// What the thread says that carries out the statement. Its last word is anything but a piece.
enum Message {
    Whole(Bytes, Progress),
    Piece(Bytes),
    End,
    Failed(Exception),
}

/// Carries out the statement and waits until there is a result, or enough of one.
pub(crate) async fn run(
    database: &Arc<Database>,
    request: &Arc<Request>,
    sql: Vec<u8>,
    shape: &Shape,
) -> Result<Reply, Exception> {
    let streams = shape.selects && request.may_stream(&sql);
    let way = match Joiner::of(request.format(shape)) {
        Some(joiner) if streams => Way::Joined(joiner),
        None if streams && pipe::takes(request.format(shape)) => Way::Piped,
        _ => Way::Whole,
    };
    let limit = (shape.selects && matches!(way, Way::Whole)).then_some(WHOLE_BYTES);
    let (outbox, mut messages) = mpsc::channel(PIECES);
    let (asked, sessions) = (Arc::clone(request), database.sessions());
    // A SELECT sets nothing that outlives it.
    let leaves = if shape.selects { Leaves::Unchanged } else { Leaves::Changed };
    let job = move |connection: Result<&mut Connection, Exception>| {
        let last = connection.and_then(|connection| carry_out(connection, &asked, &sql, way, &outbox));
        if leaves == Leaves::Changed {
            sessions.clear();
        }
        let leaves = if last.is_ok() { leaves } else { Leaves::Changed };
        // Whoever asked may have gone.
        drop(outbox.blocking_send(last.unwrap_or_else(Message::Failed)));
        leaves
    };

    let query = QueryState::default();
    let mut kill = KillOnDrop::new(database, query.clone());
    if !shape.selects {
        // What changes something is carried out even if nobody waits for it any longer.
        kill.disarm();
    }
    database.spawn(request, limit, query, job).await?;
    let message = messages.recv().await;
    if let Some(Message::Piece(first)) = message {
        return Ok(Reply::Stream(first, Rest { messages, kill }));
    }
    kill.disarm();
    match message {
        Some(Message::Whole(result, progress)) => Ok(Reply::Whole(result, progress)),
        Some(Message::Failed(exception)) => Err(exception),
        Some(Message::Piece(_) | Message::End) | None => Err(silent()),
    }
}

impl Rest {
    /// The next piece, an exception that ends the result, or `None` at its end.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Exception>> {
        let message = self.messages.recv().await;
        if let Some(Message::Piece(piece)) = message {
            return Some(Ok(piece));
        }
        self.kill.disarm();
        match message {
            Some(Message::End) => None,
            Some(Message::Failed(exception)) => Some(Err(exception)),
            _ => Some(Err(silent())),
        }
    }
}

/// The exception where the other side of a channel is gone: the thread that answers, or the client that reads.
fn silent() -> Exception {
    Exception::unavailable("The engine did not answer")
}

/// On the statement's thread: sends pieces if there are to be any, and returns the last word.
fn carry_out(
    connection: &mut Connection,
    request: &Request,
    sql: &[u8],
    way: Way,
    outbox: &mpsc::Sender<Message>,
) -> Result<Message, Exception> {
    let streamed = match way {
        Way::Joined(joiner) => stream(connection, request, sql, joiner, outbox),
        Way::Piped if connection.statements(sql) == 1 => {
            pipe::run(connection, request, sql, outbox).map(Some)
        }
        Way::Piped | Way::Whole => Ok(None),
    };
    match streamed {
        Ok(None) => whole(connection, request, sql),
        Err(exception) if is_no_select(&exception) => whole(connection, request, sql),
        Ok(Some(last)) => Ok(last),
        Err(exception) => Err(exception),
    }
}

fn whole(connection: &mut Connection, request: &Request, sql: &[u8]) -> Result<Message, Exception> {
    let syntax_error = |message| Err(Exception::new(code::SYNTAX_ERROR, "SYNTAX_ERROR", message));
    let statements = connection.statements(sql);
    if statements > 1 {
        return syntax_error("Syntax error (Multi-statements are not allowed)");
    }
    let answer = connection.query(sql, &request.default_format, &request.parameters)?;
    if statements == 0 {
        // The library passes over an empty text, and over words its command line would take for itself.
        return syntax_error("Syntax error: Empty query");
    }
    Ok(Message::Whole(Bytes::copy_from_slice(answer.bytes()), answer.progress()))
}

/// `None` if the result can't be put together from pieces.
fn stream(
    connection: &mut Connection,
    request: &Request,
    sql: &[u8],
    mut joiner: Joiner,
    outbox: &mpsc::Sender<Message>,
) -> Result<Option<Message>, Exception> {
    let mut rows = connection.stream(sql, &request.default_format, &request.parameters)?;
    let mut held = Vec::new();
    let mut progress = Progress::default();
    let mut enough = HELD_BYTES;
    while let Some(piece) = rows.next()? {
        progress += piece.progress();
        held.extend_from_slice(joiner.join(piece.bytes())?);
        if held.len() >= enough {
            enough = PIECE_BYTES;
            if outbox.blocking_send(Message::Piece(mem::take(&mut held).into())).is_err() {
                return Err(silent());
            }
        }
    }
    if enough == PIECE_BYTES {
        // A failure to send means that nobody reads, which the last word will find out as well.
        drop(outbox.blocking_send(Message::Piece(held.into())));
        return Ok(Some(Message::End));
    }
    // Streamed, a result without rows lacks its header.
    let complete = !held.is_empty() || !joiner.has_header();
    Ok(complete.then(|| Message::Whole(held.into(), progress)))
}

/// What looked like a `SELECT` was something else, such as `WITH … INSERT`; nothing was carried out.
fn is_no_select(exception: &Exception) -> bool {
    exception.code == code::BAD_ARGUMENTS && exception.text.contains("Streaming query is not supported")
}

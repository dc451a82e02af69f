//! Carries out an `INSERT` whose rows come with the request, piece by piece as they arrive.
//!
//! An insert whose rows break off is abandoned: of up to `max_insert_block_size` rows (1,048,449 if
//! not set) nothing stays. Of more, whole blocks of so many may, as in ClickHouse.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::{
    body::Body,
    database::{Database, Leaves},
    exception::{Exception, code},
    library::{Connection, Progress},
    query_state::QueryState,
    request::Request,
    sql::DataInsert,
};

/// How many pieces of the body wait for the engine before the client does.
const PIECES: usize = 8;

/// What the insert's thread is given. A channel that closes without an end is a broken-off body.
enum Piece {
    Rows(Bytes),
    End,
}

/// Inserts `first` and then the body. Returns when the rows are in the table.
pub(crate) async fn run(
    database: &Database,
    request: &Arc<Request>,
    insert: DataInsert,
    first: Bytes,
    body: &mut Body,
) -> Result<Progress, Exception> {
    let (pieces, mut received) = mpsc::channel(PIECES);
    let (answer, outcome) = oneshot::channel();
    let asked = Arc::clone(request);
    let job = move |connection: Result<&mut Connection, Exception>| {
        let outcome = connection.and_then(|connection| take_in(connection, &asked, &insert, &mut received));
        drop(received);
        let leaves = if outcome.is_ok() { Leaves::Unchanged } else { Leaves::Changed };
        // Whoever asked may have gone.
        drop(answer.send(outcome));
        leaves
    };
    database.spawn(request, None, QueryState::default(), job).await?;

    let fed = feed(first, body, &pieces).await;
    drop(pieces);
    let outcome = outcome.await.unwrap_or_else(|_| Err(Exception::unavailable("The engine did not answer")));
    fed.and(outcome)
}

/// Passes the body on. A client may not read its answer before it has sent everything, so that the
/// body is read to its end even if the insert has failed.
async fn feed(first: Bytes, body: &mut Body, pieces: &mpsc::Sender<Piece>) -> Result<(), Exception> {
    let mut taken = pieces.send(Piece::Rows(first)).await.is_ok();
    while let Some(rows) = body.next().await {
        let rows = rows?;
        taken = taken && pieces.send(Piece::Rows(rows)).await.is_ok();
    }
    if taken {
        // If the insert fails here, its outcome says so.
        drop(pieces.send(Piece::End).await);
    }
    Ok(())
}

/// Feeds the pieces to the engine. Runs, and blocks, on the insert's thread.
fn take_in(
    connection: &mut Connection,
    request: &Request,
    insert: &DataInsert,
    pieces: &mut mpsc::Receiver<Piece>,
) -> Result<Progress, Exception> {
    let mut running = connection.insert(&insert.statement, &insert.format, &request.parameters)?;
    loop {
        match pieces.blocking_recv() {
            Some(Piece::Rows(rows)) => {
                if !running.append(&rows) {
                    let failed = Exception::new(
                        code::UNKNOWN_EXCEPTION,
                        "UNKNOWN_EXCEPTION",
                        "The insert ended early",
                    );
                    return running.finish().and(Err(failed));
                }
            }
            Some(Piece::End) => return running.finish(),
            None => {
                let broken = "The rows broke off; the insert was abandoned";
                return Err(Exception::new(code::CANNOT_READ_ALL_DATA, "CANNOT_READ_ALL_DATA", broken));
            }
        }
    }
}

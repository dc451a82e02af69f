//! The request's body: read in pieces, decompressed if it has to be.

use axum::body::{Body as HttpBody, BodyDataStream};
use bytes::Bytes;
use futures_util::StreamExt;

use super::compression::Decoder;
use crate::exception::{Exception, code};

/// A statement can't be longer, nor can the rows of an `INSERT … VALUES`. Rows behind a `FORMAT` are
/// not limited.
const STATEMENT_BYTES: usize = 64 << 20;

/// The body of a request, what is not read of it yet.
pub(crate) struct Body {
    stream: BodyDataStream,
    decoder: Option<Decoder>,
}

impl Body {
    pub(super) fn new(body: HttpBody, decompress: bool) -> Self {
        Self { stream: body.into_data_stream(), decoder: decompress.then(Decoder::default) }
    }

    /// The next piece, or `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Exception>> {
        loop {
            let piece = match self.stream.next().await {
                Some(Ok(piece)) => piece,
                Some(Err(error)) => return Some(Err(broken(&error))),
                None => return self.decoder.take().and_then(Decoder::finish).map(Err),
            };
            let piece = match &mut self.decoder {
                Some(decoder) => decoder.decode(&piece),
                None => Ok(piece),
            };
            if !piece.as_ref().is_ok_and(Bytes::is_empty) {
                return Some(piece);
            }
        }
    }

    /// Reads more of the statement: until the text has at least `enough` bytes, or to the end of the body.
    pub(super) async fn read_into(&mut self, text: &mut Vec<u8>, enough: usize) -> Result<(), Exception> {
        while text.len() < enough
            && let Some(piece) = self.next().await
        {
            text.extend_from_slice(&piece?);
            if text.len() > STATEMENT_BYTES {
                return Err(Exception::new(
                    code::QUERY_IS_TOO_LARGE,
                    "QUERY_IS_TOO_LARGE",
                    format_args!("The statement is longer than {STATEMENT_BYTES} bytes"),
                ));
            }
        }
        Ok(())
    }
}

fn broken(error: &axum::Error) -> Exception {
    Exception::new(
        code::CANNOT_READ_ALL_DATA,
        "CANNOT_READ_ALL_DATA",
        format_args!("The request's body broke off: {error}"),
    )
}

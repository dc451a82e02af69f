//! A request's body: a statement or the rows of an insert, read in pieces and decompressed.

use std::io;
use std::time::Duration;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, Lz4Decoder, ZlibDecoder, ZstdDecoder};
use axum::body::Body as HttpBody;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, TryStreamExt};
use tokio::io::AsyncRead;
use tokio::time::timeout;
use tokio_util::io::{ReaderStream, StreamReader};

use crate::compression::Decoder;
use crate::exception::{Exception, code};

/// A statement can't be longer, nor can the rows of an `INSERT … VALUES`. Rows behind a `FORMAT` are
/// not limited.
const STATEMENT_BYTES: usize = 64 << 20;

/// What is unpacked of a body by `Content-Encoding` at once, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// How long the next piece may take to come. Meanwhile an insert has a place that others may wait for.
const PIECE_WITHIN: Duration = Duration::from_secs(30);

/// What is not read yet of a request's body.
pub(crate) struct Body {
    stream: BoxStream<'static, io::Result<Bytes>>,
    /// Decodes ClickHouse's own blocks, which may be inside of the body's `Content-Encoding`.
    decoder: Option<Decoder>,
    piece_within: Duration,
}

impl Body {
    /// A body packed as its headers say. `decompress` tells that it holds ClickHouse's own blocks.
    pub(crate) fn new(headers: &HeaderMap, body: HttpBody, decompress: bool) -> Result<Self, Exception> {
        let stream = body.into_data_stream().map_err(io::Error::other);
        let encoding = headers.get(header::CONTENT_ENCODING).map(|name| name.as_bytes().to_ascii_lowercase());
        // Clients pack an insert block by block, so that frames follow each other.
        macro_rules! unpacked {
            ($decoder:ident) => {{
                let mut decoder = $decoder::new(StreamReader::new(stream));
                decoder.multiple_members(true);
                pieces(decoder)
            }};
        }
        let stream = match encoding.as_deref() {
            None | Some(b"" | b"identity") => stream.boxed(),
            Some(b"lz4") => unpacked!(Lz4Decoder),
            Some(b"zstd") => unpacked!(ZstdDecoder),
            Some(b"gzip" | b"x-gzip") => unpacked!(GzipDecoder),
            Some(b"deflate") => unpacked!(ZlibDecoder),
            Some(b"br") => unpacked!(BrotliDecoder),
            Some(_) => {
                return Err(Exception::not_implemented(
                    "A Content-Encoding other than lz4, zstd, gzip, deflate and br",
                ));
            }
        };
        Ok(Self { stream, decoder: decompress.then(Decoder::default), piece_within: PIECE_WITHIN })
    }

    /// The next piece, or `None` at the end. What comes too late is as good as broken off.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Exception>> {
        loop {
            let piece = match timeout(self.piece_within, self.stream.next()).await {
                Err(_) => return Some(Err(stopped(self.piece_within))),
                Ok(Some(Ok(piece))) => piece,
                Ok(Some(Err(error))) => return Some(Err(broken(&error))),
                Ok(None) => return self.decoder.take().and_then(Decoder::finish).map(Err),
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
    pub(crate) async fn read_into(&mut self, text: &mut Vec<u8>, enough: usize) -> Result<(), Exception> {
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

fn pieces(decoder: impl AsyncRead + Send + 'static) -> BoxStream<'static, io::Result<Bytes>> {
    ReaderStream::with_capacity(decoder, PIECE_BYTES).boxed()
}

/// The exception, in the words of ClickHouse's server, for a client that sends nothing for so long.
fn stopped(within: Duration) -> Exception {
    Exception::new(
        code::SOCKET_TIMEOUT,
        "SOCKET_TIMEOUT",
        format_args!("Timeout exceeded while receiving data from client: no more of it within {within:?}"),
    )
}

fn broken(error: &io::Error) -> Exception {
    Exception::new(
        code::CANNOT_READ_ALL_DATA,
        "CANNOT_READ_ALL_DATA",
        format_args!("The request's body broke off: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use std::future;

    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_body_that_stops_is_given_up() {
        for decompress in [false, true] {
            let pieces = stream::once(future::ready(io::Result::Ok(Bytes::from_static(b"1\n"))));
            let stops = HttpBody::from_stream(pieces.chain(stream::pending()));
            let mut body = Body::new(&HeaderMap::new(), stops, decompress).unwrap();
            body.piece_within = Duration::from_millis(1);
            if !decompress {
                assert_eq!(body.next().await.unwrap().unwrap(), "1\n");
            }
            assert_eq!(body.next().await.unwrap().unwrap_err().code, code::SOCKET_TIMEOUT);
        }
    }
}

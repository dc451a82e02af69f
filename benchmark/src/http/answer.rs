//! Answers, read from the bytes that have come so far.

use std::ops::Range;

use httparse::{EMPTY_HEADER, Response, Status};

/// A server's answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The body, without its transfer coding.
    pub body: &'a [u8],
}

/// The answer's first part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) status: u16,
    /// Where the body begins.
    pub(super) body: usize,
    pub(super) length: Length,
    pub(super) keep_alive: bool,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Bytes(usize),
    Chunked,
}

/// `None` when more bytes are needed, an error when no bytes could mend it.
pub(super) fn start(input: &[u8]) -> Result<Option<Start>, &'static str> {
    let mut headers = [EMPTY_HEADER; 32];
    let mut response = Response::new(&mut headers);
    let body = match response.parse(input) {
        Ok(Status::Complete(body)) => body,
        Ok(Status::Partial) => return Ok(None),
        Err(_) => return Err("the answer's head is not HTTP"),
    };
    let status = response.code.unwrap_or_default();
    let mut length = Length::Bytes(0);
    let mut keep_alive = response.version == Some(1);
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let number = std::str::from_utf8(header.value).ok().and_then(|text| text.trim().parse().ok());
            length = Length::Bytes(number.ok_or("content-length is no number")?);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            length = Length::Chunked;
        } else if header.name.eq_ignore_ascii_case("connection") {
            keep_alive = !header.value.eq_ignore_ascii_case(b"close");
        }
    }
    Ok(Some(Start { status, body, length, keep_alive }))
}

/// The next part of a chunked body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// Bytes of the body, and where the next chunk begins.
    Data(Range<usize>, usize),
    /// There are no more.
    End,
    /// More bytes are needed.
    Partial,
}

/// The chunk that begins at `at`.
pub(super) fn chunk(input: &[u8], at: usize) -> Result<Chunk, &'static str> {
    let rest = input.get(at..).unwrap_or_default();
    let (head, size) = match httparse::parse_chunk_size(rest) {
        Ok(Status::Complete((head, size))) => (head, usize::try_from(size).unwrap_or(usize::MAX)),
        Ok(Status::Partial) => return Ok(Chunk::Partial),
        Err(_) => return Err("a chunk has no size"),
    };
    let begin = at + head;
    let end = begin.saturating_add(size);
    match input.get(end..end.saturating_add(2)) {
        None => Ok(Chunk::Partial),
        Some(b"\r\n") if size == 0 => Ok(Chunk::End),
        Some(b"\r\n") => Ok(Chunk::Data(begin..end, end + 2)),
        Some(_) => Err("a chunk does not end"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let head = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
        assert_eq!(start(&head[..head.len() - 1]), Ok(None));
        assert_eq!(
            start(head),
            Ok(Some(Start { status: 202, body: head.len(), length: Length::Bytes(5), keep_alive: false }))
        );
        assert!(start(b"SSH-2.0\r\n\r\n").is_err());
        assert!(start(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n").is_err());
    }

    #[test]
    fn chunks_are_read_one_after_the_other() {
        let body = b"5\r\nhello\r\n0\r\n\r\n";
        assert_eq!(chunk(body, 0), Ok(Chunk::Data(3..8, 10)));
        assert_eq!(chunk(body, 10), Ok(Chunk::End));
        for length in 0..10 {
            assert_eq!(chunk(&body[..length], 0), Ok(Chunk::Partial), "{length}");
        }
        assert!(chunk(b"5\r\nhello!!", 0).is_err());
        assert!(chunk(b"x\r\n", 0).is_err());
    }
}

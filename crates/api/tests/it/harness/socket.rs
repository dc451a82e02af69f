//! Clients that don't do as most do: one writes all it has before it reads, one takes its time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::Body;

const WITHIN: Duration = Duration::from_secs(20);

/// What a server answers to these bytes, head and body as they come, or why the client can't know.
/// `Connection: close` should be among the headers.
pub(crate) async fn write_then_read(address: SocketAddr, bytes: Vec<u8>) -> std::io::Result<String> {
    let talking = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(WITHIN))?;
        stream.set_write_timeout(Some(WITHIN))?;
        stream.write_all(&bytes)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    });
    talking.await.unwrap()
}

/// A request with a body of so many bytes.
pub(crate) fn request(head: &str, body_bytes: usize) -> Vec<u8> {
    let head =
        format!("{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {body_bytes}\r\n\r\n");
    [head.into_bytes(), vec![b' '; body_bytes]].concat()
}

/// A body of these pieces as they come, its length unannounced.
pub(crate) fn body_of(pieces: impl Stream<Item = Vec<u8>> + Send + Sync + 'static) -> Body {
    Body::wrap(StreamBody::new(
        pieces.map(|piece| Ok::<_, std::io::Error>(Frame::data(bytes::Bytes::from(piece)))),
    ))
}

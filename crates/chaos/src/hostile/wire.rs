//! HTTP/1.1 by hand: what is sent is exactly what a rude client would send, and nothing sent is put right.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// How long a call may take before it counts as not answered.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(20);
const HEADERS: usize = 32;
/// As many characters of a body as are told.
const SHOWN: usize = 120;
/// The end of a chunked body without trailers.
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// One connection to a server.
pub(super) struct Wire {
    stream: TcpStream,
    /// What has arrived and was not given out yet.
    arrived: Vec<u8>,
}

/// What a server answers.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

#[derive(Deserialize)]
struct Envelope {
    success: bool,
    code: Option<String>,
    error: Option<String>,
}

impl Answer {
    /// The stable word of an error in the envelope; `None` if it is no such error.
    pub(super) fn code(&self) -> Option<String> {
        let Envelope { success, code, error } = serde_json::from_str(&self.body).ok()?;
        code.filter(|code| !success && !code.is_empty() && error.is_some_and(|error| !error.is_empty()))
    }
}

/// An answer, or why there is none, in a few words.
pub(super) fn shown(answer: &anyhow::Result<Answer>) -> String {
    match answer {
        Ok(Answer { status, body }) => format!("{status} {}", body.chars().take(SHOWN).collect::<String>()),
        Err(error) => format!("nothing: {error:#}"),
    }
}

impl Wire {
    pub(super) async fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = timeout(ANSWER_WITHIN, TcpStream::connect(to)).await??;
        stream.set_nodelay(true)?;
        Ok(Self { stream, arrived: Vec::new() })
    }

    /// The same, but the system takes in only so many bytes of answers that nobody reads.
    pub(super) async fn connect_narrow(to: SocketAddr, bytes: u32) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(bytes)?;
        let stream = timeout(ANSWER_WITHIN, socket.connect(to)).await??;
        Ok(Self { stream, arrived: Vec::new() })
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await
    }

    /// Says that nothing more will be sent; answers can still be read.
    pub(super) async fn end_sending(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// The next answer; interim ones are passed over.
    pub(super) async fn answer(&mut self) -> anyhow::Result<Answer> {
        timeout(ANSWER_WITHIN, self.next()).await.context("no answer in time")?
    }

    /// The same, without a limit of time.
    pub(super) async fn answer_however_late(&mut self) -> anyhow::Result<Answer> {
        self.next().await
    }

    /// Sends a request and gives its answer.
    pub(super) async fn call(&mut self, request: impl AsRef<[u8]>) -> anyhow::Result<Answer> {
        timeout(ANSWER_WITHIN, async {
            self.send(request).await?;
            self.next().await
        })
        .await
        .context("no answer in time")?
    }

    /// Whether anything arrives within the time, be it the end of the connection.
    pub(super) async fn stirs(&mut self, within: Duration) -> bool {
        !self.arrived.is_empty() || timeout(within, self.more()).await.is_ok()
    }

    /// Whether the first bytes of an answer come within the time. They are not read.
    pub(super) async fn peeks(&mut self, within: Duration) -> bool {
        timeout(within, self.stream.peek(&mut [0])).await.is_ok()
    }

    /// Returns once the server has ended the connection, whatever it says before.
    pub(super) async fn ended(&mut self) {
        while matches!(self.more().await, Ok(read) if read > 0) {
            self.arrived.clear();
        }
    }

    async fn next(&mut self) -> anyhow::Result<Answer> {
        loop {
            let answer = self.one().await?;
            if answer.status >= 200 {
                return Ok(answer);
            }
        }
    }

    async fn one(&mut self) -> anyhow::Result<Answer> {
        let (head, status, length, chunked) = loop {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut response = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(head) = response.parse(&self.arrived)? {
                let value = |name: &str| {
                    let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
                    found.and_then(|header| std::str::from_utf8(header.value).ok())
                };
                let length = value("content-length").and_then(|length| length.parse::<usize>().ok());
                let chunked = value("transfer-encoding").is_some_and(|encoding| encoding.contains("chunked"));
                break (head, response.code.unwrap_or_default(), length, chunked);
            }
            self.must_have_more().await?;
        };
        self.arrived.drain(..head);
        let body = if chunked {
            while !self.arrived.ends_with(LAST_CHUNK)
                && self.arrived != LAST_CHUNK.get(2..).unwrap_or_default()
            {
                self.must_have_more().await?;
            }
            std::mem::take(&mut self.arrived)
        } else {
            let length = length.unwrap_or_default();
            while self.arrived.len() < length {
                self.must_have_more().await?;
            }
            self.arrived.drain(..length).collect()
        };
        Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
    }

    async fn must_have_more(&mut self) -> anyhow::Result<()> {
        if self.more().await? == 0 {
            bail!("the connection ended");
        }
        Ok(())
    }

    async fn more(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.arrived).await
    }
}

/// A request with a body, as a well-behaved client sends it. `headers` are whole lines.
pub(super) fn request(method: &str, path: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// One call on a connection of its own.
pub(super) async fn call(to: SocketAddr, request: impl AsRef<[u8]>) -> anyhow::Result<Answer> {
    Wire::connect(to).await?.call(request).await
}

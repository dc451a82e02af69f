//! One connection, used for one request after the other.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::{self, Answer, Chunk, Length, Start};

/// How long an answer may take, as a rule.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is read at once.
const READ_BYTES: usize = 16 << 10;

/// Why a request has no answer. Whether it was carried out is not known.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody took the connection.
    #[error("can't connect: {0}")]
    Connect(io::Error),
    /// The connection broke off.
    #[error("the connection broke off: {0}")]
    Broken(io::Error),
    /// No answer came in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The answer is not HTTP.
    #[error("{0}")]
    Malformed(&'static str),
}

impl CallError {
    /// A stable word for it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Broken(_) => "broken",
            Self::Timeout(_) => "timeout",
            Self::Malformed(_) => "malformed",
        }
    }
}

/// A connection to a server, made when it is first needed and made anew after it broke.
#[derive(Debug)]
pub struct Connection {
    address: String,
    patience: Duration,
    stream: Option<TcpStream>,
    input: Vec<u8>,
    /// A chunked body, put together.
    unchunked: Vec<u8>,
}

impl Connection {
    /// To `host:port`.
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            patience: PATIENCE,
            stream: None,
            input: Vec::new(),
            unchunked: Vec::new(),
        }
    }

    /// One whose answers may take so long.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// So many open connections to `host:port`.
    pub async fn open_many(address: &str, count: u16) -> Result<Vec<Self>, CallError> {
        let mut connections = Vec::new();
        for _ in 0..count {
            let mut connection = Self::new(address);
            connection.open().await?;
            connections.push(connection);
        }
        Ok(connections)
    }

    /// Connects, if it isn't connected.
    pub async fn open(&mut self) -> Result<(), CallError> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(&self.address).await.map_err(CallError::Connect)?;
            stream.set_nodelay(true).map_err(CallError::Connect)?;
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Sends a request and returns the answer, which is good until the next call.
    pub async fn call(&mut self, request: &[u8]) -> Result<Answer<'_>, CallError> {
        let answered = timeout(self.patience, self.exchange(request)).await;
        let answered = answered.unwrap_or(Err(CallError::Timeout(self.patience)));
        match answered {
            Ok(start) => {
                if !start.keep_alive {
                    self.stream = None;
                }
                let body = match start.length {
                    Length::Bytes(length) => self.input.get(start.body..start.body + length),
                    Length::Chunked => Some(&*self.unchunked),
                };
                Ok(Answer { status: start.status, body: body.unwrap_or_default() })
            }
            Err(error) => {
                self.stream = None;
                Err(error)
            }
        }
    }

    /// Returns once all of the answer is there.
    async fn exchange(&mut self, request: &[u8]) -> Result<Start, CallError> {
        self.open().await?;
        self.input.clear();
        if let Some(stream) = &mut self.stream {
            stream.write_all(request).await.map_err(CallError::Broken)?;
        }
        let start = loop {
            self.fill().await?;
            if let Some(start) = answer::start(&self.input).map_err(CallError::Malformed)? {
                break start;
            }
        };
        match start.length {
            Length::Bytes(length) => {
                while self.input.len() < start.body + length {
                    self.fill().await?;
                }
            }
            Length::Chunked => self.unchunk(start.body).await?,
        }
        Ok(start)
    }

    async fn unchunk(&mut self, mut at: usize) -> Result<(), CallError> {
        self.unchunked.clear();
        loop {
            match answer::chunk(&self.input, at).map_err(CallError::Malformed)? {
                Chunk::Data(bytes, next) => {
                    self.unchunked.extend_from_slice(self.input.get(bytes).unwrap_or_default());
                    at = next;
                }
                Chunk::End => return Ok(()),
                Chunk::Partial => self.fill().await?,
            }
        }
    }

    /// Waits for further bytes.
    async fn fill(&mut self) -> Result<(), CallError> {
        self.input.reserve(READ_BYTES);
        let read = match &mut self.stream {
            Some(stream) => stream.read_buf(&mut self.input).await.map_err(CallError::Broken)?,
            None => 0,
        };
        if read == 0 {
            return Err(CallError::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A server that gives these answers, each in pieces, to one request after the other; one connection per list.
    async fn server(connections: Vec<Vec<&'static [&'static str]>>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            for answers in connections {
                let (mut stream, _) = listener.accept().await.unwrap();
                for pieces in answers {
                    stream.read_u8().await.unwrap();
                    for piece in pieces {
                        stream.write_all(piece.as_bytes()).await.unwrap();
                        stream.flush().await.unwrap();
                        tokio::task::yield_now().await;
                    }
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn a_connection_is_used_again_and_answers_may_come_in_pieces() {
        let address = server(vec![vec![
            &["HTTP/1.1 200 OK\r\ncontent-le", "ngth: 5\r\n\r\nhe", "llo"],
            &[
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
                "c\r\n2\r\nde\r\n0\r",
                "\n\r\n",
            ],
            &["HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"],
        ]])
        .await;
        let mut connection = Connection::new(&address);
        for (status, body) in [(200, &b"hello"[..]), (200, b"abcde"), (404, b"")] {
            assert_eq!(connection.call(b"?").await.unwrap(), Answer { status, body });
        }
    }

    #[tokio::test]
    async fn a_connection_that_broke_is_made_anew() {
        let address = server(vec![
            vec![&["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"]],
            vec![&["HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"]],
            vec![&["HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"]],
        ])
        .await;
        let mut connection = Connection::new(&address);
        assert_eq!(connection.call(b"?").await.unwrap_err().kind(), "broken");
        assert_eq!(connection.call(b"?").await.unwrap().status, 200);
        assert_eq!(connection.call(b"?").await.unwrap().status, 202);
    }

    #[tokio::test]
    async fn a_server_that_is_away_or_speaks_no_http_is_told_apart() {
        let mut connection = Connection::new(&format!("127.0.0.1:{}", testing::port::free()));
        assert_eq!(connection.call(b"?").await.unwrap_err().kind(), "connect");
        let mut connection = Connection::new(&server(vec![vec![&["SSH-2.0-x\r\n\r\n"]]]).await);
        assert_eq!(connection.call(b"?").await.unwrap_err().kind(), "malformed");
    }
}

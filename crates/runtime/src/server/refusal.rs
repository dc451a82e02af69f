//! Answers that are given without a request: to what is none, and to whom there is no room for.

use std::fmt::Write;
use std::sync::Arc;

use axum::http::{Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Says in the server's words why a connection is refused: 400 what came is not HTTP, 414 the address and
/// 431 the head is too long, 503 there are too many connections.
pub type Refuse = Arc<dyn Fn(StatusCode) -> Response<Vec<u8>> + Send + Sync>;

/// A refusal as it goes over the wire. The connection ends behind it.
pub(super) fn written(refusal: Response<Vec<u8>>) -> Vec<u8> {
    let (parts, body) = refusal.into_parts();
    let mut head = format!("HTTP/1.1 {}\r\n", parts.status);
    for (name, value) in &parts.headers {
        let _ = write!(head, "{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    let _ = write!(head, "content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.into_bytes(), body].concat()
}

/// Tells a client that there is no room, and reads what it sends meanwhile: closed at once, the connection
/// would be reset, and the answer lost.
pub(super) async fn turn_away(mut stream: TcpStream, refuse: Refuse) -> std::io::Result<()> {
    stream.write_all(&written(refuse(StatusCode::SERVICE_UNAVAILABLE))).await?;
    stream.shutdown().await?;
    while stream.read(&mut [0; 4 << 10]).await? > 0 {}
    Ok(())
}

//! Whether a process works, for whoever watches it: a small HTTP page, and a probe of such pages.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Response, StatusCode};
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::TcpListener;

use crate::metrics::{self, Page, Registry};
use crate::server::{self, Limits};
use crate::shutdown::Shutdown;

/// Whoever watches needs few.
const CONNECTIONS: usize = 256;

/// What keeps a process from being ready, by part. Cheap to clone.
#[derive(Clone, Default)]
pub struct Status {
    troubles: Arc<Mutex<BTreeMap<&'static str, String>>>,
    not_ready: Family<Part, Gauge>,
    retries: Family<Part, Counter>,
}

/// What works or does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Part {
    part: &'static str,
}

impl Status {
    /// Shows in the registry what keeps the process from being ready, and how often calls were made again.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "not_ready",
            "1 while the process is not ready because this part does not work, else 0",
            self.not_ready.clone(),
        );
        registry.register(
            "retries",
            "Calls that failed and were made again, by the part that did not work",
            self.retries.clone(),
        );
    }

    /// Says that a part does not work and will be tried again.
    pub(crate) fn retrying(&self, part: &'static str, reason: impl Into<String>) {
        self.trouble(part, reason);
        self.retries.get_or_create(&Part { part }).inc();
    }

    /// Says that a part does not work, and why.
    pub fn trouble(&self, part: &'static str, reason: impl Into<String>) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).insert(part, reason.into());
        self.show(part, 1);
    }

    /// Says that a part works.
    pub fn fine(&self, part: &'static str) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).remove(part);
        self.show(part, 0);
    }

    /// Every part has its number of retries from the first: a counter that begins with 1 shows no increase.
    fn show(&self, part: &'static str, not_ready: i64) {
        self.not_ready.get_or_create(&Part { part }).set(not_ready);
        let _ = self.retries.get_or_create(&Part { part });
    }

    /// Each part that does not work, with the reason; nothing when ready.
    pub fn troubles(&self) -> Vec<String> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.iter().map(|(part, reason)| format!("{part}: {reason}")).collect()
    }
}

/// Serves `/health` (200 while the process runs), `/ready` (200, or 503 with the reasons) and `/metrics`.
pub async fn serve(listener: TcpListener, status: Status, page: Page, shutdown: Shutdown) {
    let ready = move || async move {
        match status.troubles() {
            troubles if troubles.is_empty() => (StatusCode::OK, "ready\n".to_owned()),
            troubles => (StatusCode::SERVICE_UNAVAILABLE, troubles.join("\n") + "\n"),
        }
    };
    let routes = Router::new().route("/health", get(|| async { "ok\n" })).route("/ready", get(ready));
    answer(listener, routes.merge(numbers(page)), shutdown).await;
}

/// Serves `/metrics` alone.
pub async fn serve_metrics(listener: TcpListener, page: Page, shutdown: Shutdown) {
    answer(listener, numbers(page), shutdown).await;
}

fn numbers(page: Page) -> Router {
    let text = move || async move { ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], page.text()) };
    Router::new().route("/metrics", get(text))
}

async fn answer(listener: TcpListener, routes: Router, shutdown: Shutdown) {
    let limits = Limits { connections: CONNECTIONS, ..Limits::default() };
    server::serve(listener, limits, Arc::new(refusal), routes, shutdown).await;
}

fn refusal(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(format!("{status}\n").into_bytes());
    *response.status_mut() = status;
    response
}

/// An address that listens everywhere, as this machine reaches it.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, v6.port()).into(),
        other => other,
    }
}

/// Asks whoever listens there for a page; `Ok` if it answers 200. For health checks in images that
/// have no HTTP client. Blocks for at most some seconds.
pub fn probe(address: SocketAddr, path: &str) -> std::io::Result<()> {
    const WITHIN: Duration = Duration::from_secs(3);
    let mut stream = TcpStream::connect_timeout(&reachable(address), WITHIN)?;
    stream.set_read_timeout(Some(WITHIN))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) == Some("200") {
        Ok(())
    } else {
        Err(std::io::Error::other(status.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_probe_sees_whether_the_process_is_ready() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (status, shutdown) = (Status::default(), Shutdown::new());
        let serving =
            tokio::spawn(serve(listener, status.clone(), Page::new(metrics::registry()), shutdown.clone()));
        let ask = |path| tokio::task::spawn_blocking(move || probe(address, path));

        status.trouble("kafka", "away");
        ask("/health").await.unwrap().unwrap();
        assert!(ask("/ready").await.unwrap().unwrap_err().to_string().contains("503"));
        status.fine("kafka");
        ask("/ready").await.unwrap().unwrap();

        // Half a head does not hold up the end.
        let mut half = TcpStream::connect(address).unwrap();
        half.write_all(b"GET /health HTTP/1.1\r\nX-Ha").unwrap();
        ask("/health").await.unwrap().unwrap();
        shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(30), serving).await.unwrap().unwrap();
    }
}

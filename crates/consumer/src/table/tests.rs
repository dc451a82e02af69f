use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::{EventId, Tenant, Timestamp};
use runtime::metrics;
use testing::wait::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// A server that finds every question too large. Knows of how many events each was.
struct Overburdened {
    url: String,
    asked: Arc<Mutex<Vec<usize>>>,
}

impl Overburdened {
    /// `code` is the error that it answers; without one it never does.
    async fn new(code: Option<u32>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut unanswered = Vec::new();
            while let Ok((mut connection, _)) = listener.accept().await {
                // A client that is slow on a busy machine may have given up before it asked.
                let Some(question) = question(&mut connection).await else { continue };
                seen.lock().unwrap().push(question.matches("default ").count());
                match code {
                    Some(code) => answer(&mut connection, code).await,
                    None => unanswered.push(connection),
                }
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<usize> {
        self.asked.lock().unwrap().clone()
    }
}

/// The body of the request that comes over this connection, if it comes whole.
async fn question(connection: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    while connection.read_buf(&mut request).await.is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            return Some(body.to_owned());
        }
    }
    None
}

async fn answer(connection: &mut TcpStream, code: u32) {
    let text = format!("Code: {code}. DB::Exception: limit for query exceeded");
    let head = "HTTP/1.1 500 Internal Server Error\r\nConnection: close";
    let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    let _ = connection.write_all(answer.as_bytes()).await;
}

#[tokio::test]
async fn a_look_up_that_is_too_much_for_the_server_is_halved_down_to_one_event() {
    // A time-out of ours, one of the server's, a limit of its memory, one of rows or bytes.
    for code in [None, Some(159), Some(241), Some(396)] {
        let server = Overburdened::new(code).await;
        let config =
            store::Config { url: Some(server.url.clone()), timeout_ms: 500, ..store::Config::default() };
        let table = Table::new(Store::new(config).unwrap(), Status::default(), metrics::seconds());
        let key = || EventKey { tenant: Tenant::default(), id: EventId::new(Timestamp::now()) };
        let (keys, mut lookup_budget) = ((0..8).map(|_| key()).collect(), LookupBudget::new(1 << 20));
        tokio::select! {
            looked = table.look_up(keys, &mut lookup_budget) => panic!("{looked:?}"),
            () = until("one event is asked for", PATIENCE, async || server.asked().contains(&1)) => {}
        }
        let asked = server.asked();
        assert!(asked.is_sorted_by(|more, fewer| 2 * fewer <= *more), "{code:?}: {asked:?}");
    }
}

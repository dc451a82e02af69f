//! A gate between a process and the tests' ClickHouse, which can be shut in several ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A port that leads to ClickHouse, or does not.
pub struct Gate {
    port: u16,
    way: watch::Sender<Way>,
    turned_away: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum Way {
    /// Everything passes.
    Open,
    /// Connections are cut.
    Closed,
    /// Requests pass; then their connection is cut.
    OneWay,
    /// Connections stay, and nothing passes.
    Stuck,
}

impl Gate {
    /// A port on which nobody listens yet.
    pub fn absent() -> Self {
        let way = watch::Sender::new(Way::Open);
        Self { port: crate::port::free(), way, turned_away: Arc::default() }
    }

    /// A port that leads to ClickHouse.
    pub async fn open() -> Self {
        let gate = Self::absent();
        gate.appear().await;
        gate
    }

    /// Begins to listen.
    pub async fn appear(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.expect("the gate's port");
        let (way, turned_away) = (self.way.subscribe(), Arc::clone(&self.turned_away));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !matches!(*way.borrow(), Way::Open) {
                    turned_away.fetch_add(1, Ordering::Relaxed);
                }
                tokio::spawn(pass(client, way.clone()));
            }
        });
    }

    /// For `CLICKHOUSE_URL`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets everything pass again.
    pub fn reopen(&self) {
        self.way.send_replace(Way::Open);
    }

    /// Cuts all connections, and those that come.
    pub fn close(&self) {
        self.way.send_replace(Way::Closed);
    }

    /// Lets requests pass, but no answers.
    pub fn lose_answers(&self) {
        self.way.send_replace(Way::OneWay);
    }

    /// Holds everything where it is.
    pub fn stick(&self) {
        self.way.send_replace(Way::Stuck);
    }

    /// How many connections came while it was not open.
    pub fn turned_away(&self) -> usize {
        self.turned_away.load(Ordering::Relaxed)
    }
}

async fn pass(mut client: TcpStream, mut way: watch::Receiver<Way>) {
    let server = crate::engine::url().to_string();
    let Ok(mut server) = TcpStream::connect(server.trim_start_matches("http://")).await else { return };
    loop {
        let now = *way.borrow_and_update();
        match now {
            Way::Open => tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => return,
                changed = way.changed() => if changed.is_err() { return },
            },
            Way::Closed => return,
            Way::OneWay => {
                let (mut questions, _) = client.split();
                let (mut answers, mut server) = server.split();
                tokio::select! {
                    _ = copy(&mut questions, &mut server) => return,
                    _ = answers.read_u8() => return,
                    _ = way.changed() => return,
                }
            }
            Way::Stuck => {
                let _ = way.changed().await;
                return;
            }
        }
    }
}

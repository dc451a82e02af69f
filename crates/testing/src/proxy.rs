//! A way to a server that can be made bad while it is in use.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

const BUFFER: usize = 16 << 10;
/// What passes at once when it is slow, per second.
const PIECES: usize = 10;
const BIND_AGAIN: Duration = Duration::from_millis(50);

/// What becomes of connections, those that are there and those that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything passes.
    Pass,
    /// Nobody listens; what was open is cut.
    Refuse,
    /// Connections are taken, and nothing passes either way until the mode changes: then all of it does,
    /// late.
    Hang,
    /// Requests pass; of each answer one half of what first arrives does, and then the connection is cut.
    Cut,
    /// Of so many pieces in a hundred that arrive, either way, one half passes, and then the connection is
    /// cut. What goes in small steps gets through; of what takes many, some is only done in part.
    Flaky {
        /// Of a hundred.
        percent: u32,
    },
    /// So many bytes pass per second, each way.
    Slow {
        /// Bytes per second.
        rate: usize,
    },
}

/// A port of the loopback address that leads to a server. It closes when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    mode: watch::Sender<Mode>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A way to the port `target` of the loopback address, on a port of its own.
    pub async fn start(target: u16) -> io::Result<Self> {
        let port = crate::port::free();
        let (mode, modes) = watch::channel(Mode::Pass);
        let listener = listen(port).await?;
        let task = tokio::spawn(serve(listener, port, target, modes));
        Ok(Self { port, mode, task })
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes what becomes of connections, from now on.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Takes connections until it is aborted, and listens only while they are not refused.
async fn serve(listener: TcpListener, port: u16, target: u16, mut modes: watch::Receiver<Mode>) {
    let mut listener = Some(listener);
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, target));
    loop {
        let refuses = *modes.borrow_and_update() == Mode::Refuse;
        if refuses {
            listener = None;
        } else if listener.is_none() {
            listener = listen(port).await.ok();
        }
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await.ok(),
                None if refuses => std::future::pending().await,
                None => {
                    sleep(BIND_AGAIN).await;
                    None
                }
            }
        };
        tokio::select! {
            accepted = accept => if let Some((client, _)) = accepted {
                tokio::spawn(connect(client, target, modes.clone()));
            },
            changed = modes.changed() => if changed.is_err() { return },
        }
    }
}

/// Ends with either side, when it is cut, or with the proxy.
async fn connect(client: TcpStream, target: SocketAddr, modes: watch::Receiver<Mode>) -> io::Result<()> {
    let server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        ended = pump(from_client, to_server, Way::Request, modes.clone()) => ended,
        ended = pump(from_server, to_client, Way::Answer, modes) => ended,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Request,
    Answer,
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    way: Way,
    mut modes: watch::Receiver<Mode>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read?,
            () = refused(&mut modes) => return Ok(()),
        };
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        tokio::select! {
            passed = pass(bytes, &mut to, way, modes.clone()) => if !passed? { return Ok(()) },
            () = refused(&mut modes) => return Ok(()),
        }
    }
}

/// Returns once connections are refused; also once the proxy is gone.
async fn refused(modes: &mut watch::Receiver<Mode>) {
    let _ = modes.wait_for(|mode| *mode == Mode::Refuse).await;
}

/// Whether the connection may go on.
async fn pass(
    mut bytes: &[u8],
    to: &mut (impl AsyncWrite + Unpin),
    way: Way,
    mut modes: watch::Receiver<Mode>,
) -> io::Result<bool> {
    while !bytes.is_empty() {
        let mode = *modes.borrow_and_update();
        let is_cut = match mode {
            Mode::Cut => way == Way::Answer,
            Mode::Flaky { percent } => rand::random_range(0..100) < percent,
            _ => false,
        };
        let piece = match mode {
            Mode::Slow { rate } => bytes.len().min((rate / PIECES).max(1)),
            Mode::Cut | Mode::Flaky { .. } if is_cut => bytes.len() / 2,
            Mode::Pass | Mode::Cut | Mode::Flaky { .. } => bytes.len(),
            Mode::Refuse => return Ok(false),
            Mode::Hang => {
                if modes.changed().await.is_err() {
                    return Ok(false);
                }
                continue;
            }
        };
        let (now, later) = bytes.split_at(piece);
        to.write_all(now).await?;
        if is_cut {
            return Ok(false);
        }
        if matches!(mode, Mode::Slow { .. }) {
            sleep(Duration::from_secs(1) / u32::try_from(PIECES).unwrap_or(1)).await;
        }
        bytes = later;
    }
    Ok(true)
}

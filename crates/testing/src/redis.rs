//! A real Redis, run as Debian's `redis-server`, which `scripts/install-test-tools.sh` installs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::guard::Guard;

const SERVES_WITHIN: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A server of a test's own on a free port, on a data folder that goes with it. It ends when this is dropped or the
/// test process ends.
pub struct Server {
    port: u16,
    arguments: Vec<String>,
    guard: Guard,
}

impl Server {
    /// Starts a server that keeps nothing on its disk, and returns once it serves.
    pub fn start() -> Self {
        Self::start_with(&["--save", ""])
    }

    /// Starts a server that forgets nothing it has acknowledged when it is killed.
    pub fn start_durable() -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// Starts a server with further arguments. Files that they name are looked for in [`Server::folder`], where
    /// `prepare` may put them first.
    pub fn start_prepared(arguments: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let (port, guard) = (crate::port::free(), Guard::new());
        prepare(guard.folder());
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut server = Self { port, arguments, guard };
        server.restart();
        server
    }

    /// Starts a server with further arguments, and returns once it serves.
    pub fn start_with(arguments: &[&str]) -> Self {
        Self::start_prepared(arguments, |_| {})
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// For `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.guard.folder()
    }

    /// Ends it at once, as a power cut would.
    pub fn kill_9(&mut self) {
        self.guard.kill_9();
    }

    /// Starts it again after [`Server::kill_9`], on the same port and data, and returns once it serves.
    pub fn restart(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]).args(&self.arguments);
        self.guard.start(&mut command);
        let start = Instant::now();
        while !self.serves() {
            assert!(self.guard.try_wait().is_none(), "redis-server has ended: {}", self.guard.output());
            assert!(start.elapsed() < SERVES_WITHIN, "redis-server does not serve: {}", self.guard.output());
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Whether it answers, be it that it wants a password or TLS, and not that it is still reading its files.
    fn serves(&self) -> bool {
        let ask = || -> std::io::Result<Vec<u8>> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(SERVES_WITHIN))?;
            stream.write_all(b"PING\r\n")?;
            let mut answer = vec![0; 64];
            let read = stream.read(&mut answer)?;
            answer.truncate(read);
            Ok(answer)
        };
        ask().is_ok_and(|answer| !answer.starts_with(b"-LOADING"))
    }
}

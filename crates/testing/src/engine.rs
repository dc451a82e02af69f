//! The embedded engine, one for all tests of a binary.

use std::path::Path;
use std::sync::{OnceLock, mpsc};
use std::thread;

use engine::{Config, Engine, default_library};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::guard::Guard;

/// The URL of a ClickHouse that lives as long as the test process, on a data folder of its own that
/// goes with it. Blocks at the first call.
pub fn url() -> &'static str {
    static RUNNING: OnceLock<(String, Guard)> = OnceLock::new();
    let (url, _) = RUNNING.get_or_init(|| {
        let guard = Guard::new();
        (start(guard.folder()), guard)
    });
    url
}

/// On a thread of its own: the caller's may belong to a test's runtime, which ends with the test.
fn start(folder: &Path) -> String {
    let config = Config { data: folder.join("engine"), library: default_library(), password: None };
    assert!(config.library.exists(), "{} is missing: run make engine", config.library.display());
    let (sender, address) = mpsc::channel();
    thread::spawn(move || {
        Runtime::new().expect("a runtime").block_on(async {
            let engine = Engine::open(&config).expect("the engine opens");
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            sender.send(listener.local_addr().expect("the port's number")).expect("the caller waits");
            engine.serve(listener, std::future::pending()).await.expect("the engine serves");
        });
    });
    format!("http://{}", address.recv().expect("the engine starts"))
}

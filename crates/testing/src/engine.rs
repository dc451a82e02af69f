//! The embedded engine, one for all tests of a binary.

use std::sync::OnceLock;
use std::thread;

use engine::{Config, Engine, default_library};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The URL of a ClickHouse that lives as long as the test process, on a data folder of its own.
pub fn url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(start)
}

fn start() -> String {
    let library = default_library();
    assert!(library.exists(), "{} is missing: run make engine", library.display());
    let data = tempfile::tempdir().expect("a temporary folder");
    let engine = Engine::open(&Config { data: data.path().join("engine"), library }).expect("the engine opens");
    let runtime = Runtime::new().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("the port's number");
    thread::spawn(move || {
        runtime.block_on(engine.serve(listener, std::future::pending())).expect("the engine serves");
        drop(data);
    });
    format!("http://{address}")
}

//! The threads for async work.

use std::io;
use std::num::NonZero;

use tokio::runtime::{Builder, Runtime};

/// A runtime for a process whose clients (librdkafka) have threads of their own: it leaves them a quarter of
/// the cores. `TOKIO_WORKER_THREADS` says otherwise.
pub fn beside_clients() -> io::Result<Runtime> {
    let mut runtime = Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        runtime.worker_threads((cores * 3 / 4).max(1));
    }
    runtime.enable_all().build()
}

//! The threads for async work.

use std::io;
use std::num::NonZero;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// How long threads that are blocked are waited for at the end.
const BLOCKED_FOR: Duration = Duration::from_secs(5);

/// Runs a program to its end. A thread that is blocked then is waited for, but not for ever: a commit of
/// librdkafka's may wait for a cluster for as long as that is away, and a process that was asked to end must.
pub fn run<T>(runtime: Runtime, program: impl Future<Output = T>) -> T {
    let outcome = runtime.block_on(program);
    runtime.shutdown_timeout(BLOCKED_FOR);
    outcome
}

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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_program_ends_though_a_thread_of_it_is_blocked_for_good() {
        let (unblock, blocked) = channel::<()>();
        let program = async move { drop(tokio::task::spawn_blocking(move || blocked.recv())) };
        let (say, ended) = channel();
        std::thread::spawn(move || {
            run(Runtime::new().unwrap(), program);
            say.send(())
        });
        ended.recv_timeout(Duration::from_mins(1)).unwrap();
        drop(unblock);
    }
}

//! The threads that statements block while they are carried out.

use std::{io, time::Duration};

use tokio::runtime::{Builder, Runtime};

/// As much stack as ClickHouse's own threads have; an async runtime gives its threads less.
const STACK_BYTES: usize = 8 << 20;

/// A thread's first statement takes some milliseconds longer than the next, so that threads are kept.
const KEPT: Duration = Duration::from_secs(600);

/// A pool of threads: a runtime of which nothing is used but its threads for blocking calls.
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    pub(crate) fn new(count: usize) -> io::Result<Self> {
        let mut runtime = Builder::new_current_thread();
        runtime.thread_name("engine-query").thread_stack_size(STACK_BYTES);
        runtime.max_blocking_threads(count).thread_keep_alive(KEPT);
        Ok(Self(Some(runtime.build()?)))
    }

    /// Runs the job on a thread, at once if one is free.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        if let Some(threads) = &self.0 {
            drop(threads.spawn_blocking(job));
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Waiting for the threads is not possible where this may happen, on a thread of another runtime.
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

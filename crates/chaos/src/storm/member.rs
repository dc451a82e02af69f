//! One process of the installation, and whether it should be running.

use std::path::Path;
use std::process::ExitStatus;

use testing::Process;

pub(super) struct Member {
    pub(super) name: String,
    process: Process,
    is_up: bool,
}

impl Member {
    /// Starts it; its output goes to the file of its name in the folder `logs`.
    pub(super) fn start(
        name: String,
        binary: &str,
        arguments: &[&str],
        environment: &[(&str, String)],
        logs: &Path,
    ) -> Self {
        let log = logs.join(format!("{name}.log"));
        let process = Process::start_logging(binary, arguments, environment, &log);
        Self { name, process, is_up: true }
    }

    /// kill -9.
    pub(super) fn kill(&mut self) {
        self.is_up = false;
        self.process.kill_9();
    }

    /// SIGTERM; it is to be waited for.
    pub(super) fn end(&mut self) {
        self.is_up = false;
        self.process.terminate();
    }

    pub(super) fn freeze(&self) {
        self.process.pause();
    }

    pub(super) fn thaw(&self) {
        self.process.resume();
    }

    /// Starts it again after it has ended.
    pub(super) fn restart(&mut self) {
        self.process.restart();
        self.is_up = true;
    }

    /// How it ended after [`Member::end`], once it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_exit()
    }

    /// As if it had.
    #[cfg(test)]
    pub(super) fn end_by_itself(&mut self) {
        self.process.kill_9();
    }

    /// How it ended without being told to.
    pub(super) fn died(&mut self) -> Option<ExitStatus> {
        if self.is_up { self.process.try_exit() } else { None }
    }
}

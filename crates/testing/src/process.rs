//! The workspace's binaries as processes of their own, the way they are run in production.

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use crate::guard::Guard;

/// A running binary of this workspace. It is killed when this is dropped or the test process ends.
///
/// Its output is kept, and printed if the test fails.
pub struct Process {
    binary: String,
    guard: Guard,
    exit: Option<ExitStatus>,
}

impl Process {
    /// Starts `binary` without arguments; see [`Process::start_with`].
    pub fn start(binary: &str, env: &[(&str, String)]) -> Self {
        Self::start_with(binary, &[], env)
    }

    /// Starts `binary` (`millrace`, `millrace-api`…) in an empty folder, with `PATH` and `env` as its whole environment.
    pub fn start_with(binary: &str, arguments: &[&str], env: &[(&str, String)]) -> Self {
        let mut command = Command::new(path(binary));
        command.args(arguments).env_clear();
        command.envs(env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(env.iter().map(|(name, value)| (name, value)));
        let mut guard = Guard::new();
        guard.start(&mut command);
        Self { binary: binary.to_owned(), guard, exit: None }
    }

    /// The process's id; panics once it has been seen to end.
    pub fn id(&self) -> u32 {
        self.guard.id()
    }

    /// Ends it at once, as a power cut would, and returns when it is gone.
    pub fn kill_9(&mut self) {
        self.exit = self.guard.kill_9().or(self.exit);
    }

    /// Asks it to end (SIGTERM) and returns at once.
    pub fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "{} could not be sent SIGTERM", self.binary);
    }

    /// Waits for it to end by itself; panics when it hasn't within `timeout`.
    pub fn wait_exit(&mut self, timeout: Duration) -> ExitStatus {
        let start = Instant::now();
        while self.exit.is_none() {
            self.exit = self.guard.try_wait();
            assert!(
                self.exit.is_some() || start.elapsed() < timeout,
                "{} still runs after {timeout:?}",
                self.binary
            );
            thread::sleep(Duration::from_millis(10));
        }
        self.exit.expect("the loop ends with it")
    }

    /// What it has printed so far, to both streams.
    pub fn output(&self) -> String {
        self.guard.output()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("---- output of {} ----\n{}\n----", self.binary, self.output());
        }
    }
}

/// Cargo puts the binaries one folder above the test executables.
fn path(binary: &str) -> PathBuf {
    let test = env::current_exe().expect("the path of the test executable");
    let folder = test.ancestors().nth(2).expect("the test executable lies in target/<profile>/deps");
    let path = folder.join(binary);
    assert!(path.exists(), "{} is missing: run cargo build --workspace --bins", path.display());
    path
}

//! The workspace's binaries as processes of their own, the way they are run in production.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use crate::guard::Guard;

/// A running binary of this workspace. It is killed when this is dropped or the test process ends.
///
/// Its output is kept, and printed if the test fails, unless it goes to a log.
pub struct Process {
    binary: String,
    command: Command,
    guard: Guard,
    exit: Option<ExitStatus>,
    has_log: bool,
}

impl Process {
    /// Starts `binary` without arguments; see [`Process::start_with`].
    pub fn start(binary: &str, env: &[(&str, String)]) -> Self {
        Self::start_with(binary, &[], env)
    }

    /// Starts `binary` (`millrace`, `millrace-api`…) in an empty folder, with `PATH` and `env` as its whole environment.
    pub fn start_with(binary: &str, arguments: &[&str], env: &[(&str, String)]) -> Self {
        Self::launch(binary, arguments, env, Guard::new(), false)
    }

    /// The same, with its output behind what the file `log` holds, which stays.
    pub fn start_logging(binary: &str, arguments: &[&str], env: &[(&str, String)], log: &Path) -> Self {
        let mut guard = Guard::new();
        guard.log_to(log);
        Self::launch(binary, arguments, env, guard, true)
    }

    /// Starts `binary` on a file system of its own at `folder`, an existing one, that holds so many
    /// mebibytes. Only the process sees it; others reach it by [`Process::root`].
    pub fn start_on_small_disk(binary: &str, folder: &Path, mebibytes: u32, env: &[(&str, String)]) -> Self {
        let mut command = Command::new("unshare");
        let script = r#"mount -t tmpfs -o size="$1" tmpfs "$2" && exec "$3""#;
        command.args(["--map-root-user", "--mount", "sh", "-c", script, "small-disk"]);
        command.arg(format!("{mebibytes}m")).arg(folder).arg(path(binary));
        Self::run(binary, command, env, Guard::new(), false)
    }

    /// The root of the file system as the process sees it.
    pub fn root(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root", self.id()))
    }

    fn launch(binary: &str, arguments: &[&str], env: &[(&str, String)], guard: Guard, has_log: bool) -> Self {
        let mut command = Command::new(path(binary));
        command.args(arguments);
        Self::run(binary, command, env, guard, has_log)
    }

    fn run(
        binary: &str,
        mut command: Command,
        env: &[(&str, String)],
        mut guard: Guard,
        has_log: bool,
    ) -> Self {
        command.env_clear();
        command.envs(env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(env.iter().map(|(name, value)| (name, value)));
        guard.start(&mut command);
        Self { binary: binary.to_owned(), command, guard, exit: None, has_log }
    }

    /// Starts it again after it has ended, as before and in the same folder.
    pub fn restart(&mut self) {
        self.exit = None;
        self.guard.start(&mut self.command);
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
        self.guard.signal("TERM");
    }

    /// Stops it where it is (SIGSTOP), until [`Process::resume`].
    pub fn pause(&self) {
        self.guard.freeze();
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) {
        self.guard.signal("CONT");
    }

    /// How it ended, once it has.
    pub fn try_exit(&mut self) -> Option<ExitStatus> {
        self.exit = self.exit.or_else(|| self.guard.try_wait());
        self.exit
    }

    /// Waits for it to end by itself; panics when it hasn't within `timeout`.
    pub fn wait_exit(&mut self, timeout: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.try_exit() {
                return status;
            }
            assert!(start.elapsed() < timeout, "{} still runs after {timeout:?}", self.binary);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it has printed since its last start, to both streams.
    pub fn output(&self) -> String {
        self.guard.output()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() && !self.has_log {
            eprintln!("---- output of {} ----\n{}\n----", self.binary, self.output());
        }
    }
}

/// Cargo puts the binaries into one folder, and the test executables into `deps` in it.
fn path(binary: &str) -> PathBuf {
    let own = env::current_exe().expect("the path of this executable");
    let folder = own.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
    let path = folder.expect("the executable's folder").join(binary);
    assert!(path.exists(), "{} is missing: run cargo build --workspace --bins", path.display());
    path
}

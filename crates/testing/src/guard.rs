//! Ends what a test started, also when the test process is killed.
//!
//! A small shell holds the other end of a pipe. When the pipe closes, for whatever reason, it kills the
//! child it was told of last and removes the folder. It runs in a process group of its own, so that
//! Ctrl-C doesn't end it before its work.

use std::fs::{self, DirEntry};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const LOOK_AGAIN: Duration = Duration::from_millis(1);
const FREEZES_WITHIN: Duration = Duration::from_secs(10);

const SCRIPT: &str = r#"
trap '' HUP INT TERM
pid=
while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -9 "$pid"
for _ in 1 2 3 4 5; do rm -rf "$1" && break; sleep 0.1; done
"#;

/// A temporary folder and at most one child process at a time, both gone when this is.
pub(crate) struct Guard {
    shell: Child,
    child: Option<Child>,
    folder: PathBuf,
    /// Where the children's output goes, and where in it that of the last one begins.
    output: PathBuf,
    begin: u64,
}

impl Guard {
    pub(crate) fn new() -> Self {
        let folder =
            tempfile::Builder::new().prefix("millrace-test-").tempdir().expect("a temporary folder").keep();
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "guard"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("sh should start");
        let output = folder.join("output");
        Self { shell, child: None, folder, output, begin: 0 }
    }

    /// From the next start on the output goes to this file, which stays.
    pub(crate) fn log_to(&mut self, file: &Path) {
        file.clone_into(&mut self.output);
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts `command` in the folder, without input. Its output, both streams, goes behind that of
    /// the child before.
    pub(crate) fn start(&mut self, command: &mut Command) {
        assert!(self.child.is_none(), "the child before should have ended");
        let file = fs::File::options().append(true).create(true).open(&self.output);
        let file = file.expect("a file for the output");
        self.begin = file.metadata().expect("the output's length").len();
        let child = command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("the output file"))
            .stderr(file)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{} should start: {error}", command.get_program().display()));
        self.tell(&child.id().to_string()).expect("the guard's shell should be alive");
        self.child = Some(child);
    }

    /// The id of the child; panics when none runs.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("a running child").id()
    }

    /// How the child ended, once it has.
    pub(crate) fn try_wait(&mut self) -> Option<ExitStatus> {
        let status = self.child.as_mut()?.try_wait().expect("the child's state")?;
        self.forget();
        Some(status)
    }

    /// Kills the child if it still runs; how it ended, unless that was told before.
    pub(crate) fn kill_9(&mut self) -> Option<ExitStatus> {
        let child = self.child.as_mut()?;
        child.kill().expect("the child should be killed");
        let status = child.wait().expect("the child's state");
        self.forget();
        Some(status)
    }

    /// Sends the running child a signal, by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "SIG{name} could not be sent");
    }

    /// Stops the running child (SIGSTOP) and returns when none of its threads runs any more: a signal
    /// reaches them some time after it was sent.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
        let start = Instant::now();
        while !self.is_frozen() {
            assert!(start.elapsed() < FREEZES_WITHIN, "a process runs on after SIGSTOP");
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Whether all threads of the running child are stopped.
    fn is_frozen(&self) -> bool {
        let stopped = |thread: io::Result<DirEntry>| -> io::Result<bool> {
            let stat = fs::read_to_string(thread?.path().join("stat"))?;
            // `id (name) state …`, where the name may hold anything.
            Ok(stat.rsplit(')').next().is_some_and(|behind| behind.starts_with(" T")))
        };
        let threads = fs::read_dir(format!("/proc/{}/task", self.id()));
        // A thread that has ended meanwhile runs no more.
        threads.is_ok_and(|mut threads| threads.all(|thread| stopped(thread).unwrap_or(true)))
    }

    /// What the child started last has printed so far.
    pub(crate) fn output(&self) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = fs::File::open(&self.output)?;
            file.seek(SeekFrom::Start(self.begin))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }

    /// The child is gone and its id may soon be another process's.
    fn forget(&mut self) {
        self.child = None;
        let _ = self.tell("");
    }

    fn tell(&mut self, pid: &str) -> io::Result<()> {
        self.shell.stdin.as_mut().map_or(Ok(()), |pipe| writeln!(pipe, "{pid}"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.kill_9();
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;
    use crate::wait::{until, until_some};

    const PATIENCE: Duration = Duration::from_secs(10);
    const REPORT: &str = "MILLRACE_TEST_GUARD_REPORT";

    fn runs(pid: &str) -> bool {
        // A process that nobody has waited for yet keeps its id but has no command line.
        fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
    }

    /// Run by the test below in a process of its own, to be killed.
    #[test]
    #[ignore = "does nothing by itself"]
    fn victim() {
        let Ok(report) = env::var(REPORT) else { return };
        let mut guard = Guard::new();
        guard.start(Command::new("sleep").arg("60"));
        fs::write(report, format!("{} {}", guard.id(), guard.folder().display())).unwrap();
        std::thread::sleep(PATIENCE);
    }

    #[tokio::test]
    async fn a_child_and_its_folder_go_when_the_test_process_is_killed() {
        let mut process = Guard::new();
        let report = process.folder().join("report");
        process.start(
            Command::new(env::current_exe().unwrap())
                .args(["guard::tests::victim", "--exact", "--include-ignored"])
                .env(REPORT, &report),
        );
        let (pid, folder) = until_some("the victim reports", PATIENCE, async || {
            let text = fs::read_to_string(&report).ok()?;
            text.split_once(' ').map(|(pid, folder)| (pid.to_owned(), PathBuf::from(folder)))
        })
        .await;
        assert!(runs(&pid) && folder.exists());

        process.kill_9();

        until("the child is gone", PATIENCE, async || !runs(&pid)).await;
        until("the folder is gone", PATIENCE, async || !folder.exists()).await;
    }

    #[test]
    fn a_frozen_child_has_stopped_when_that_returns() {
        let mut guard = Guard::new();
        guard.start(Command::new("sh").args(["-c", "while :; do :; done"]));
        for _ in 0..100 {
            guard.freeze();
            assert!(guard.is_frozen());
            guard.signal("CONT");
        }
    }

    #[tokio::test]
    async fn the_output_is_that_of_the_last_child_and_the_log_that_of_all() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut guard = Guard::new();
        guard.log_to(&log);
        for word in ["one", "two"] {
            guard.start(Command::new("echo").arg(word));
            until("it has ended", PATIENCE, async || guard.try_wait().is_some()).await;
            assert_eq!(guard.output(), format!("{word}\n"));
        }
        drop(guard);
        assert_eq!(fs::read_to_string(log).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn a_child_and_its_folder_go_with_the_guard() {
        let mut guard = Guard::new();
        guard.start(Command::new("sleep").arg("60"));
        let (pid, folder) = (guard.id().to_string(), guard.folder().to_owned());
        drop(guard);
        assert!(!runs(&pid) && !folder.exists());
    }
}

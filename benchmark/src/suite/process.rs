//! Processes that end with the suite.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use benchmark::usage;
use tokio::time::{Instant, sleep};

const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long a process may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process; killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a process whose output goes to a file of its name in `folder`.
    pub(crate) fn start(name: &str, command: &mut Command, folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log)?;
        let child = command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The processor time it has used so far.
    pub(crate) fn cpu(&self) -> Duration {
        usage::cpu(self.child.id()).unwrap_or_default()
    }

    /// The most memory it has ever had resident, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        usage::peak_memory(self.child.id()).unwrap_or_default()
    }

    /// What it has printed so far.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it is ready; an error if it ends before.
    pub(crate) async fn until(&mut self, mut ready: impl AsyncFnMut(&Self) -> bool) -> anyhow::Result<()> {
        let begin = Instant::now();
        while !ready(self).await {
            if self.child.try_wait()?.is_some() || begin.elapsed() > PATIENCE {
                bail!("{} is not ready; it printed:\n{}", self.name, self.output());
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Asks it to end, and returns once it has.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let begin = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begin.elapsed() > PATIENCE {
                bail!("{} does not end; it printed:\n{}", self.name, self.output());
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of Millrace's binaries; they lie beside this one.
pub(crate) fn binary(name: &str) -> anyhow::Result<Command> {
    let path = std::env::current_exe()?.with_file_name(name);
    if !path.exists() {
        bail!("{} is missing: scripts/bench.sh builds it", path.display());
    }
    Ok(Command::new(path))
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

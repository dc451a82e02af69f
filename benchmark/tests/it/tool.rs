//! A run of the tool.

use std::fs;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

/// What a run has left behind.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) printed: String,
    /// The JSON report, if it has come to that.
    pub(crate) json: Value,
    /// The page, if it was asked for.
    pub(crate) html: String,
}

/// Runs the tool to its end, with these options and nothing in its environment.
pub(crate) async fn run(url: &str, options: &[&str]) -> Ended {
    let folder = TempDir::new().unwrap();
    let (json, html) = (folder.path().join("report.json"), folder.path().join("report.html"));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_millrace-benchmark"));
    command.env_clear().args(options).args(["--url", url, "--quiet", "--json"]).arg(&json);
    if !matches!(options.first(), Some(&"reads" | &"generate")) {
        command.arg("--html").arg(&html);
    }
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let printed = String::from_utf8([stdout, stderr].concat()).unwrap();
    Ended {
        code: status.code().unwrap(),
        printed,
        json: fs::read(&json).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default(),
        html: fs::read_to_string(&html).unwrap_or_default(),
    }
}

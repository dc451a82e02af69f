//! Opening, closing and breaking off, in processes of their own.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use engine::{Config, Engine, EngineError};
use reqwest::Client;
use tempfile::tempdir;

use crate::server::PATIENCE;

/// A process that serves a data directory.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        let mut process = command(data).stdout(Stdio::piped()).spawn().expect("the engine's program");
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).expect("the engine's address");
        assert!(
            url.starts_with("http://"),
            "the engine did not start; `scripts/fetch-engine.sh` fetches its library"
        );
        Self { process, url: url.trim().to_owned() }
    }

    async fn query(&self, statement: &str) -> String {
        let request = Client::new().post(&self.url).timeout(PATIENCE).body(statement.to_owned());
        request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }

    /// Ends the process as Ctrl-C does.
    fn interrupt(mut self) -> ExitStatus {
        let kill = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status().unwrap();
        assert!(kill.success());
        self.process.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_millrace-engine"));
    command.arg(data).arg("127.0.0.1:0");
    command
}

#[tokio::test]
async fn what_was_written_is_there_after_closing_and_opening_again() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path());
    server.query("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    server.query("INSERT INTO t SELECT number FROM numbers(1000)").await;
    assert!(server.interrupt().success());

    let server = Server::start(data.path());
    assert_eq!(server.query("SELECT count(), sum(a) FROM t").await, "1000\t499500\n");
    assert!(server.interrupt().success());
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_process_was_killed() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path());
    server.query("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    for number in 0..20 {
        server.query(&format!("INSERT INTO t SELECT {number} FROM numbers(100)")).await;
    }
    drop(server);

    let server = Server::start(data.path());
    assert_eq!(server.query("SELECT count(), uniq(a) FROM t").await, "2000\t20\n");
}

#[tokio::test]
async fn closing_ends_queries_that_would_not_end() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path());
    let endless = Client::new().post(&server.url).body("SELECT count() FROM numbers(1000000000000)");
    let endless = tokio::spawn(endless.send());
    while server.query("SELECT count() > 0 FROM system.processes WHERE query LIKE '%10000000%'").await
        != "1\n"
    {}
    let url = server.url.clone();
    let waiting = tokio::task::spawn_blocking(|| server.interrupt());
    assert!(waiting.await.unwrap().success());
    let ended = endless.await.unwrap();
    assert!(ended.is_err() || !ended.unwrap().status().is_success(), "{url}");
}

#[tokio::test]
async fn a_data_directory_in_use_is_not_opened_again() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path());
    let second = command(data.path()).output().unwrap();
    assert!(!second.status.success());
    let message = String::from_utf8(second.stderr).unwrap();
    assert!(message.contains("is in use by another process"), "{message}");

    let config = Config { data: data.path().to_owned(), library: engine::default_library(), password: None };
    assert!(matches!(Engine::open(&config), Err(EngineError::DirectoryLocked(_))));
    assert_eq!(server.query("SELECT 1").await, "1\n");
}

#[tokio::test]
async fn a_missing_library_says_how_to_get_it() {
    let data = tempdir().unwrap();
    let config =
        Config { data: data.path().to_owned(), library: data.path().join("libchdb.so"), password: None };
    let error = Engine::open(&config).err().expect("an error");
    assert!(matches!(error, EngineError::LibraryMissing(_)));
    assert!(error.to_string().contains("make engine"));
}

#[tokio::test]
async fn the_engine_does_not_listen_beyond_this_machine() {
    let data = tempdir().unwrap();
    let mut everywhere = Command::new(env!("CARGO_BIN_EXE_millrace-engine"));
    let output = everywhere.arg(data.path()).arg("0.0.0.0:0").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("loopback addresses only"));
}

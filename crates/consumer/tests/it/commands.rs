//! Commands on dead letters, given as on the command line.

use bus::Delivery;
use clap::Parser;
use consumer::commands::dead_letters::{self, Command};
use runtime::shutdown::Shutdown;
use serde_json::Value;

use crate::site::Site;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

impl Site {
    /// What `dead-letters` with these arguments prints, and whether it did all that it was to do.
    pub(crate) async fn dead_letters(&self, arguments: &[&str]) -> (Vec<u8>, bool) {
        let line = Line::try_parse_from([&["dead-letters"], arguments].concat()).unwrap();
        let mut out = Vec::new();
        let done = dead_letters::run(line.command, &self.channels, &Shutdown::new(), &mut out).await;
        (out, done.unwrap())
    }

    /// What `dead-letters replay` says in the end, if it did all that it was to do.
    pub(crate) async fn replay(&self, arguments: &[&str]) -> String {
        let (out, done) = self.dead_letters(&[&["replay"], arguments].concat()).await;
        let text = String::from_utf8(out).unwrap();
        assert!(done, "{text}");
        text.lines().last().unwrap().to_owned()
    }

    /// The lines of `dead-letters list --json`.
    pub(crate) async fn listed(&self, arguments: &[&str]) -> Vec<Value> {
        let (out, done) = self.dead_letters(&[&["list", "--json"], arguments].concat()).await;
        assert!(done);
        let text = String::from_utf8(out).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How often the events' topic has a message with this value.
    pub(crate) async fn times_on_topic(&self, value: &[u8]) -> usize {
        let all = self.everything_on(&self.channels.events).await;
        all.iter().filter(|delivery: &&Delivery| delivery.value == value).count()
    }
}

pub(crate) fn said(replayed: usize, skipped: usize, failed: usize) -> String {
    format!("replayed {replayed}, skipped {skipped} that were replayed before, failed on {failed}")
}

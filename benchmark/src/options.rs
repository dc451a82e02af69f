//! The command line and the environment.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use clap::{Args, Parser, Subcommand};
use model::Tenant;

use crate::dialect::Dialect;
use crate::http::Target;
use crate::phase::Pace;
use crate::plan::Sizes;

mod commerce;

pub use commerce::{Commerce, Generate};

/// Writes events to a running Millrace through its HTTP API, as many as it takes, and verifies that
/// exactly those are there afterwards.
///
/// Exits with 0 if everything is as it must be, 3 if not, 1 if it could not be found out, and 2 if the
/// options can't be understood.
#[derive(Debug, Parser)]
#[command(name = "millrace-benchmark", version)]
pub struct Options {
    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What is measured.
    #[command(flatten)]
    pub server: Server,
    /// What is written.
    #[command(flatten)]
    pub load: Load,
}

/// What else can be measured.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measures how long reads take, on whatever the table holds.
    Reads(Reads),
    /// Makes up events to ask questions about.
    #[command(subcommand)]
    Generate(Generate),
}

/// What is measured.
#[derive(Clone, Debug, Args)]
pub struct Server {
    /// Where the API is.
    #[arg(long, env = "API_BASE_URL", default_value = "http://localhost:8080", global = true)]
    pub url: String,
    /// A header of every request, such as `X-Tenant: acme`; may be given several times.
    #[arg(long, value_name = "NAME: VALUE", global = true)]
    pub header: Vec<String>,
    /// Writes everything that was measured to this file.
    #[arg(long, value_name = "FILE", global = true)]
    pub json: Option<PathBuf>,
    /// Shows no progress.
    #[arg(long, global = true)]
    pub quiet: bool,
}

impl Server {
    /// The server that the options name.
    pub fn target(&self) -> anyhow::Result<Target> {
        Target::parse(&self.url, &self.header)
    }

    /// Whose the events are, as the headers say.
    pub fn tenant(&self) -> anyhow::Result<Tenant> {
        let named = self.header.iter().filter_map(|header| header.split_once(':'));
        let mut named = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("x-tenant"));
        named.next().map_or_else(|| Ok(Tenant::default()), |(_, tenant)| Ok(Tenant::parse(tenant.trim())?))
    }
}

/// What is written, and how.
#[derive(Clone, Debug, Args)]
pub struct Load {
    /// Callers, each with a connection of its own and one request at a time.
    #[arg(long, env = "CONCURRENCY", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrency: u16,
    /// Events to create.
    #[arg(long, env = "INSERT_COUNT", value_name = "N", default_value_t = 500_000)]
    pub inserts: u64,
    /// How many of them to update.
    #[arg(long, env = "UPDATE_COUNT", value_name = "N", default_value_t = 200_000)]
    pub updates: u64,
    /// How many of the others to delete.
    #[arg(long, env = "DELETE_COUNT", value_name = "N", default_value_t = 200_000)]
    pub deletes: u64,
    /// How creates are sent. With `segment` as track events, with `event-service` as messages, whose ids hang on the
    /// tenant: one other than the default, even if it is a key's, must be named by a header `X-Tenant`.
    #[arg(long, value_enum, default_value_t)]
    pub dialect: Dialect,
    /// Creates per request; more than one go to `POST /events`, with `segment` to `POST /v1/batch`, with
    /// `event-service` in an array.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub batch: u64,
    /// Operations a second, whatever the answers take: an answer's time counts from when the request was
    /// due. Without it each caller sends its next request once it has an answer.
    #[arg(long, value_name = "N", value_parser = positive)]
    pub rate: Option<f64>,
    /// The sizes of an event's body in bytes, taken in turn.
    #[arg(long, value_name = "BYTES", value_delimiter = ',', default_value = "300")]
    pub payload: Vec<usize>,
    /// Gives every event two embeddings of so many dimensions.
    #[arg(long, value_name = "DIMENSIONS", default_value_t = 0)]
    pub embeddings: usize,
    /// Event names that the installation allows.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "event_a,event_b,event_c")]
    pub event_names: Vec<String>,
    /// How many events of each kind (updated, deleted, others) are looked up by their ids, beside reading
    /// all of them by conversation.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub sample: u64,
    /// How long to wait until everything is visible, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub visible_within: u64,
    /// Writes a report with plots to this file.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

impl Load {
    /// How much is sent; an error if more events would be updated and deleted than there are, or if the dialect
    /// can't say it.
    pub fn sizes(&self) -> anyhow::Result<Sizes> {
        let &Self { inserts, updates, deletes, dialect, embeddings, .. } = self;
        ensure!(
            updates.checked_add(deletes).is_some_and(|touched| touched <= inserts),
            "{updates} updates and {deletes} deletes go to different events, and there are only {inserts}"
        );
        ensure!(
            dialect == Dialect::Native || embeddings == 0,
            "embeddings can be sent in the native dialect alone"
        );
        Ok(Sizes { inserts, updates, deletes, payload: self.payload.clone(), dimensions: embeddings })
    }

    /// How it is sent.
    pub fn pace(&self) -> Pace {
        Pace { batch: self.batch, rate: self.rate }
    }

    /// How long to wait for the end.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.visible_within)
    }
}

/// Which reads are measured, and how often.
#[derive(Clone, Debug, Args)]
pub struct Reads {
    /// Calls by id, by conversation, and of the errors of seven days.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub calls: usize,
    /// Calls of the questions about all events there are.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub long_calls: usize,
    /// The event name of the errors.
    #[arg(long, value_name = "NAME", default_value = "event_a")]
    pub event_name: String,
    /// A file of conversation ids, one a line; without it they are taken from the slowest conversations.
    #[arg(long, value_name = "FILE")]
    pub conversations: Option<PathBuf>,
    /// A file of event ids, one a line; without it they are taken from those conversations.
    #[arg(long, value_name = "FILE")]
    pub ids: Option<PathBuf>,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && f64::is_finite(number) => Ok(number),
        _ => Err("not a number above 0".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, clap::Error> {
        Options::try_parse_from([&["millrace-benchmark"], arguments].concat())
    }

    #[test]
    fn the_options_are_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn without_options_the_standard_run_is_asked_for() {
        let load = parse(&[]).unwrap().load;
        let sizes = load.sizes().unwrap();
        assert_eq!((sizes.inserts, sizes.updates, sizes.deletes), (500_000, 200_000, 200_000));
        assert_eq!((load.concurrency, load.batch, load.rate), (100, 1, None));
        assert_eq!(load.dialect, Dialect::Native);
    }

    #[test]
    fn every_option_is_taken() {
        let options = parse(&[
            "--url",
            "http://x",
            "--header",
            "A: b",
            "--header",
            "C: d",
            "--concurrency",
            "3",
            "--inserts",
            "10",
            "--updates",
            "5",
            "--deletes",
            "5",
            "--batch",
            "7",
            "--rate",
            "2.5",
            "--payload",
            "300,4000",
            "--embeddings",
            "8",
            "--event-names",
            "a,b",
        ])
        .unwrap();
        let load = &options.load;
        assert_eq!(options.server.header, ["A: b", "C: d"]);
        assert_eq!((load.concurrency, load.batch, load.rate, load.embeddings), (3, 7, Some(2.5), 8));
        assert_eq!((load.payload.clone(), load.event_names.len()), (vec![300, 4_000], 2));
        assert!(load.sizes().is_ok());
        let Some(Command::Reads(reads)) =
            parse(&["reads", "--url", "http://x", "--calls", "9"]).unwrap().command
        else {
            panic!("a subcommand")
        };
        assert_eq!(reads.calls, 9);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for wrong in [
            ["--concurrency", "0"],
            ["--rate", "0"],
            ["--rate", "inf"],
            ["--batch", "0"],
            ["--inserts", "-1"],
        ] {
            assert!(parse(&wrong).is_err(), "{wrong:?}");
        }
        let few = parse(&["--inserts", "9", "--updates", "5", "--deletes", "5"]).unwrap();
        assert!(few.load.sizes().unwrap_err().to_string().contains("only 9"));
        let vectors = parse(&["--dialect", "segment", "--embeddings", "8"]).unwrap();
        assert!(vectors.load.sizes().unwrap_err().to_string().contains("native dialect"));
    }

    #[test]
    fn the_tenant_is_the_one_that_a_header_names() {
        let tenant = |arguments: &[&str]| parse(arguments).unwrap().server.tenant();
        assert_eq!(tenant(&[]).unwrap(), Tenant::default());
        let named = ["--header", "A: b", "--header", "x-tenant: acme"];
        assert_eq!(tenant(&named).unwrap(), Tenant::parse("acme").unwrap());
        assert!(tenant(&["--header", "X-Tenant: a b"]).is_err());
    }
}

//! The options of `generate commerce`.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use model::Timestamp;
use shop::Plan;

use super::Server;

/// What can be made up.
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// Makes up a shop with users, orders, payments, stock and conversations, and sends it to the installation, which
    /// must take any event name (`EVENT_NAMES='*'`). The same seed, users, days, end and tenant make the same shop,
    /// and sending it twice changes nothing.
    Commerce(Commerce),
}

/// Which shop, and where it goes.
#[derive(Clone, Debug, Args)]
pub struct Commerce {
    /// How long the shop has been open, in times 24 hours.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=3_650))]
    days: u16,
    /// People who have an account at the end.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    users: u32,
    /// Tells shops apart.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// When it ends, as an RFC 3339 time; now if absent.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Whose it is.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Writes it to a file instead, one operation a line, in the order in which they would be sent: `--to ndjson
    /// FILE`.
    #[arg(long, num_args = 2, value_names = ["FORMAT", "FILE"])]
    to: Option<Vec<PathBuf>>,
    /// Connections over which it is sent.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) concurrency: u16,
}

impl Commerce {
    /// The server with the tenant's header.
    pub(crate) fn server(&self, server: &Server) -> Server {
        let mut server = server.clone();
        server.header.extend(self.tenant.as_ref().map(|tenant| format!("X-Tenant: {tenant}")));
        server
    }

    /// What the shop follows from; the server's headers say whose it is.
    pub(crate) fn plan(&self, server: &Server) -> anyhow::Result<Plan> {
        let until = match &self.until {
            Some(text) => {
                Timestamp::parse(text).with_context(|| format!("--until {text:?} is no RFC 3339 time"))?
            }
            None => Timestamp::now(),
        };
        ensure!(until.millis() > i64::from(self.days) * 86_400_000, "the shop would open before 1970");
        Ok(Plan {
            seed: self.seed,
            days: self.days.into(),
            users: self.users.into(),
            until: until.millis(),
            visits_before: 0,
            tenant: server.tenant()?,
            oddities: true,
        })
    }

    /// The file that it is written to.
    pub(crate) fn file(&self) -> anyhow::Result<Option<&Path>> {
        let Some([format, file]) = self.to.as_deref() else { return Ok(None) };
        ensure!(format.as_os_str() == "ndjson", "the format is ndjson, not {}", format.display());
        Ok(Some(file))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Command, Options};
    use super::*;

    fn parse(arguments: &[&str]) -> Option<(Server, Commerce)> {
        let options =
            Options::try_parse_from([&["millrace-benchmark", "generate", "commerce"], arguments].concat());
        let Options { server, command: Some(Command::Generate(Generate::Commerce(shop))), .. } =
            options.ok()?
        else {
            panic!("a shop")
        };
        Some((shop.server(&server), shop))
    }

    #[test]
    fn a_shop_is_sent_unless_a_file_is_named() {
        let (server, shop) = parse(&["--tenant", "acme", "--until", "2026-11-03T13:37:00Z"]).unwrap();
        let plan = shop.plan(&server).unwrap();
        assert_eq!((plan.days, plan.users, plan.seed, plan.tenant.as_str()), (60, 20_000, 1, "acme"));
        assert_eq!(Timestamp::from_millis(plan.until).unwrap().to_string(), "2026-11-03T13:37:00.000Z");
        assert_eq!(shop.file().unwrap(), None);
        let (_, shop) = parse(&["--to", "ndjson", "shop.ndjson"]).unwrap();
        assert_eq!(shop.file().unwrap(), Some(Path::new("shop.ndjson")));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(parse(&["--days", "0"]).is_none() && parse(&["--to", "ndjson"]).is_none());
        let (server, shop) = parse(&["--to", "csv", "x", "--until", "yesterday"]).unwrap();
        assert!(shop.file().unwrap_err().to_string().contains("ndjson"));
        assert!(shop.plan(&server).unwrap_err().to_string().contains("yesterday"));
    }
}

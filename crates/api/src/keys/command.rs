//! Keys at the command line.

use clap::Subcommand;
use model::Tenant;

use super::{Entry, Scopes};

/// What can be done about keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a key: prints it, this once, and behind it its entry for `API_KEYS` or `API_KEYS_FILE`.
    New {
        /// Whose events it is for.
        #[arg(long, default_value = "default", value_parser = Tenant::parse)]
        tenant: Tenant,
        /// What it is for: ingest, read and admin, joined by +.
        #[arg(long, default_value = "ingest+read")]
        scopes: Scopes,
    },
}

impl Command {
    /// Does it.
    #[expect(clippy::print_stdout, reason = "it is what was asked for")]
    pub fn run(self) {
        let Self::New { tenant, scopes } = self;
        let (key, entry) = Entry::generate(tenant, scopes);
        println!("{key}\n{entry}");
    }
}

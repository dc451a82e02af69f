//! Rude, slow and unlucky clients, and good callers beside them who must not notice.
//!
//! [`case`] names what rude clients do, and each is a function of the file of its kind. A case gets a
//! fresh [`site`], lets [`callers`] create events beside it, and tells in its [`finding`] what they saw.
//! [`wire`] is HTTP by hand, [`memory`] what processes hold, [`report`] the table at the end.

mod bodies;
mod bombs;
mod callers;
mod case;
mod files;
mod finding;
mod floods;
mod growth;
mod heads;
mod memory;
mod months;
mod readers;
mod report;
mod requests;
mod site;
mod tails;
mod waits;
mod wire;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::time::timeout;

use case::Case;
use finding::Findings;
use site::{Kind, Site};

pub use report::Report;

/// How the suite is to be run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// All large updates of the case `growth`, in place of what is enough to see it fail.
    pub full: bool,
    /// Times are judged too, at the full rates of calls.
    pub strict: bool,
    /// Names of cases; all if there are none.
    pub only: Vec<String>,
}

/// How much a case does.
#[derive(Clone, Copy, Debug)]
struct Scale {
    full: bool,
    strict: bool,
}

impl Scale {
    /// A count, or the smaller one of a quick run.
    fn of(self, full: usize, quick: usize) -> usize {
        if self.full { full } else { quick }
    }

    /// Good calls per second: a machine that is busy, or builds for debugging, does a tenth.
    fn rate(self, strict: u32) -> u32 {
        if self.strict { strict } else { strict / 10 }
    }

    fn case_within(self) -> Duration {
        Duration::from_secs(if self.full { 900 } else { 150 })
    }
}

/// Runs the cases, one after the other. The processes' output goes to files in the folder `logs`.
pub async fn hostile(options: &Options, logs: &Path) -> anyhow::Result<Report> {
    let named = |name: &String| Case::ALL.into_iter().find(|case| case.name() == name.as_str());
    for name in &options.only {
        let names = Case::ALL.map(Case::name).join(", ");
        ensure!(named(name).is_some(), "there is no case {name:?}; there are: {names}");
    }
    let scale = Scale { full: options.full, strict: options.strict };
    let mut report = Report::new(options.strict);
    for case in Case::ALL {
        if !options.only.is_empty() && !options.only.iter().any(|name| name == case.name()) {
            continue;
        }
        for kind in case.sites() {
            println!("{} on {}: {}", case.name(), kind.as_str(), case.what());
            let mut findings = run(case, *kind, scale, logs).await.unwrap_or_else(|error| Findings {
                faults: vec![format!("{error:#}")],
                ..Findings::default()
            });
            findings.must(findings.seen.count() > 0, || "no good caller called".into());
            print!("{}", report.enter(case, *kind, findings));
        }
    }
    Ok(report)
}

async fn run(case: Case, kind: Kind, scale: Scale, logs: &Path) -> anyhow::Result<Findings> {
    let mut site = Site::start(kind, logs).await.context("the installation did not start")?;
    let within = scale.case_within();
    timeout(within, case.run(&mut site, scale))
        .await
        .with_context(|| format!("not done within {within:?}"))?
}

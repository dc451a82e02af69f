//! The storm: an installation under load, faults by the script of a seed, the recovery, the audit.
//!
//! [`script`] draws the [`fault`]s, [`site`] is what they hit, [`strike`] makes and mends them,
//! [`progress`] waits and tells, [`placement`] looks at partitions, [`summary`] is the table at the end.

mod fault;
mod member;
mod placement;
mod progress;
mod script;
mod site;
mod strike;
mod summary;
mod tally;
mod upgrade;
mod ways;

use std::path::Path;
use std::time::Duration;

use anyhow::{bail, ensure};
use tokio::time::Instant;

use crate::load::Load;
use audit::{Report, audit, evidence};
use placement::Placement;
use progress::Progress;
use script::{Round, Script};
use site::{SIZES, Site, settled};
use tally::Tally;

pub use summary::Summary;

const CALLERS: u64 = 24;
const RECOVERS_WITHIN: Duration = Duration::from_mins(3);
const LOOK_EVERY: Duration = Duration::from_millis(200);
const DRAINS_WITHIN: Duration = Duration::from_mins(10);
const AUDITED_WITHIN: Duration = Duration::from_mins(2);
/// Before the first fault.
const CALM_FIRST: Duration = Duration::from_secs(5);

/// How a storm is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Draws the script.
    pub seed: u64,
    /// How long it lasts at least.
    pub duration: Duration,
    /// How many operations have to be acknowledged before it ends.
    pub operations: u64,
    /// The names of the faults that come; all do if there are none.
    pub only: Vec<String>,
}

/// Runs a storm. The processes' output goes to files in the folder `logs`, and the evidence for findings
/// to `findings.txt` there. An error says that the storm could not be made.
pub async fn storm(options: &Options, logs: &Path) -> anyhow::Result<Summary> {
    println!("seed {}, logs in {}", options.seed, logs.display());
    let mut site = Site::start(logs).await?;
    let mut load = Load::start(&site.addresses, CALLERS, options.seed)?;
    let mut progress = Progress::new();
    let mut tally = Tally::default();
    progress.say("everything runs");

    progress.wait(CALM_FIRST, "calm", &mut site, &load, &mut tally).await?;
    let mut script = Script::new(options.seed, SIZES, &options.only);
    while progress.elapsed() < options.duration || load.books().acknowledged() < options.operations {
        let Some(round) = script.next() else { bail!("no fault has one of the names {:?}", options.only) };
        weather(&round, &mut site, &load, &mut progress, &mut tally).await?;
    }

    progress.say("the storm is over");
    load.stop().await;
    let stormed = progress.elapsed();
    let calm = Instant::now();
    settled("everything is visible", DRAINS_WITHIN, async || site.lag().await == Some(0)).await?;
    let drained = calm.elapsed();
    site.look_after(&mut tally);
    progress.say("everything is visible, auditing");
    let ledger = load.books().ledger();
    let report: Report = audit(&site.channels, &site.table, &ledger, AUDITED_WITHIN).await?;
    if !report.findings.is_empty() {
        let text = evidence(&site.channels, &site.table, &report.findings).await?;
        std::fs::write(logs.join("findings.txt"), text)?;
    }
    let placement = Placement::of(&ledger, &site.channels.events.schedule, site.more_partitions_from);
    Ok(Summary {
        seed: options.seed,
        stormed,
        drained,
        tally,
        ledger,
        placement,
        answers: load.books().answers(),
        report,
    })
}

/// Makes the round's faults, and mends each when its time is over.
async fn weather(
    round: &Round,
    site: &mut Site,
    load: &Load,
    progress: &mut Progress,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let name = round.to_string();
    let begun = Instant::now();
    let mut wounds = Vec::new();
    for (fault, hold) in &round.faults {
        wounds.extend(site.strike(*fault, tally).await?.map(|wound| (*hold, wound)));
    }
    wounds.sort_by_key(|(hold, _)| *hold);
    for (hold, wound) in wounds {
        progress.wait(hold.saturating_sub(begun.elapsed()), &name, site, load, tally).await?;
        site.mend(wound, tally).await?;
    }
    let mended = Instant::now();
    while !site.recovered().await {
        ensure!(
            mended.elapsed() < RECOVERS_WITHIN,
            "not everybody was back {RECOVERS_WITHIN:?} after {name}"
        );
        progress.wait(LOOK_EVERY, "recovering", site, load, tally).await?;
    }
    progress.wait(round.calm, "calm", site, load, tally).await
}

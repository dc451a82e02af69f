//! A run: all phases one behind the other, the wait until everything is visible, the verification.

use std::sync::Arc;

use anyhow::Context;
use model::Timestamp;
use tokio::time::Instant;

use crate::http::{Connection, Target};
use crate::options::{Load, Server};
use crate::phase::Phase;
use crate::plan::{Kind, Plan};
use crate::progress::Progress;
use crate::report::{Generator, PhaseReport, Report};
use crate::usage;
use crate::verify::Verifier;
use crate::watch::{Mark, Watch};

/// Everything of a run that was written and became visible.
pub struct Run {
    url: String,
    load: Load,
    target: Target,
    plan: Arc<Plan>,
    progress: Progress,
    started_at: Timestamp,
    begin: Instant,
    watch: Watch,
    done: Vec<Done>,
    generator: Generator,
}

/// A phase whose operations are all accepted, or given up.
struct Done {
    kind: Kind,
    phase: Arc<Phase>,
    /// How long it took, in seconds.
    seconds: f64,
    /// Where the topic ended behind it.
    mark: Mark,
}

impl Run {
    /// Writes everything and returns once it is visible. An error means that the installation can't be
    /// reached, or does not get done.
    pub async fn write(server: &Server, load: &Load) -> anyhow::Result<Self> {
        let target = server.target()?;
        let started_at = Timestamp::now();
        let plan = Plan::new(load.sizes()?, load.event_names.clone(), started_at, rand::random());
        let plan = Arc::new(plan.speaking(load.dialect, server.tenant()?));
        let progress = Progress::new(server.quiet);
        let used = usage::cpu(std::process::id());
        let connections = Connection::open_many(target.address(), load.concurrency).await;
        let connections = connections.with_context(|| format!("connecting to {}", target.address()))?;

        let begin = Instant::now();
        let watch = Watch::start(&target, begin).await?;
        let done = phases(&plan, &target, load, connections, &watch, &progress).await?;
        if let Some(last) = done.last() {
            let all = watch.lag();
            let position = || all.saturating_sub(watch.lag());
            let visible = watch.until_visible(&last.mark, load.patience());
            progress.follow("visible", all, position, visible).await?;
        }
        let generator = Generator::since(used, done.iter().map(|done| done.phase.tally().requests).sum());
        let (url, load) = (server.url.clone(), load.clone());
        Ok(Self { url, load, target, plan, progress, started_at, begin, watch, done, generator })
    }

    /// Reads everything back and compares it. An error means that it can't be read.
    pub async fn verify(self) -> anyhow::Result<Report> {
        let given_up = self.done.iter().flat_map(|done| done.phase.tally().given_up.clone());
        let verifier = Verifier::new(&self.plan, &self.target, given_up);
        let live = self.plan.sizes().inserts - self.plan.sizes().deletes;
        let position = || verifier.found().events;
        let verification =
            self.progress.follow("verified", live, position, verifier.run(self.load.sample)).await?;

        let phases = self.done.iter().map(|Done { kind, phase, seconds, mark }| {
            let begin = (phase.begin() - self.begin).as_secs_f64();
            PhaseReport::new(*kind, &phase.tally(), begin, *seconds, self.watch.visible_at(mark))
        });
        Ok(Report::new(
            self.url,
            self.started_at,
            self.load.into(),
            phases.collect(),
            self.generator,
            verification,
            self.watch.samples(),
        ))
    }
}

/// All operations, one kind after the other.
async fn phases(
    plan: &Arc<Plan>,
    target: &Target,
    load: &Load,
    mut connections: Vec<Connection>,
    watch: &Watch,
    progress: &Progress,
) -> anyhow::Result<Vec<Done>> {
    let mut done = Vec::new();
    for kind in Kind::ALL {
        let count = plan.sizes().count(kind);
        if count == 0 {
            continue;
        }
        let phase = Phase::new(plan, kind, target, load.pace());
        let position = || phase.tally().accepted;
        connections = progress.follow(kind.name(), count, position, phase.run(connections)).await;
        let seconds = phase.begin().elapsed().as_secs_f64();
        done.push(Done { kind, phase, seconds, mark: watch.mark().await? });
    }
    Ok(done)
}

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
use crate::verify::{Verification, Verifier};
use crate::watch::{Mark, Watch};

/// A phase whose operations are all accepted, or given up.
struct Done {
    kind: Kind,
    phase: Arc<Phase>,
    /// How long it took, in seconds.
    seconds: f64,
    /// Where the topic ended behind it.
    mark: Mark,
}

/// Does all of it. An error means that the installation can't be reached, or does not get done.
pub async fn run(server: &Server, load: &Load) -> anyhow::Result<Report> {
    let target = server.target()?;
    let started_at = Timestamp::now();
    let plan = Arc::new(Plan::new(load.sizes()?, load.event_names.clone(), started_at, rand::random()));
    let progress = Progress::new(server.quiet);
    let connections = connect(&target, load.concurrency).await?;

    let begin = Instant::now();
    let watch = Watch::start(&target, begin).await?;
    let done = write(&plan, &target, load, connections, &watch, &progress).await?;
    if let Some(last) = done.last() {
        let all = watch.lag();
        let position = || all.saturating_sub(watch.lag());
        progress.follow("visible", all, position, watch.until_visible(&last.mark, load.patience())).await?;
    }
    let requests = done.iter().map(|done| done.phase.tally().requests).sum();
    let generator = Generator::new(requests);
    let verification = verify(&plan, &target, load, &done, &progress).await?;

    let phases: Vec<_> = done
        .iter()
        .map(|Done { kind, phase, seconds, mark }| {
            let begin = (phase.begin() - begin).as_secs_f64();
            PhaseReport::new(*kind, &phase.tally(), begin, *seconds, watch.visible_at(mark))
        })
        .collect();
    let settings = load.clone().into();
    Ok(Report::new(
        server.url.clone(),
        started_at,
        settings,
        phases,
        generator,
        verification,
        watch.samples(),
    ))
}

async fn connect(target: &Target, callers: u16) -> anyhow::Result<Vec<Connection>> {
    let mut connections = Vec::new();
    for _ in 0..callers {
        let mut connection = Connection::new(target.address());
        connection.open().await.with_context(|| format!("connecting to {}", target.address()))?;
        connections.push(connection);
    }
    Ok(connections)
}

async fn write(
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

async fn verify(
    plan: &Arc<Plan>,
    target: &Target,
    load: &Load,
    done: &[Done],
    progress: &Progress,
) -> anyhow::Result<Verification> {
    let given_up = done.iter().flat_map(|done| done.phase.tally().given_up.clone());
    let verifier = Verifier::new(plan, target, given_up);
    let live = plan.sizes().inserts - plan.sizes().deletes;
    progress.follow("verified", live, || verifier.found().events, verifier.run(load.sample)).await
}

//! The evaluation of the rules, in this process if no other one does it.

use std::time::Duration;

use ::alerts::{Metrics, Progress, RulesFile, Status};
use model::Timestamp;
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;

use crate::Config;
use crate::app::App;

/// The evaluation, before it begins.
pub(crate) struct Alerting {
    file: RulesFile,
    every: Duration,
    metrics: Metrics,
    status: Status,
}

impl Alerting {
    /// `None` without a file of rules. An error is one that can't be read.
    pub(crate) fn open(config: &Config, registry: &mut Registry) -> anyhow::Result<Option<Self>> {
        let Some(path) = &config.alerts_file else { return Ok(None) };
        let file = RulesFile::open(path).map_err(|error| anyhow::anyhow!("ALERTS_FILE: {error}"))?;
        let every = Duration::from_millis(config.alerts_interval_ms);
        Ok(Some(Self { file, every, metrics: Metrics::new(registry), status: Status::default() }))
    }

    /// How it is, for whoever asks.
    pub(crate) fn status(&self) -> Status {
        self.status.clone()
    }

    /// Evaluates from when there is a table until `shutdown`, and lets another process go on then.
    pub(crate) async fn run(self, app: &App, shutdown: Shutdown) {
        tokio::select! {
            () = app.reads_opened() => {}
            () = shutdown.cancelled() => return,
        }
        let Self { file, every, metrics, status } = self;
        let ask = || -> futures_util::future::BoxFuture<'_, _> { Box::pin(progress(app)) };
        ::alerts::run(app.store.clone(), file, every, &ask, (metrics, status), shutdown).await;
    }
}

async fn progress(app: &App) -> Option<Progress> {
    // Of two clocks the one that is behind: a cursor ahead of the log would pass over what is still to come, for good.
    let asked_at = app.store.now().await.ok()?.min(Timestamp::now());
    let seen = app.lag.now().await.ok()?;
    let lag = u64::try_from(seen.lag()).unwrap_or_default();
    Some(Progress { complete_until: seen.complete_until(asked_at), lag })
}

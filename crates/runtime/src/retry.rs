//! Trying again for as long as it takes.

use std::fmt::Display;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

/// Calls until it succeeds, fails with an error that is not worth a retry, or the caller drops this.
/// Waits 0.1 s at first, twice as long each time, at most 5 s, give or take. Each failure is logged.
pub async fn forever<T, E, F>(
    what: &'static str,
    is_retryable: fn(&E) -> bool,
    call: impl FnMut() -> F,
) -> Result<T, E>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times();
    let log = |error: &E, pause: Duration| {
        tracing::warn!(%error, pause_ms = pause.as_millis(), "{what} failed, trying again");
    };
    call.retry(pauses).when(is_retryable).notify(log).await
}

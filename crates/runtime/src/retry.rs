//! Trying again for as long as it takes.

use std::fmt::Display;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use crate::status::Status;

/// Calls until it succeeds, fails with an error that is not worth a retry, or the caller drops this.
/// Waits 0.1 s at first, twice as long each time, at most 2 s, and up to as much again by chance. Each failure is logged.
pub async fn forever<T, E, F>(
    what: &'static str,
    is_retryable: fn(&E) -> bool,
    call: impl FnMut() -> F,
) -> Result<T, E>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    noting(what, is_retryable, |_| {}, call).await
}

/// Calls as [`forever`] does. Meanwhile `status` says that `part` does not work, and counts the retries.
pub async fn watched<T, E, F>(
    status: &Status,
    part: &'static str,
    what: &'static str,
    is_retryable: fn(&E) -> bool,
    call: impl FnMut() -> F,
) -> Result<T, E>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    let done = noting(what, is_retryable, |error: &E| status.retrying(part, error.to_string()), call).await?;
    status.fine(part);
    Ok(done)
}

async fn noting<T, E, F>(
    what: &'static str,
    is_retryable: fn(&E) -> bool,
    note: impl Fn(&E),
    call: impl FnMut() -> F,
) -> Result<T, E>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(2))
        .with_jitter()
        .without_max_times();
    let log = |error: &E, pause: Duration| {
        tracing::warn!(%error, pause_ms = pause.as_millis(), "{what} failed, trying again");
        note(error);
    };
    call.retry(pauses).when(is_retryable).notify(log).await
}

//! Trying again for as long as it takes.

use std::fmt::Display;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable, RetryableWithContext};

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

/// Calls as [`watched`] does. What a call leaves for the next one is handed on, and returned beside the last outcome.
pub async fn watched_with<C, T, E, F>(
    status: &Status,
    part: &'static str,
    what: &'static str,
    is_retryable: fn(&E) -> bool,
    context: C,
    call: impl FnMut(C) -> F,
) -> (C, Result<T, E>)
where
    E: Display,
    F: Future<Output = (C, Result<T, E>)>,
{
    let log = |error: &E, pause| {
        log(what, error, pause);
        status.retrying(part, error.to_string());
    };
    let retried = RetryableWithContext::retry(call, pauses());
    let (context, outcome) = retried.context(context).when(is_retryable).notify(log).await;
    if outcome.is_ok() {
        status.fine(part);
    }
    (context, outcome)
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
    let log = |error: &E, pause| {
        log(what, error, pause);
        note(error);
    };
    Retryable::retry(call, pauses()).when(is_retryable).notify(log).await
}

fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(2))
        .with_jitter()
        .without_max_times()
}

fn log(what: &'static str, error: &impl Display, pause: Duration) {
    tracing::warn!(%error, pause_ms = pause.as_millis(), "{what} failed, trying again");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_call_leaves_is_handed_on_while_the_status_tells_of_failures() {
        let status = Status::default();
        let call = async |mut failures: Vec<usize>| {
            let told = status.troubles();
            assert_eq!(told.is_empty(), failures.is_empty(), "{told:?}");
            if failures.len() == 2 {
                return (failures, Ok("done"));
            }
            failures.push(failures.len());
            (failures, Err("away"))
        };
        let (failures, outcome) =
            watched_with(&status, "kafka", "sending", |_: &&str| true, Vec::new(), call).await;
        assert_eq!((failures, outcome), (vec![0, 1], Ok("done")));
        assert!(status.troubles().is_empty());
    }
}

//! Waiting for a condition: tests never sleep for a time that "should be enough".

use std::time::Duration;

use tokio::time::{Instant, sleep};

const PAUSE: Duration = Duration::from_millis(15);

/// Waits until `condition` holds; panics with `what` when it doesn't within `timeout`.
///
/// ```no_run
/// # async fn example() {
/// # async fn lag() -> u64 { 0 }
/// use std::time::Duration;
/// testing::wait::until("the lag is 0", Duration::from_secs(10), async || lag().await == 0).await;
/// # }
/// ```
pub async fn until(what: &str, timeout: Duration, mut condition: impl AsyncFnMut() -> bool) {
    until_some(what, timeout, async || condition().await.then_some(())).await;
}

/// Waits until `attempt` gives a value, and returns it; panics with `what` when it doesn't within `timeout`.
pub async fn until_some<T>(what: &str, timeout: Duration, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        // An attempt that hangs is cut off too.
        match tokio::time::timeout_at(start + timeout, attempt()).await {
            Ok(Some(value)) => return value,
            Ok(None) if start.elapsed() < timeout => sleep(PAUSE).await,
            Ok(None) | Err(_) => panic!("waited {timeout:?} in vain until {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_value_that_comes_late_is_returned() {
        let mut attempts = 0;
        let value = until_some("the third attempt", Duration::from_secs(5), async || {
            attempts += 1;
            (attempts == 3).then_some("here")
        })
        .await;
        assert_eq!(value, "here");
    }

    #[tokio::test]
    #[should_panic(expected = "in vain until pigs fly")]
    async fn a_condition_that_never_holds_is_named() {
        until("pigs fly", Duration::from_millis(50), async || false).await;
    }

    #[tokio::test]
    #[should_panic(expected = "in vain until the answer comes")]
    async fn an_attempt_that_hangs_is_cut_off() {
        until("the answer comes", Duration::from_millis(50), std::future::pending).await;
    }
}

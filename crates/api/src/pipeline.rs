//! How far the events are on their way.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use bus::PartitionPosition;
use model::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::envelope::Reply;
use crate::error::ApiError;

/// `data` of `/pipeline`.
#[derive(Serialize)]
struct Pipeline {
    partitions: Vec<Progress>,
    /// Of all partitions.
    lag: i64,
    dead_letters: i64,
}

#[derive(Serialize)]
struct Progress {
    partition: i32,
    end: i64,
    committed: i64,
    lag: i64,
    /// How long the oldest event that is not yet visible has been waiting; 0 if there is none, null if
    /// that can't be seen just now.
    oldest_age_ms: Option<i64>,
}

/// `GET /pipeline`
pub(crate) async fn pipeline(State(app): State<Arc<App>>) -> Result<Reply, ApiError> {
    let (positions, letters) = tokio::try_join!(app.positions.partitions(), app.dead_letters.partitions())?;
    let oldest = app.positions.oldest_uncommitted(&positions).await.ok();
    let partitions: Vec<_> = positions.into_iter().map(|at| progress(at, oldest.as_ref())).collect();
    Ok(Reply::ok(&Pipeline {
        lag: partitions.iter().map(|partition| partition.lag).sum(),
        partitions,
        dead_letters: letters.iter().map(|letters| letters.end - letters.begin).sum(),
    }))
}

/// `oldest` holds when the first event of each partition was appended that is not yet visible.
fn progress(at: PartitionPosition, oldest: Option<&BTreeMap<i32, Timestamp>>) -> Progress {
    let PartitionPosition { partition, end, committed, .. } = at;
    let (lag, oldest_age_ms) = match oldest.map(|oldest| oldest.get(&partition)) {
        Some(Some(oldest)) => (at.lag(), Some(age_ms(*oldest))),
        Some(None) => (0, Some(0)),
        None => (at.lag(), (at.lag() == 0).then_some(0)),
    };
    Progress { partition, end, committed, lag, oldest_age_ms }
}

fn age_ms(at: Timestamp) -> i64 {
    (Timestamp::now().millis() - at.millis()).max(0)
}

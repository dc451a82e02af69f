//! How far the events are on their way.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use crate::app::App;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::lag;

/// `data` of `/pipeline`.
#[derive(Serialize)]
struct Pipeline {
    partitions: Vec<Partition>,
    /// Of all partitions.
    lag: i64,
    dead_letters: i64,
}

#[derive(Serialize)]
struct Partition {
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
    let seen = app.lag.now().await?;
    let partitions: Vec<_> = seen.partitions.iter().map(Partition::from).collect();
    Ok(Reply::ok(&Pipeline {
        lag: partitions.iter().map(|partition| partition.lag).sum(),
        partitions,
        dead_letters: seen.dead_letters,
    }))
}

impl From<&lag::Partition> for Partition {
    fn from(seen: &lag::Partition) -> Self {
        Self {
            partition: seen.at.partition,
            end: seen.at.end,
            committed: seen.at.committed,
            lag: seen.lag,
            oldest_age_ms: seen.oldest_age_ms(),
        }
    }
}

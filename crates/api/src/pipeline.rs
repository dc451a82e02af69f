//! How far the events are on their way.

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
    /// How long the oldest event that is not yet visible has been waiting; 0 if there is none.
    oldest_age_ms: i64,
}

/// `GET /pipeline`
pub(crate) async fn pipeline(State(app): State<Arc<App>>) -> Result<Reply, ApiError> {
    let mut partitions = Vec::new();
    for position in app.positions.partitions().await? {
        partitions.push(partition(&app, position).await?);
    }
    let letters = app.dead_letters.partitions().await?;
    Ok(Reply::ok(&Pipeline {
        lag: partitions.iter().map(|partition| partition.lag).sum(),
        partitions,
        dead_letters: letters.iter().map(|letters| letters.end - letters.begin).sum(),
    }))
}

async fn partition(app: &App, position: PartitionPosition) -> Result<Progress, ApiError> {
    let PartitionPosition { partition, end, committed, .. } = position;
    let lag = position.lag();
    let oldest = if lag > 0 { app.positions.append_time(partition, committed).await? } else { None };
    let oldest_age_ms = oldest.map_or(0, |at| (Timestamp::now().millis() - at.millis()).max(0));
    Ok(Progress { partition, end, committed, lag, oldest_age_ms })
}

//! How far the events are on their way.

use std::sync::Arc;

use axum::extract::State;
use bus::PartitionPosition;
use futures_util::future::join_all;
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
    let partitions = join_all(positions.into_iter().map(|position| partition(&app, position))).await;
    Ok(Reply::ok(&Pipeline {
        lag: partitions.iter().map(|partition| partition.lag).sum(),
        partitions,
        dead_letters: letters.iter().map(|letters| letters.end - letters.begin).sum(),
    }))
}

async fn partition(app: &App, position: PartitionPosition) -> Progress {
    let PartitionPosition { partition, end, committed, .. } = position;
    let oldest = match position.lag() {
        0 => Ok(None),
        _ => app.positions.append_time(partition, committed).await,
    };
    let (lag, oldest_age_ms) = match oldest {
        // The marks that end transactions have offsets too, but no event is behind them.
        Ok(None) => (0, Some(0)),
        Ok(Some(at)) => (position.lag(), Some(age_ms(at))),
        Err(_) => (position.lag(), None),
    };
    Progress { partition, end, committed, lag, oldest_age_ms }
}

fn age_ms(at: Timestamp) -> i64 {
    (Timestamp::now().millis() - at.millis()).max(0)
}

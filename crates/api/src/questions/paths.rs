//! Paths: where sessions go from a start.

use store::queries::PathsAnswer;
use store::{Filters, Paths};
use utoipa::ToSchema;

use crate::asked::{Asked, DEFAULT_DAYS, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::questions::body::Link;
use crate::reply::Reply;
use crate::shapes::{SentFilter, Times, Told};

/// A question about where sessions go.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the description alone")]
#[schema(example = json!({
    "start": {"filters": [{"field": "event_name", "op": "is", "values": ["user.logged_in"]}]}, "steps": 3, "days": 7,
}))]
pub(crate) struct PathsQuestion {
    start: PathsStart,
    /// How many are told behind the start.
    #[schema(minimum = 1, maximum = 10, default = 3)]
    steps: Option<u64>,
    /// How many names have nodes of their own at each step.
    #[schema(minimum = 1, maximum = 50, default = 5)]
    top: Option<u64>,
    #[schema(inline)]
    #[serde(flatten)]
    times: Times,
}

/// The events of which the first of a session is its start.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the description alone")]
pub(crate) struct PathsStart {
    filters: Vec<SentFilter>,
}

/// Where sessions go from their first start, by the names of their events.
#[utoipa::path(
    post,
    path = "/paths",
    tag = "questions",
    request_body = PathsQuestion,
    responses((status = 200, description = "Nodes by step, and links between them", body = Told<PathsAnswer>))
)]
pub(crate) async fn paths(mut call: Call) -> Result<Reply<PathsAnswer>, ApiError> {
    let (period, paths) = call.question::<Paths>().await?;
    let asked = Asked::about(call, &period, Some(DEFAULT_DAYS), Filters::NONE).await?;
    let answer = asked.store().paths(&asked.scope(), &paths).await;
    let answer = answer.map_err(|error| ApiError::question(error, NARROW))?;
    Ok(Reply::ok(answer).about(asked.meta()))
}

/// The same as a link.
#[utoipa::path(
    get,
    path = "/paths",
    tag = "questions",
    params(Link),
    responses((status = 200, description = "As to the POST", body = Told<PathsAnswer>))
)]
pub(crate) async fn paths_link(call: Call) -> Result<Reply<PathsAnswer>, ApiError> {
    paths(call).await
}

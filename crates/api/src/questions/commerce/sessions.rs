//! How often, and how long, people are there.

use store::queries::commerce::SessionsBucket;

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{Bucketed, Period};
use crate::reply::Reply;
use crate::shapes::Found;

/// Sessions by the bucket of their first event, and logins. A session is a conversation, or a run of a user's other
/// events in which no gap reaches 30 minutes.
#[utoipa::path(
    get,
    path = "/analytics/sessions",
    tag = "questions",
    params(Period, Bucketed),
    responses((status = 200, description = "Each bucket of the period", body = Found<SessionsBucket>))
)]
pub(crate) async fn sessions(call: Call) -> Result<Reply<Vec<SessionsBucket>>, ApiError> {
    let (asked, grid) = Asked::in_buckets(call).await?;
    asked.tell_in(&grid, asked.store().sessions(&asked.scope(), &grid).await)
}

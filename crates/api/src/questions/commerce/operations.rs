//! How the service does.

use store::queries::commerce::Operations;

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{Bucketed, Period};
use crate::reply::Reply;
use crate::shapes::Told;

/// Events, errors and response times by bucket, and events by hour of the local day. The response time is the latency.
#[utoipa::path(
    get,
    path = "/analytics/operations",
    tag = "questions",
    params(Period, Bucketed),
    responses((status = 200, description = "Each bucket of the period, and the hours that have events", body = Told<Operations>))
)]
pub(crate) async fn operations(call: Call) -> Result<Reply<Operations>, ApiError> {
    let (asked, grid) = Asked::in_buckets(call).await?;
    asked.tell_in(&grid, asked.store().operations(&asked.scope(), &grid).await)
}

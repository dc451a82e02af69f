//! Where users come from.

use store::queries::commerce::Registrations;

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{Bucketed, Period};
use crate::reply::Reply;
use crate::shapes::Found;

/// Registrations by bucket, source and method.
#[utoipa::path(
    get,
    path = "/analytics/acquisition",
    tag = "questions",
    params(Period, Bucketed),
    responses((status = 200, description = "Oldest first; rows without registrations are left out", body = Found<Registrations>))
)]
pub(crate) async fn acquisition(call: Call) -> Result<Reply<Vec<Registrations>>, ApiError> {
    let (asked, grid) = Asked::in_buckets(call).await?;
    asked.tell_in(&grid, asked.store().acquisition(&asked.scope(), &grid).await)
}

//! When in the week people are there.

use store::queries::commerce::HeatmapCell;

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::Period;
use crate::reply::Reply;
use crate::shapes::Found;

/// Users and events by hour of the local week.
#[utoipa::path(
    get,
    path = "/analytics/heatmap",
    tag = "questions",
    params(Period),
    responses((status = 200, description = "From Monday on; hours without events are left out", body = Found<HeatmapCell>))
)]
pub(crate) async fn heatmap(call: Call) -> Result<Reply<Vec<HeatmapCell>>, ApiError> {
    let asked = Asked::of(call).await?;
    asked.tell(asked.store().heatmap(&asked.scope()).await)
}

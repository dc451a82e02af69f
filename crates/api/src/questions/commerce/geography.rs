//! Where users are.

use serde::Deserialize;
use store::queries::commerce::Located;
use utoipa::IntoParams;

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};
use crate::reply::Reply;
use crate::shapes::Found;

/// How many places are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Top {
    /// The most places of an answer.
    #[serde(deserialize_with = "parameters::limit")]
    #[param(minimum = 1, maximum = 10000, default = 1000)]
    limit: u64,
}

impl Default for Top {
    fn default() -> Self {
        Self { limit: 1_000 }
    }
}

/// Users and events by the country and city that events say.
#[utoipa::path(
    get,
    path = "/analytics/geography",
    tag = "questions",
    params(Period, Top),
    responses((status = 200, description = "Most events first", body = Found<Located>))
)]
pub(crate) async fn geography(call: Call) -> Result<Reply<Vec<Located>>, ApiError> {
    let Top { limit } = call.parameters()?;
    let asked = Asked::of(call).await?;
    asked.tell(asked.store().geography(&asked.scope(), limit).await)
}

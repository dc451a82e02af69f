//! What shops take in.

use serde::{Deserialize, Deserializer};
use store::queries::commerce::RevenueRow;
use utoipa::IntoParams;

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Bucketed, Period};
use crate::reply::Reply;
use crate::shapes::Found;

/// What is told apart besides currencies.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct By {
    /// `location`: the places too.
    #[serde(deserialize_with = "by")]
    #[param(value_type = Option<String>, pattern = "^location$", example = "location")]
    by: bool,
}

fn by<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parameters::choice(deserializer, "by", &[("", false), ("location", true)])
}

/// Orders, payments and refunds by bucket and currency; amounts are exact.
#[utoipa::path(
    get,
    path = "/analytics/revenue",
    tag = "questions",
    params(Period, Bucketed, By),
    responses((status = 200, description = "Oldest first; rows without anything are left out", body = Found<RevenueRow>))
)]
pub(crate) async fn revenue(call: Call) -> Result<Reply<Vec<RevenueRow>>, ApiError> {
    let By { by: by_location } = call.parameters()?;
    let (asked, grid) = Asked::in_buckets(call).await?;
    asked.tell_in(&grid, asked.store().revenue(&asked.scope(), &grid, by_location).await)
}

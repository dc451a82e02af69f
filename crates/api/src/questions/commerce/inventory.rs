//! Stock: what ran short, for how long, and what is not sold.

use model::Span;
use serde::{Deserialize, Deserializer};
use store::queries::commerce::Inventory;
use utoipa::IntoParams;

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};
use crate::reply::Reply;
use crate::shapes::Told;

/// When stock is dead, and how much of it is wanted.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Stock {
    /// What was not sold for so long before the period's end is dead stock: a number of `ms`, `s`, `m`, `h`, `d` or `w`.
    #[serde(deserialize_with = "dead_after")]
    #[param(value_type = Option<String>, default = "30d")]
    dead_after: Option<Span>,
    /// The most rows of each list.
    #[serde(deserialize_with = "limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 1000)]
    limit: Option<u16>,
}

fn dead_after<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    parameters::span(deserializer, "dead_after").map(Some)
}

fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    parameters::short_limit(deserializer).map(Some)
}

/// What ran short and for how long, how much was sold of what there was, and what is there and is not sold.
#[utoipa::path(
    get,
    path = "/analytics/inventory",
    tag = "questions",
    params(Period, Stock),
    responses((status = 200, description = "The state of the stock", body = Told<Inventory>))
)]
pub(crate) async fn inventory(call: Call) -> Result<Reply<Inventory>, ApiError> {
    let Stock { dead_after, limit } = call.parameters()?;
    let asked = Asked::of(call).await?;
    let (dead_after, limit) = (dead_after.unwrap_or(Span::days(30)), limit.unwrap_or(1_000));
    asked.tell(asked.store().inventory(&asked.scope(), &dead_after, limit.into()).await)
}

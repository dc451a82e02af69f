//! What is sold most.

use serde::{Deserialize, Deserializer};
use store::queries::commerce::{ProductOrder, ProductRow};
use utoipa::IntoParams;

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};
use crate::reply::Reply;
use crate::shapes::Found;

/// Which products come first, and how many are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Top {
    /// `revenue`, whatever its currency, or `units`.
    #[serde(deserialize_with = "order")]
    #[param(value_type = Option<String>, pattern = "^(revenue|units)$", default = "revenue")]
    order: ProductOrder,
    /// The most products of an answer.
    #[serde(deserialize_with = "parameters::short_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u16,
}

impl Default for Top {
    fn default() -> Self {
        Self { order: ProductOrder::default(), limit: 100 }
    }
}

fn order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ProductOrder, D::Error> {
    let orders = [("revenue", ProductOrder::Revenue), ("units", ProductOrder::Units)];
    parameters::choice(deserializer, "order", &orders)
}

/// What was ordered of each product in each currency; amounts are exact.
#[utoipa::path(
    get,
    path = "/analytics/products",
    tag = "questions",
    params(Period, Top),
    responses((status = 200, description = "Greatest first", body = Found<ProductRow>))
)]
pub(crate) async fn products(call: Call) -> Result<Reply<Vec<ProductRow>>, ApiError> {
    let Top { order, limit } = call.parameters()?;
    let asked = Asked::of(call).await?;
    asked.tell(asked.store().products(&asked.scope(), order, limit.into()).await)
}

//! How users become customers, and what becomes of orders.

use model::Span;
use serde::{Deserialize, Deserializer, Serialize};
use store::queries::commerce::Cart;
use utoipa::{IntoParams, ToSchema};

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};
use crate::reply::Reply;
use crate::shapes::Told;

/// How long things may take.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Times {
    /// An order that is neither paid within this time nor ever cancelled is abandoned: a number of `ms`, `s`, `m`, `h`,
    /// `d` or `w`.
    #[serde(deserialize_with = "abandon_after")]
    #[param(value_type = Option<String>, default = "24h")]
    abandon_after: Option<Span>,
}

fn abandon_after<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    parameters::span(deserializer, "abandon_after").map(Some)
}

/// How users become customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Conversion {
    cart: Cart,
}

/// What becomes of orders: paid, cancelled, open or abandoned.
#[utoipa::path(
    get,
    path = "/analytics/conversion",
    tag = "questions",
    params(Period, Times),
    responses((status = 200, description = "The orders of the period", body = Told<Conversion>))
)]
pub(crate) async fn conversion(call: Call) -> Result<Reply<Conversion>, ApiError> {
    let Times { abandon_after } = call.parameters()?;
    let asked = Asked::of(call).await?;
    let abandon_after = abandon_after.unwrap_or(Span::days(1));
    let cart = asked.store().cart(&asked.scope(), &abandon_after).await;
    asked.tell(cart.map(|cart| Conversion { cart }))
}

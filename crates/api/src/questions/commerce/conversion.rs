//! How users become customers, and what becomes of orders.

use model::Span;
use serde::{Deserialize, Deserializer, Serialize};
use store::queries::FunnelAnswer;
use store::queries::commerce::Cart;
use store::{Filters, Funnel, Step};
use utoipa::{IntoParams, ToSchema};

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};
use crate::reply::Reply;
use crate::shapes::Told;

/// The steps to a customer, by the events that take them.
const STEPS: [(&str, &str); 3] =
    [("registered", "user.registered"), ("ordered", "order.created"), ("paid", "payment.processed")];

/// How long things may take.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Times {
    /// Within what time after the registration the other steps count: a number of `ms`, `s`, `m`, `h`, `d` or `w`.
    #[serde(deserialize_with = "window")]
    #[param(value_type = Option<String>, default = "7d")]
    window: Option<Span>,
    /// An order that is neither paid within this time nor ever cancelled is abandoned.
    #[serde(deserialize_with = "abandon_after")]
    #[param(value_type = Option<String>, default = "24h")]
    abandon_after: Option<Span>,
}

fn window<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    parameters::span(deserializer, "window").map(Some)
}

fn abandon_after<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    parameters::span(deserializer, "abandon_after").map(Some)
}

/// How users become customers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Conversion {
    /// Users who register, order and pay, in this order and within the window.
    funnel: FunnelAnswer,
    /// What becomes of the orders of the period.
    cart: Cart,
}

/// How many users register, order and pay, and what becomes of orders: paid, cancelled, open or abandoned.
#[utoipa::path(
    get,
    path = "/analytics/conversion",
    tag = "questions",
    params(Period, Times),
    responses((status = 200, description = "The funnel and the orders of the period", body = Told<Conversion>))
)]
pub(crate) async fn conversion(call: Call) -> Result<Reply<Conversion>, ApiError> {
    let Times { window, abandon_after } = call.parameters()?;
    let (window, abandon_after) = (window.unwrap_or(Span::days(7)), abandon_after.unwrap_or(Span::days(1)));
    let step = |(name, event): (&str, &str)| {
        Ok::<_, ApiError>(Step { name: name.to_owned(), filters: Filters::event_name(event)? })
    };
    let steps = STEPS.into_iter().map(step).collect::<Result<_, _>>()?;
    let funnel = Funnel::new(steps, window).map_err(|error| ApiError::Invalid(error.to_string()))?;
    let asked = Asked::of(call).await?;
    let (store, scope) = (asked.store(), asked.scope());
    // One after the other: a question has one place among those that may be asked at once.
    let found = async {
        let funnel = store.funnel(&scope, &funnel).await?;
        Ok(Conversion { funnel, cart: store.cart(&scope, &abandon_after).await? })
    };
    asked.tell(found.await)
}

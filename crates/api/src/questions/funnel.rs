//! Funnels: how many users get how far through some steps.

use serde_json::Value;
use store::queries::FunnelAnswer;
use store::{Filters, Funnel};
use utoipa::ToSchema;

use crate::asked::{Asked, DEFAULT_DAYS, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::questions::body::Link;
use crate::reply::Reply;
use crate::shapes::{SentBreakdown, SentFilter, Times, Told};

/// A question about the users who take some steps in order.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the description alone")]
#[schema(example = json!({
    "steps": [
        {"name": "registered", "filters": [{"field": "event_name", "op": "is", "values": ["user.registered"]}]},
        {"name": "ordered", "filters": [{"field": "event_name", "op": "is", "values": ["order.created"]}]},
    ],
    "window": "7d", "days": 30,
}))]
pub(crate) struct FunnelQuestion {
    /// In their order; the same step may be there twice.
    #[schema(min_items = 2, max_items = 12)]
    steps: Vec<SentStep>,
    /// The longest time from the first step to the last: a whole number of `ms`, `s`, `m`, `h`, `d` or `w`.
    #[schema(default = "7d")]
    window: Option<String>,
    /// `loose`, or `strict` if no other event of the user may lie between two steps.
    #[schema(default = "loose")]
    order: Option<String>,
    /// Which beginning counts where several lead to the same next step: `latest` or `first`.
    #[schema(default = "latest")]
    entry: Option<String>,
    /// What ends a user's chain where it lies between two steps.
    #[schema(max_items = 16)]
    exclusions: Option<Vec<SentExclusion>>,
    /// A field by whose values users are divided.
    breakdown: Option<SentBreakdown>,
    /// At which step a user's value counts: `first_step`, `last_step` (the last one that was taken), or its number.
    #[schema(value_type = Option<Value>, default = "first_step")]
    attribution: Option<Value>,
    #[schema(inline)]
    #[serde(flatten)]
    times: Times,
}

/// A step of a funnel.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the description alone")]
pub(crate) struct SentStep {
    name: String,
    /// Which events take it; any if absent.
    filters: Option<Vec<SentFilter>>,
}

/// Events that end a user's chain where they lie between two of its steps.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the description alone")]
pub(crate) struct SentExclusion {
    filters: Vec<SentFilter>,
    /// From 1, which it is if absent.
    from_step: Option<u64>,
    /// The last step if absent.
    to_step: Option<u64>,
}

/// How many users get how far through some steps, and how long it takes them.
#[utoipa::path(
    post,
    path = "/funnel",
    tag = "questions",
    request_body = FunnelQuestion,
    responses((status = 200, description = "Each step with its users", body = Told<FunnelAnswer>))
)]
pub(crate) async fn funnel(mut call: Call) -> Result<Reply<FunnelAnswer>, ApiError> {
    let (period, funnel) = call.question::<Funnel>().await?;
    let asked = Asked::about(call, &period, Some(DEFAULT_DAYS), Filters::NONE).await?;
    let answer = asked.store().funnel(&asked.scope(), &funnel).await;
    let answer = answer.map_err(|error| ApiError::question(error, NARROW))?;
    Ok(Reply::ok(answer).about(asked.meta()))
}

/// The same as a link.
#[utoipa::path(
    get,
    path = "/funnel",
    tag = "questions",
    params(Link),
    responses((status = 200, description = "As to the POST", body = Told<FunnelAnswer>))
)]
pub(crate) async fn funnel_link(call: Call) -> Result<Reply<FunnelAnswer>, ApiError> {
    funnel(call).await
}

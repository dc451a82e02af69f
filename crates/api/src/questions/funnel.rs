//! Funnels: how many users get how far through some steps.

use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::Value;
use store::queries::{FunnelAnswer, FunnelUser, Outcome, Took};
use store::{Filters, Funnel};
use utoipa::{IntoParams, ToSchema};

use crate::asked::{Asked, DEFAULT_DAYS, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters;
use crate::questions::body::Link;
use crate::questions::users::cursor::{Cursor, List, Page};
use crate::reply::Reply;
use crate::shapes::{FoundPage, SentBreakdown, SentFilter, Times, Told};

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

/// Which users of a funnel are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Which {
    /// The step, from 1.
    #[serde(deserialize_with = "step")]
    #[param(value_type = usize, minimum = 1, maximum = 12, default = 1)]
    step: usize,
    /// Whether they took it, as is meant if nothing is said, or took the step before it and not this one.
    #[serde(deserialize_with = "outcome")]
    #[param(value_type = Option<Outcome>, inline)]
    outcome: Outcome,
    /// Only those of this value of the breakdown; those without one where it is empty.
    #[serde(deserialize_with = "value")]
    value: Option<String>,
}

impl Default for Which {
    fn default() -> Self {
        Self { step: 1, outcome: Outcome::default(), value: None }
    }
}

/// Who the users are that a number of a funnel counts, those first who took their last step last. The body is that of
/// the funnel.
#[utoipa::path(
    post,
    path = "/funnel/users",
    tag = "questions",
    params(Which, Page),
    request_body = FunnelQuestion,
    responses((status = 200, description = "A page of them", body = FoundPage<FunnelUser>))
)]
pub(crate) async fn users(mut call: Call) -> Result<Reply<Vec<FunnelUser>>, ApiError> {
    let (Which { step, outcome, value }, page) = (call.parameters()?, call.parameters::<Page>()?);
    let (period, funnel) = call.question::<Funnel>().await?;
    let least = if outcome == Outcome::Dropped { 2 } else { 1 };
    if !(least..=funnel.steps()).contains(&step) {
        return Err(ApiError::Invalid(format!(
            "step must be {least} to {}, a step of the funnel",
            funnel.steps()
        )));
    }
    if value.is_some() && !funnel.is_divided() {
        return Err(ApiError::Invalid("value is one of the breakdown's, and the funnel has none".to_owned()));
    }
    let (took, after) = (Took { step, outcome, value }, page.after(List::Funnel)?);
    let asked = page.within(Asked::about(call, &period, Some(DEFAULT_DAYS), Filters::NONE).await?);
    let found = asked.store().funnel_users(&asked.scope(), &funnel, &took, after, page.limit.into()).await;
    let found = found.map_err(|error| ApiError::question(error, NARROW))?;
    let next = found.next.map(|after| Cursor { range: asked.range(), list: List::Funnel, after });
    Ok(Reply::ok(found.users).about(asked.meta()).with_more(next))
}

/// The same as a link.
#[utoipa::path(
    get,
    path = "/funnel/users",
    tag = "questions",
    params(Link, Which, Page),
    responses((status = 200, description = "As to the POST", body = FoundPage<FunnelUser>))
)]
pub(crate) async fn users_link(call: Call) -> Result<Reply<Vec<FunnelUser>>, ApiError> {
    users(call).await
}

fn step<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    parameters::positive(deserializer, "step", usize::MAX)
}

fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

fn outcome<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
    match parameters::text(deserializer)?.as_deref() {
        None | Some("converted") => Ok(Outcome::Converted),
        Some("dropped") => Ok(Outcome::Dropped),
        Some(_) => Err(de::Error::custom("outcome must be converted or dropped")),
    }
}

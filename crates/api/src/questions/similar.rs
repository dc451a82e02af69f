//! The events that are nearest to another one, by the vectors that they were sent with.

use model::State;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};
use store::Filters;
use store::queries::{Extent, VectorOf};
use utoipa::{IntoParams, ToSchema};

use super::listed::{ListedEvent, MAX_CHARS};
use crate::asked::{Asked, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};
use crate::reply::Reply;
use crate::shapes::{Failure, Found};

const DEFAULT_DAYS: u32 = 90;

/// Which of an event's vectors is compared.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Compared {
    /// That of its input, as if it is absent and the event has one, or that of its output.
    #[serde(deserialize_with = "by")]
    #[param(value_type = Option<By>, inline)]
    by: Option<VectorOf>,
    /// The most events of an answer.
    #[serde(deserialize_with = "parameters::short_limit")]
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: u16,
}

impl Default for Compared {
    fn default() -> Self {
        Self { by: None, limit: 20 }
    }
}

/// A vector of an event.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "read by the description alone")]
enum By {
    Input,
    Output,
}

/// An event near another one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimilarEvent {
    #[serde(flatten)]
    event: ListedEvent,
    /// 1 less the cosine of the angle between the vectors: 0 if they have the same direction, 2 if the opposite one.
    distance: f32,
}

/// The events of the last 90 days, or of the period, whose vectors are nearest to that of an event.
#[utoipa::path(
    get,
    path = "/similar/{id}",
    tag = "questions",
    params(("id" = String, Path, description = "The event's id"), Compared, Period),
    responses(
        (status = 200, description = "Nearest first, of equals the newest", body = Found<SimilarEvent>),
        (status = 404, description = "There is no such event", body = Failure),
        (status = 422, description = "The event has no such vector, or the question is too large", body = Failure),
    )
)]
pub(crate) async fn similar(call: Call) -> Result<Reply<Vec<SimilarEvent>>, ApiError> {
    let (Compared { by, limit }, period) = (call.parameters()?, call.parameters::<Period>()?);
    let key = call.key()?;
    let Some(State::Live(event)) = call.app.store.event(&key).await?.map(|stored| stored.state) else {
        return Err(ApiError::EventNotFound);
    };
    let asked = Asked::about(call, &period, Some(DEFAULT_DAYS), Filters::NONE).await?;
    let ways = by.map_or(vec![VectorOf::Input, VectorOf::Output], |by| vec![by]);
    let vector = ways.into_iter().find_map(|by| Some((by, by.of(&event)?)));
    let (by, vector) = vector.ok_or(ApiError::NoVector)?;
    let (store, extent) = (asked.store(), Extent::Cut(MAX_CHARS));
    let nearest = store.similar(&asked.scope(), key.id, by, &vector, limit.into(), extent).await;
    let nearest = nearest.map_err(|error| ApiError::question(error, NARROW))?;
    let similar = |(event, distance)| SimilarEvent { event: ListedEvent::new(event, extent), distance };
    Ok(Reply::ok(nearest.into_iter().map(similar).collect()).about(asked.meta()))
}

fn by<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<VectorOf>, D::Error> {
    match parameters::text(deserializer)?.as_deref() {
        None => Ok(None),
        Some("input") => Ok(Some(VectorOf::Input)),
        Some("output") => Ok(Some(VectorOf::Output)),
        Some(_) => Err(de::Error::custom("by must be input or output")),
    }
}

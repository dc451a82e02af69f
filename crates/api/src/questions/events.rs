//! The list behind a number: its events, one by one.

use serde::Deserialize;
use serde::de::{self, Deserializer};
use store::queries::{Extent, ListOrder};
use utoipa::{IntoParams, ToSchema};

use super::listed::{ListedEvent, MAX_CHARS};
use crate::asked::{Asked, DEFAULT_DAYS, NARROW};
use crate::call::Call;
use crate::cursor::Cursor;
use crate::error::ApiError;
use crate::parameters::{self, Filtered, Period};
use crate::reply::Reply;
use crate::shapes::FoundPage;

/// Which events are listed, and how.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Listing {
    /// The newest first, or the slowest, which are only those whose latency was measured.
    #[serde(deserialize_with = "order")]
    #[param(value_type = Option<Order>, inline)]
    order: ListOrder,
    /// The most events of an answer. There are fewer in one if they are large.
    #[serde(deserialize_with = "parameters::short_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u16,
    /// The `next_cursor` of an earlier answer, whose period it goes on with.
    #[serde(deserialize_with = "parameters::cursor")]
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Whether texts come whole, with properties and context.
    #[serde(deserialize_with = "full")]
    #[param(default = false)]
    full: bool,
}

impl Default for Listing {
    fn default() -> Self {
        Self { order: ListOrder::Newest, limit: 100, cursor: None, full: false }
    }
}

/// The order of a list.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "read by the description alone")]
enum Order {
    Newest,
    Slowest,
}

/// The events that a number counts, newest or slowest first, those of equals by their ids.
#[utoipa::path(
    get,
    path = "/events",
    tag = "questions",
    params(Filtered, Listing, Period),
    responses((status = 200, description = "A page of them", body = FoundPage<ListedEvent>))
)]
pub(crate) async fn list(call: Call) -> Result<Reply<Vec<ListedEvent>>, ApiError> {
    let Listing { order, limit, cursor, full } = call.parameters()?;
    let (Filtered { filters }, period) = (call.parameters()?, call.parameters::<Period>()?);
    if cursor.as_ref().is_some_and(|cursor| cursor.after.latency.is_some() != (order == ListOrder::Slowest)) {
        return Err(ApiError::Invalid("cursor is of a list in another order".to_owned()));
    }
    let mut asked = Asked::about(call, &period, Some(DEFAULT_DAYS), filters).await?;
    if let Some(cursor) = &cursor {
        asked = asked.within(cursor.range);
    }
    let (after, extent) =
        (cursor.map(|cursor| cursor.after), if full { Extent::Whole } else { Extent::Cut(MAX_CHARS) });
    let page = asked.store().list(&asked.scope(), order, after, limit.into(), extent).await;
    let page = page.map_err(|error| ApiError::question(error, NARROW))?;
    let next = page.next.map(|after| Cursor { range: asked.range(), after });
    let events = page.events.into_iter().map(|event| ListedEvent::new(event, extent)).collect();
    Ok(Reply::ok(events).about(asked.meta()).with_more(next))
}

fn order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ListOrder, D::Error> {
    match parameters::text(deserializer)?.as_deref() {
        None | Some("newest") => Ok(ListOrder::Newest),
        Some("slowest") => Ok(ListOrder::Slowest),
        Some(_) => Err(de::Error::custom("order must be newest or slowest")),
    }
}

fn full<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parameters::flag(deserializer, "full")
}

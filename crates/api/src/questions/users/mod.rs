//! Users: a list of them, and one.

pub(super) mod cursor;

use model::{EventKey, JsonText, State};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};
use store::queries::{User, UserOrder};
use store::{Field, Filter, Op, Value};
use utoipa::{IntoParams, ToSchema};

use self::cursor::{Cursor, List, Page};
use crate::asked::{Asked, DEFAULT_DAYS, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Filtered, Period};
use crate::reply::Reply;
use crate::shapes::{FoundPage, Told};

/// How users are listed.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Listing {
    /// Those who were seen last come first, or those with most events.
    #[serde(deserialize_with = "order")]
    #[param(value_type = Option<Order>, inline)]
    order: UserOrder,
}

/// The order of a list.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "read by the description alone")]
enum Order {
    LastSeen,
    Events,
}

/// One user.
#[derive(Serialize, ToSchema)]
pub(crate) struct Profile {
    #[serde(flatten)]
    #[schema(inline)]
    user: User,
    /// What the last identify said of them; null if there was none.
    #[schema(value_type = Option<Object>)]
    traits: Option<JsonText<'static>>,
}

/// The users who have events, with how many. What they are is counted of those events alone.
#[utoipa::path(
    get,
    path = "/users",
    tag = "questions",
    params(Filtered, Listing, Page, Period),
    responses((status = 200, description = "A page of them", body = FoundPage<User>))
)]
pub(crate) async fn list(call: Call) -> Result<Reply<Vec<User>>, ApiError> {
    let (Listing { order }, page) = (call.parameters()?, call.parameters::<Page>()?);
    let (Filtered { filters }, period) = (call.parameters()?, call.parameters::<Period>()?);
    let (list, limit) = (List::All(order), page.limit.into());
    let after = page.after(list)?;
    let asked = page.within(Asked::about(call, &period, Some(DEFAULT_DAYS), filters).await?);
    let found = asked.store().users(&asked.scope(), order, after, limit).await;
    let found = found.map_err(|error| ApiError::question(error, NARROW))?;
    let next = found.next.map(|after| Cursor { range: asked.range(), list, after });
    Ok(Reply::ok(found.users).about(asked.meta()).with_more(next))
}

/// A user over all time. Their events are those of `/events` with a filter of `user`.
#[utoipa::path(
    get,
    path = "/users/{user}",
    tag = "questions",
    params(("user" = String, Path, description = "The user id, or `anon:` and the anonymous id")),
    responses(
        (status = 200, description = "The user", body = Told<Profile>),
        (status = 404, description = "No event is of this user", body = crate::shapes::Failure),
    )
)]
pub(crate) async fn one(call: Call) -> Result<Reply<Profile>, ApiError> {
    let name = call.segment("user")?;
    let tenant = call.caller.tenant.clone();
    let filters = vec![Filter::new(Field::User, Op::Is, vec![Value::from(name.as_str())])?].try_into()?;
    let asked = Asked::about(call, &Period::default(), None, filters).await?;
    let found = asked.store().user(&asked.scope()).await;
    let (user, identified) =
        found.map_err(|error| ApiError::question(error, NARROW))?.ok_or(ApiError::UserNotFound)?;
    let traits = match identified {
        Some(id) => {
            let stored = asked.store().event(&EventKey { tenant, id }).await?;
            stored.and_then(|stored| match stored.state {
                State::Live(event) => Some(event.content.properties),
                State::Deleted { .. } => None,
            })
        }
        None => None,
    };
    Ok(Reply::ok(Profile { user, traits }).about(asked.meta()))
}

fn order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UserOrder, D::Error> {
    match parameters::text(deserializer)?.as_deref() {
        None | Some("last_seen") => Ok(UserOrder::LastSeen),
        Some("events") => Ok(UserOrder::Events),
        Some(_) => Err(de::Error::custom("order must be last_seen or events")),
    }
}

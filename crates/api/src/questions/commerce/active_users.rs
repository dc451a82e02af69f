//! How many different users there are by day, week and month.

use store::queries::commerce::ActiveUsers;
use store::{Interval, WeekStart};

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::Period;
use crate::reply::Reply;
use crate::shapes::Found;

/// Different users of each local day, and of the 7 and the 30 days that end with it.
#[utoipa::path(
    get,
    path = "/analytics/active-users",
    tag = "questions",
    params(Period),
    responses((status = 200, description = "Each day that a part of the period lies in, from its beginning on", body = Found<ActiveUsers>))
)]
pub(crate) async fn active_users(call: Call) -> Result<Reply<Vec<ActiveUsers>>, ApiError> {
    let asked = Asked::of(call).await?;
    let days = asked.grid(Some(Interval::Day), WeekStart::Monday).await?;
    asked.tell_in(&days, asked.store().active_users(&asked.scope(), &days).await)
}

//! Errors, grouped by what they say.

use serde::{Deserialize, Deserializer};
use store::WeekStart;
use store::queries::ErrorGroup;
use utoipa::IntoParams;

use crate::asked::{Asked, DEFAULT_DAYS, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Filtered, Period};
use crate::reply::Reply;
use crate::shapes::Found;

/// How errors are grouped.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Grouping {
    /// Whether whole texts are grouped, with what is variable in them.
    #[serde(deserialize_with = "raw")]
    #[param(default = false)]
    raw: bool,
    /// The most groups of an answer.
    #[serde(deserialize_with = "parameters::short_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u16,
}

impl Default for Grouping {
    fn default() -> Self {
        Self { raw: false, limit: 100 }
    }
}

/// Errors that say the same, but for numbers, UUIDs, hex and quoted parts; the most frequent first.
#[utoipa::path(
    get,
    path = "/errors/groups",
    tag = "questions",
    params(Filtered, Grouping, Period),
    responses((status = 200, description = "The most frequent first", body = Found<ErrorGroup>))
)]
pub(crate) async fn groups(call: Call) -> Result<Reply<Vec<ErrorGroup>>, ApiError> {
    let (Grouping { raw, limit }, Filtered { filters }) = (call.parameters()?, call.parameters()?);
    let period = call.parameters::<Period>()?;
    let asked = Asked::about(call, &period, Some(DEFAULT_DAYS), filters).await?;
    let grid = asked.grid(None, WeekStart::default()).await?;
    let groups = asked.store().error_groups(&asked.scope(), &grid, raw, limit.into()).await;
    let groups = groups.map_err(|error| ApiError::question(error, NARROW))?;
    let mut meta = asked.meta();
    meta.interval = Some(grid.interval().as_str());
    Ok(Reply::ok(groups).about(meta))
}

fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parameters::flag(deserializer, "raw")
}

//! What can be asked: names, fields, and values of a field.

use model::Tenant;
use serde::{Deserialize, Serialize};
use store::queries::{KnownValue, Schema};
use store::{Field, Filters, StoreError};
use utoipa::IntoParams;

use crate::asked::{Asked, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::kept::Kept;
use crate::parameters::{self, Period};
use crate::reply::{Meta, Reply};
use crate::shapes::{Found, Told};

/// Answers are of the last day.
const DAYS: u32 = 1;

/// The longest beginning in bytes; values are not longer.
const MAX_PREFIX_BYTES: usize = 1_024;

/// Answers of this minute.
#[derive(Default)]
pub(crate) struct KeptSchemas {
    schemas: Kept<Tenant, Known<Schema>>,
    values: Kept<(Tenant, String, String), Known<Vec<KnownValue>>>,
}

/// An answer, and what was asked about.
#[derive(Clone)]
struct Known<T> {
    data: T,
    meta: Meta,
}

/// Whose values.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Wanted {
    /// A column or a path, such as `event_name` or `properties.plan`.
    #[serde(deserialize_with = "parameters::text")]
    #[param(value_type = String, required = true, example = "event_name")]
    field: Option<String>,
    /// What the values begin with, case included.
    #[serde(deserialize_with = "parameters::text")]
    prefix: Option<String>,
}

/// Names of events and the fields that they fill, of the last day. It may be a minute old.
#[utoipa::path(
    get,
    path = "/schema",
    tag = "questions",
    responses((status = 200, description = "Names by how many events have them, and all columns and paths", body = Told<Schema>))
)]
pub(crate) async fn schema(call: Call) -> Result<Reply<Schema>, ApiError> {
    let (app, caller) = (call.app.clone(), call.caller.clone());
    let ask = async || {
        let asked = Asked::about(call, &Period::default(), Some(DAYS), Filters::NONE).await?;
        known(&asked, asked.store().schema(&asked.scope()).await)
    };
    let known = app.kept_schemas.schemas.get(caller.tenant, caller.received_at, ask).await?;
    Ok(known.into())
}

/// The values of a field that most events have, of the last day. They may be a minute old.
#[utoipa::path(
    get,
    path = "/schema/values",
    tag = "questions",
    params(Wanted),
    responses((status = 200, description = "At most 100, those that most events have first", body = Found<KnownValue>))
)]
pub(crate) async fn values(call: Call) -> Result<Reply<Vec<KnownValue>>, ApiError> {
    let Wanted { field, prefix } = call.parameters()?;
    let name = field.ok_or(ApiError::Missing("field query parameter is required"))?;
    let (field, prefix) = (Field::parse(&name)?, prefix.unwrap_or_default());
    if prefix.len() > MAX_PREFIX_BYTES {
        return Err(ApiError::Invalid(format!("prefix must be at most {MAX_PREFIX_BYTES} bytes")));
    }
    let (app, caller) = (call.app.clone(), call.caller.clone());
    let key = (caller.tenant, name, prefix.clone());
    let ask = async || {
        let asked = Asked::about(call, &Period::default(), Some(DAYS), Filters::NONE).await?;
        known(&asked, asked.store().values(&asked.scope(), &field, &prefix).await)
    };
    Ok(app.kept_schemas.values.get(key, caller.received_at, ask).await?.into())
}

fn known<T>(asked: &Asked, data: Result<T, StoreError>) -> Result<Known<T>, ApiError> {
    let data = data.map_err(|error| ApiError::question(error, NARROW))?;
    Ok(Known { data, meta: asked.meta() })
}

impl<T: Serialize> From<Known<T>> for Reply<T> {
    fn from(Known { data, meta }: Known<T>) -> Self {
        Self::ok(data).about(meta)
    }
}

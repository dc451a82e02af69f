//! What a question says of itself: the JSON of a body, or of a link.

use axum::http::Method;
use model::wire::WireError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};

/// The largest question in bytes.
const MAX_BYTES: usize = 64 << 10;

/// A question as a link.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Link {
    /// The JSON that a POST has as its body.
    #[serde(deserialize_with = "parameters::text")]
    #[param(value_type = String, required = true)]
    q: Option<String>,
}

impl Call {
    /// What is asked, and about which times: the JSON of the body of a POST, else of `q`. Members that the question
    /// doesn't know are for it to refuse.
    pub(crate) async fn question<T: DeserializeOwned>(&mut self) -> Result<(Period, T), ApiError> {
        let sent = if self.route.method == Method::POST {
            let body = self.app.bodies.read(&self.headers, std::mem::take(&mut self.body), MAX_BYTES).await?;
            body.parsed(|bytes, _| object(bytes)).await?.0
        } else {
            let Link { q } = self.parameters()?;
            object(q.ok_or(ApiError::Missing("q is required: the question as JSON"))?.as_bytes())?
        };
        read(sent)
    }
}

fn object(json: &[u8]) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_slice(json).map_err(|error| {
        let words = format!("the question must be a JSON object: {error}");
        if error.is_data() { ApiError::Invalid(words) } else { WireError::InvalidJson(words).into() }
    })
}

fn read<T: DeserializeOwned>(mut sent: Map<String, Value>) -> Result<(Period, T), ApiError> {
    let period = Period::take(&mut sent)?;
    let question = serde_path_to_error::deserialize(Value::Object(sent));
    let question = question.map_err(|error: serde_path_to_error::Error<serde_json::Error>| {
        let mut words = error.to_string();
        // Those of the range were taken before.
        if words.contains(&format!("unknown field `{}`", error.path())) {
            words += ", `from`, `to`, `days`, `timezone`, `exact`";
        }
        ApiError::Invalid(words)
    });
    Ok((period, question?))
}

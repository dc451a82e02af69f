//! What a tool is called with, as the request of its route: the JSON of its body, or its parameters.

use axum::http::{Method, Uri};
use form_urlencoded::Serializer;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rmcp::model::JsonObject;
use serde_json::Value;

use super::tools::Tool;
use crate::error::ApiError;

/// The parts of a request that say what is asked.
pub(super) struct Asking {
    pub(super) uri: Uri,
    /// The variable segment of the path, percent-encoded.
    pub(super) segment: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Asking {
    /// An error names the argument that the route can't be asked with.
    pub(super) fn new(tool: &Tool, mut arguments: JsonObject) -> Result<Self, ApiError> {
        let path = tool.route.path;
        if tool.route.method == Method::POST {
            let body = serde_json::to_vec(&arguments).unwrap_or_default();
            return Ok(Self { uri: Uri::from_static(path), segment: None, body });
        }
        let name = path.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(name, _)| name);
        let segment = name.map(|name| {
            let sent = arguments.remove(name).and_then(text).filter(|text| !text.is_empty());
            sent.ok_or_else(|| ApiError::Invalid(format!("{name} is required")))
        });
        let segment =
            segment.transpose()?.map(|text| utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string());
        // Of a parameter that is there twice the last counts.
        let mut query = Serializer::new(tool.defaults.to_owned());
        for (name, value) in arguments {
            known(tool, &name)?;
            if let Some(value) = text(value) {
                query.append_pair(&name, &value);
            }
        }
        let uri = format!("/?{}", query.finish()).parse().map_err(|_| ApiError::LongAddress)?;
        Ok(Self { uri, segment, body: Vec::new() })
    }
}

/// A route passes over parameters that it doesn't know. An assistant would take the answer for one to them.
fn known(tool: &Tool, name: &str) -> Result<(), ApiError> {
    let Some(Value::Object(takes)) = tool.description.input_schema.get("properties") else { return Ok(()) };
    if takes.contains_key(name) {
        return Ok(());
    }
    let names: Vec<_> = takes.keys().map(|name| format!("`{name}`")).collect();
    let expected =
        if names.is_empty() { "there are none".to_owned() } else { format!("expected {}", names.join(", ")) };
    Err(ApiError::Invalid(format!("unknown field `{name}`, {expected}")))
}

/// As a parameter says it; `None` is as if absent.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mcp::Tools;
    use crate::routes::ROUTES;

    fn asking(tool: &str, arguments: Value) -> Result<Asking, ApiError> {
        let Value::Object(arguments) = arguments else { panic!("{arguments} is no object") };
        Asking::new(Tools::new(ROUTES).unwrap().find(tool).unwrap(), arguments)
    }

    #[test]
    fn arguments_are_the_body_of_a_post_and_the_parameters_of_a_get() {
        let question = json!({"metrics": ["events"], "days": 3});
        let posted = asking("query", question.clone()).unwrap();
        assert_eq!(
            (posted.uri.path(), serde_json::from_slice(&posted.body).ok()),
            ("/query", Some(question))
        );
        let got = asking("search", json!({"q": "a&b \"c d\"", "limit": 5, "days": null})).unwrap();
        assert_eq!((got.uri.query(), got.segment), (Some("limit=5&q=a%26b+%22c+d%22"), None));
        let read = asking("conversation", json!({"conversation_id": "a/b?", "limit": "7"})).unwrap();
        assert_eq!(read.uri.query(), Some("limit=100&include_embeddings=false&limit=7"));
        assert_eq!(read.segment.as_deref(), Some("a%2Fb%3F"));
    }

    #[test]
    fn what_a_get_would_pass_over_is_refused() {
        for (tool, arguments, words) in [
            ("search", json!({"q": "x", "filters": []}), "unknown field `filters`, expected `cursor`, "),
            ("schema", json!({"days": 3}), "unknown field `days`, there are none"),
            ("conversation", json!({}), "conversation_id is required"),
            ("conversation", json!({"conversation_id": ""}), "conversation_id is required"),
            ("search", json!({"q": "x".repeat(70_000)}), "the address of the request is too long"),
        ] {
            let error = asking(tool, arguments).err().unwrap().to_string();
            assert!(error.starts_with(words), "{error}");
        }
    }
}

//! What a tool takes, as a JSON schema: what the description of its route says of the body or the parameters.

use std::collections::BTreeMap;

use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::route::Described;

/// A parameter as `OpenAPI` has it.
#[derive(Deserialize)]
struct Parameter {
    name: String,
    description: Option<String>,
    required: bool,
    schema: JsonObject,
    example: Option<Value>,
}

/// An object without references, of which clients understand most. `defaults` is a query string of those that
/// differ from the route's. An error is a description that can't be read.
pub(super) fn of(described: Described, defaults: &str) -> serde_json::Result<JsonObject> {
    let operation = serde_json::to_value(&described.operation)?;
    let shapes =
        described.shapes.iter().map(|(name, shape)| Ok((name.as_str(), serde_json::to_value(shape)?)));
    let shapes = Shapes(shapes.collect::<serde_json::Result<_>>()?);
    let mut schema = match operation.pointer("/requestBody/content/application~1json/schema") {
        Some(Value::Object(body)) => shapes.inline_object(body),
        _ => of_parameters(operation.get("parameters"), &shapes)?,
    };
    for (name, value) in form_urlencoded::parse(defaults.as_bytes()) {
        let value = serde_json::from_str::<Value>(&value)?;
        merge(&mut schema, json!({"properties": {(&*name): {"default": value}}}));
    }
    merge(&mut schema, json!({"additionalProperties": false}));
    Ok(schema)
}

/// An object with a property for each parameter.
fn of_parameters(parameters: Option<&Value>, shapes: &Shapes) -> serde_json::Result<JsonObject> {
    let mut schema = JsonObject::new();
    merge(&mut schema, json!({"type": "object", "properties": {}, "required": []}));
    let parameters = parameters.map(Vec::<Parameter>::deserialize).transpose()?;
    for Parameter { name, description, required, schema: takes, example } in parameters.unwrap_or_default() {
        let mut property = shapes.inline_object(&takes);
        merge(&mut property, json!({"description": description}));
        if let Some(example) = example {
            merge(&mut property, json!({"examples": [example]}));
        }
        if required {
            merge(&mut schema, json!({"required": [name]}));
        }
        merge(&mut schema, json!({"properties": {name: property}}));
    }
    Ok(schema)
}

/// The shapes of a description, by name. None of them holds itself.
struct Shapes<'a>(BTreeMap<&'a str, Value>);

impl Shapes<'_> {
    /// The schema with the shapes that it names in place of their names.
    fn inline(&self, schema: &Value) -> Value {
        match schema {
            Value::Object(object) => self.inline_object(object).into(),
            Value::Array(schemas) => schemas.iter().map(|schema| self.inline(schema)).collect(),
            other => other.clone(),
        }
    }

    fn inline_object(&self, object: &JsonObject) -> JsonObject {
        let mut inlined = JsonObject::new();
        for (key, value) in object {
            match (key.as_str(), value) {
                ("$ref", Value::String(path)) => {
                    let shape = path.rsplit('/').next().and_then(|name| self.0.get(name));
                    merge(&mut inlined, shape.map(|shape| self.inline(shape)).unwrap_or_default());
                }
                // Where the fields of one shape are among those of another.
                ("allOf", Value::Array(parts)) => {
                    for part in parts {
                        merge(&mut inlined, self.inline(part));
                    }
                }
                // What may be null may be left out, which says the same in fewer words.
                ("oneOf", Value::Array(choices)) => match but_null(choices) {
                    Some(choice) => merge(&mut inlined, self.inline(choice)),
                    None => merge(&mut inlined, json!({key: self.inline(value)})),
                },
                ("type", Value::Array(types)) => {
                    merge(&mut inlined, json!({key: but_null(types).unwrap_or(value)}));
                }
                // A word of OpenAPI alone.
                ("example", example) => merge(&mut inlined, json!({"examples": [example]})),
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        merge(&mut inlined, json!({key: {name: self.inline(property)}}));
                    }
                }
                (_, value) => merge(&mut inlined, json!({key: self.inline(value)})),
            }
        }
        inlined
    }
}

/// The only one of these types or schemas beside that of null, if there is one alone.
fn but_null(choices: &[Value]) -> Option<&Value> {
    let mut others = choices.iter().filter(|choice| choice.get("type").unwrap_or(choice) != "null");
    others.next().filter(|_| others.next().is_none())
}

/// Adds what another schema says of the same value.
fn merge(schema: &mut JsonObject, other: Value) {
    let Value::Object(other) = other else { return };
    for (key, value) in other {
        match (schema.get_mut(&key), value) {
            (Some(Value::Object(there)), more @ Value::Object(_)) => merge(there, more),
            (Some(Value::Array(there)), Value::Array(more)) if key == "required" => there.extend(more),
            (_, value) => {
                schema.insert(key, value);
            }
        }
    }
}

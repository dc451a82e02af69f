//! What events say: the names they have, the fields they fill, and the values of a field.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ask::Besides;
use crate::filter::{Binder, USER};
use crate::{Field, Scope, Store, StoreError};

/// Names, fields and values of one answer.
const MAX_NAMES: u64 = 1_000;
const MAX_FIELDS: u64 = 1_000;
const MAX_VALUES: u64 = 100;

/// The newest events of each name are looked into for the paths of their properties and context.
const LOOKED_INTO: u64 = 2_000;
/// Properties of more bytes are not.
const MAX_BYTES: u64 = 64 << 10;
/// How many names the longest path has.
const MAX_DEPTH: usize = 4;

/// Characters of an example.
const MAX_EXAMPLE_CHARS: usize = 100;
/// Bytes of a value: filters take no longer ones.
const MAX_VALUE_BYTES: u64 = 1_024;

/// Event names with an example of each column.
const NAMES: &str = "
    SELECT event_name AS name, count() AS events, [/* examples */] AS examples
    FROM {events}
    GROUP BY event_name
    ORDER BY events DESC, name
    LIMIT {limit:UInt64}";

/// Paths with the forms that their values have in JSON.
const PATHS: &str = "
    SELECT pair.1 AS field, groupUniqArray(form) AS forms, any(substringUTF8(pair.2, 1, 200)) AS example
    FROM (
        SELECT arrayJoin(arrayConcat(
                arrayMap(it -> (concat('properties.', it.1), it.2), /* of properties */),
                arrayMap(it -> (concat('context.', it.1), it.2), /* of context */))) AS pair,
            multiIf(startsWith(pair.2, '\"'), 'text', startsWith(pair.2, '['), 'list', pair.2 IN ('true', 'false'), 'boolean',
                pair.2 = 'null' OR startsWith(pair.2, '{'), '', 'number') AS form
        FROM (
            SELECT if(length(properties) > {bytes:UInt64}, '', properties) AS of_properties,
                if(length(context) > {bytes:UInt64}, '', context) AS of_context
            FROM {events}
            ORDER BY created_at DESC
            LIMIT {looked_into:UInt64} BY event_name))
    WHERE form != ''
    GROUP BY field
    ORDER BY field
    LIMIT {limit:UInt64}";

const VALUES: &str = "
    SELECT arrayJoin(arrayDistinct(texts)) AS value, count() AS events
    FROM {events}
    WHERE value != '' AND startsWith(value, {prefix:String}) AND length(value) <= {bytes:UInt64}
    GROUP BY value
    ORDER BY events DESC, value
    LIMIT {limit:UInt64}";

/// What the events of a scope say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Schema {
    /// The names that most events have first.
    pub event_names: Vec<EventName>,
    /// Fields for filters and metrics.
    pub fields: Vec<KnownField>,
}

/// A name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = KnownEventName)]
pub struct EventName {
    /// The name.
    pub name: String,
    /// Events of it.
    pub events: u64,
}

/// A field that filters and metrics may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KnownField {
    /// Its name.
    #[schema(example = "properties.total")]
    pub field: String,
    /// What its values are.
    pub r#type: FieldType,
    /// The beginning of a value; null if there was none.
    pub example: Option<String>,
}

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// Texts.
    Text,
    /// Numbers.
    Number,
    /// `true` and `false`.
    Boolean,
    /// Lists.
    List,
    /// Some of one of these, some of another.
    Mixed,
}

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct KnownValue {
    /// The value as text.
    pub value: String,
    /// Events that have it.
    pub events: u64,
}

#[derive(Row, Deserialize)]
struct NameLine {
    name: String,
    events: u64,
    examples: Vec<String>,
}

#[derive(Row, Deserialize)]
struct PathLine {
    field: String,
    forms: Vec<String>,
    example: String,
}

impl Store {
    /// The names of the scope's events and their fields: all columns, then the paths of properties and context.
    pub async fn schema(&self, scope: &Scope<'_>) -> Result<Schema, StoreError> {
        let (names, paths) = tokio::try_join!(self.schema_names(scope), self.schema_paths(scope))?;
        let columns = Field::columns().enumerate().map(|(n, field)| {
            let example = names.iter().filter_map(|line| line.examples.get(n)).find(|text| !text.is_empty());
            KnownField {
                field: field.to_string(),
                r#type: type_of(&field),
                example: example.map(|text| cut(text)),
            }
        });
        // Some names of JSON can't stand in a path.
        let paths = paths.into_iter().filter(|line| Field::parse(&line.field).is_ok());
        let fields = columns.chain(paths.map(PathLine::known)).collect();
        let event_names =
            names.iter().map(|line| EventName { name: line.name.clone(), events: line.events }).collect();
        Ok(Schema { event_names, fields })
    }

    /// Those values of a field that begin like this, with most events first; of equals the least text.
    pub async fn values(
        &self,
        scope: &Scope<'_>,
        field: &Field,
        prefix: &str,
    ) -> Result<Vec<KnownValue>, StoreError> {
        let mut besides = Besides::default();
        besides.columns =
            format!(", {} AS texts", Binder::new("values", &mut besides.params).texts_of(field));
        let question = self.ask_besides(scope, VALUES, besides).param("prefix", prefix);
        question.param("bytes", MAX_VALUE_BYTES).param("limit", MAX_VALUES).fetch_all().await
    }

    async fn schema_names(&self, scope: &Scope<'_>) -> Result<Vec<NameLine>, StoreError> {
        let examples: Vec<_> = Field::columns().map(|field| example_of(&field)).collect();
        let sql = NAMES.replace("/* examples */", &examples.join(", "));
        self.ask(scope, &sql).param("limit", MAX_NAMES).fetch_all().await
    }

    async fn schema_paths(&self, scope: &Scope<'_>) -> Result<Vec<PathLine>, StoreError> {
        let sql = PATHS
            .replace("/* of properties */", &pairs_of("of_properties"))
            .replace("/* of context */", &pairs_of("of_context"));
        let question = self.ask(scope, &sql).param("bytes", MAX_BYTES).param("looked_into", LOOKED_INTO);
        question.param("limit", MAX_FIELDS).fetch_all().await
    }
}

/// A text that a column has, as SQL over a group of events. Inputs and outputs are too long to be read for that.
fn example_of(field: &Field) -> String {
    match field {
        Field::Input | Field::Output => "''".to_owned(),
        Field::Tags | Field::Subjects | Field::TraceIds => format!("anyIf({field}[1], notEmpty({field}))"),
        Field::Latency => "if(max(latency) > 0, toString(anyIf(latency, latency > 0)), '')".to_owned(),
        Field::User => format!("anyIf({USER} AS one, one != '')"),
        column => format!("anyIf(toString({column}), {column} != '')"),
    }
}

fn type_of(column: &Field) -> FieldType {
    match column {
        Field::Latency => FieldType::Number,
        Field::Tags | Field::Subjects | Field::TraceIds => FieldType::List,
        _ => FieldType::Text,
    }
}

/// The paths of an object in JSON and what is at them, as SQL: objects are entered as deep as paths go.
fn pairs_of(json: &str) -> String {
    let mut pairs = format!("JSONExtractKeysAndValuesRaw({json})");
    for _ in 1..MAX_DEPTH {
        pairs = format!(
            "arrayFlatten(arrayMap(it -> if(startsWith(it.2, '{{'),
                arrayMap(inner -> (concat(it.1, '.', inner.1), inner.2), JSONExtractKeysAndValuesRaw(it.2)),
                [it]), {pairs}))"
        );
    }
    pairs
}

impl PathLine {
    fn known(self) -> KnownField {
        let r#type = match &*self.forms {
            [form] => match form.as_str() {
                "text" => FieldType::Text,
                "list" => FieldType::List,
                "boolean" => FieldType::Boolean,
                _ => FieldType::Number,
            },
            _ => FieldType::Mixed,
        };
        // A text without its quotes, unless it was cut.
        let example = serde_json::from_str::<String>(&self.example).unwrap_or(self.example);
        KnownField { field: self.field, r#type, example: Some(cut(&example)) }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_EXAMPLE_CHARS).collect()
}

//! What an event says under a name, as SQL over the columns of `events`, and the values to bind in it: none of them
//! stands in the text.

use clickhouse::query::Query;

use super::{Field, Path};

/// Who an event is of: an id is shown as it is, other people by what tells them apart.
pub(crate) const USER: &str =
    "multiIf(user_id != '', user_id, anonymous_id != '', concat('anon:', anonymous_id), '')";

/// The text of a piece of JSON `raw`; empty for objects, lists, null, and nothing. Numbers are written as those
/// of the properties are.
const TEXT_OF_RAW: &str = "multiIf(
    startsWith(raw, '\"'), JSONExtractString(raw),
    raw IN ('', 'null') OR startsWith(raw, '{') OR startsWith(raw, '['), '',
    raw IN ('true', 'false') OR match(raw, '^-?[0-9]+$'), raw,
    toString(toFloat64OrZero(raw)))";

/// What is bound.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Param {
    /// A part of a column, as it is.
    Path(String),
    Text(String),
    Texts(Vec<String>),
    Number(f64),
    Numbers(Vec<f64>),
}

/// What the parameters of SQL stand for, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Params(pub(super) Vec<(String, Param)>);

impl Params {
    /// Binds a text.
    pub(crate) fn text(&mut self, name: &str, text: String) {
        self.0.push((name.to_owned(), Param::Text(text)));
    }

    /// The place of a list of texts in the SQL.
    pub(crate) fn texts(&mut self, name: &str, texts: Vec<String>) -> String {
        self.0.push((name.to_owned(), Param::Texts(texts)));
        format!("{{{name}:Array(String)}}")
    }

    /// Those of another piece of the same SQL.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The question with the values in it.
    pub(crate) fn bind(self, query: Query) -> Query {
        self.0.into_iter().fold(query, |query, (name, param)| match param {
            // The server takes it by letter, where it takes texts with escapes.
            Param::Path(path) => query.with_setting(format!("param_{name}"), path),
            Param::Text(text) => query.param(&name, text),
            Param::Texts(texts) => query.param(&name, texts),
            Param::Number(number) => query.param(&name, number),
            Param::Numbers(numbers) => query.param(&name, numbers),
        })
    }
}

/// Writes SQL whose parameters' names all begin with one name.
pub(crate) struct Binder<'a> {
    name: String,
    params: &'a mut Params,
}

impl<'a> Binder<'a> {
    pub(crate) fn new(name: &str, params: &'a mut Params) -> Self {
        Self { name: name.to_owned(), params }
    }

    /// The texts of a field, where an empty one is none: an `Array(String)` that has one where the field is no
    /// list. A number is written as JSON has it, and a latency of 0 was not measured.
    pub(crate) fn texts_of(&mut self, field: &Field) -> String {
        let column = match field {
            Field::Properties(path) => return self.properties(path),
            Field::Context(path) => return self.context(path),
            Field::Tags | Field::Subjects | Field::TraceIds => return field.to_string(),
            Field::User => USER.to_owned(),
            Field::Latency => "if(latency > 0, toString(latency), '')".to_owned(),
            column => format!("toString({column})"),
        };
        format!("[{column}]")
    }

    /// The texts at a path of the properties, of whose column this reads that path alone. A list has several, of
    /// which objects and lists are none; the column may have rounded its numbers of more than 15 digits.
    fn properties(&mut self, path: &Path) -> String {
        let path = self.bind("_path", "Identifier", Param::Path(path.as_str().to_owned()));
        let (value, text_of_raw) = (format!("attributes.{path}"), TEXT_OF_RAW);
        format!(
            "if(startsWith(dynamicType({value}), 'Array'),
                arrayMap(raw -> {text_of_raw}, JSONExtractArrayRaw(assumeNotNull(toJSONString({value})))),
                [ifNull(CAST({value}, 'Nullable(String)'), '')])"
        )
    }

    /// The same of the context, whose column is JSON in a text.
    fn context(&mut self, path: &Path) -> String {
        let names: Vec<_> = path
            .names()
            .enumerate()
            .map(|(n, name)| self.bind(&format!("_path{n}"), "String", Param::Text(name.to_owned())))
            .collect();
        let (raw, text_of_raw) = (format!("JSONExtractRaw(context, {})", names.join(", ")), TEXT_OF_RAW);
        format!(
            "arrayMap(raw -> {text_of_raw}, if(startsWith({raw}, '['), JSONExtractArrayRaw({raw}), [{raw}]))"
        )
    }

    /// The place of a parameter in the SQL.
    pub(super) fn bind(&mut self, suffix: &str, sql_type: &str, param: Param) -> String {
        let name = format!("{}{suffix}", self.name);
        let place = format!("{{{name}:{sql_type}}}");
        self.params.0.push((name, param));
        place
    }
}

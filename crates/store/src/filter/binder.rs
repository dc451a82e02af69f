//! What an event says under a name, as SQL over the columns of `events`, and the values to bind in it: none of them
//! stands in the text.

use clickhouse::query::Query;

use super::{Field, Path};

/// Who an event is of: an id is shown as it is, other people by what tells them apart.
pub(crate) const USER: &str =
    "multiIf(user_id != '', user_id, anonymous_id != '', concat('anon:', anonymous_id), '')";

/// How many different texts there are that are not empty, as SQL. They are told apart by 128 bits of a hash, as the
/// server does it by itself, but with a hash that takes a third of the time.
pub(crate) fn distinct(text: &str) -> String {
    format!("uniqExactIf({}, {text} != '')", hash(text))
}

/// The same of texts in a column of lists, of which none is empty.
pub(crate) fn distinct_in(list: &str) -> String {
    format!("uniqExactArray(arrayMap(text -> {}, {list}))", hash("text"))
}

/// Tells texts apart by 128 bits, as SQL.
pub(crate) fn hash(text: &str) -> String {
    format!("reinterpretAsUInt128(murmurHash3_128({text}))")
}

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

/// A path of the properties as SQL.
struct Property {
    /// Whether there is a list.
    is_list: String,
    /// The texts of the list.
    list: String,
    /// The text of anything else.
    text: String,
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

    /// The first of the texts of a field that is not empty, or else an empty one.
    pub(crate) fn text_of(&mut self, field: &Field) -> String {
        const FIRST: &str = "arrayFirst(text -> text != '', ";
        let Field::Properties(path) = field else { return format!("{FIRST}{})", self.texts_of(field)) };
        // Without a list where there is none, which takes half the time.
        let Property { is_list, list, text } = self.property(path);
        format!("if({is_list}, {FIRST}{list}), {text})")
    }

    fn properties(&mut self, path: &Path) -> String {
        let Property { is_list, list, text } = self.property(path);
        format!("if({is_list}, {list}, [{text}])")
    }

    /// What is at a path of the properties, of whose column this reads that path alone. A list has several texts, of
    /// which objects and lists are none; the column may have rounded its numbers of more than 15 digits.
    fn property(&mut self, path: &Path) -> Property {
        let path = self.bind("_path", "Identifier", Param::Path(path.as_str().to_owned()));
        let value = format!("attributes.{path}");
        Property {
            is_list: format!("startsWith(dynamicType({value}), 'Array')"),
            list: format!(
                "arrayMap(raw -> {TEXT_OF_RAW}, JSONExtractArrayRaw(assumeNotNull(toJSONString({value}))))"
            ),
            text: format!("ifNull(CAST({value}, 'Nullable(String)'), '')"),
        }
    }

    /// The same of the context, whose column is JSON in a text: read where the first name may stand in it, as it is
    /// or with escapes.
    fn context(&mut self, path: &Path) -> String {
        let names: Vec<_> = path
            .names()
            .enumerate()
            .map(|(n, name)| self.bind(&format!("_path{n}"), "String", Param::Text(name.to_owned())))
            .collect();
        let first = names.first().map_or("''", String::as_str);
        let raw = format!("JSONExtractRaw(context, {})", names.join(", "));
        format!(
            "if(position(context, {first}) = 0 AND position(context, '\\\\') = 0, [''],
                arrayMap(raw -> {TEXT_OF_RAW}, if(startsWith({raw}, '['), JSONExtractArrayRaw({raw}), [{raw}])))"
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

//! Filters as SQL over the columns of `events`, and the values to bind in it: none of them stands in the text.

use clickhouse::query::Query;

use super::binder::{Binder, Param, Params, USER};
use super::{Field, Filter, Filters, Op, Value, value};

/// A number in JSON.
pub(crate) const NUMBER: &str = r"'^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?$'";

/// One that is no long id.
const SHORT_NUMBER: &str = r"'^-?(0|[1-9][0-9]{0,14})(\\.[0-9]+)?([eE][-+]?[0-9]+)?$'";

/// Filters in SQL.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    /// A truth, never NULL; empty if there are no filters.
    pub(crate) sql: String,
    /// The place of a list of conversations, if all of the events are of these.
    pub(crate) conversations: Option<String>,
    /// What its parameters stand for, by name.
    pub(crate) params: Params,
}

impl Condition {
    /// All of the filters. The names of the parameters begin with `prefix`, so that conditions can stand beside
    /// each other.
    pub(crate) fn new(prefix: &str, filters: &Filters) -> Self {
        let mut condition = Self::default();
        for (n, filter) in filters.iter().enumerate() {
            let name = format!("{prefix}{n}");
            let sql = Binder::new(&name, &mut condition.params).filter(filter);
            if (&filter.field, filter.op) == (&Field::ConversationId, Op::Is) {
                condition.conversations = Some(format!("{{{name}:Array(String)}}"));
            }
            let and = if n == 0 { "" } else { " AND " };
            condition.sql += &format!("{and}({sql})");
        }
        condition
    }

    /// The question with the values in it.
    pub(crate) fn bind(self, query: Query) -> Query {
        self.params.bind(query)
    }
}

impl Binder<'_> {
    fn filter(&mut self, Filter { field, op, values }: &Filter) -> String {
        let (op, negated) = op.positive();
        let holds = match field {
            Field::EventName => self.text("event_name", op, values),
            Field::Source => self.text("source", op, values),
            Field::Kind => self.text("kind", op, values),
            Field::ConversationId => self.text("conversation_id", op, values),
            Field::UserId => self.text("user_id", op, values),
            Field::AnonymousId => self.text("anonymous_id", op, values),
            Field::MessageId => self.text("message_id", op, values),
            Field::Error => self.text("error", op, values),
            Field::Input => self.text("input", op, values),
            Field::Output => self.text("output", op, values),
            Field::User => self.user(op, values),
            Field::Tags => self.texts("tags", op, values),
            Field::Subjects => self.texts("subjects", op, values),
            Field::TraceIds => self.texts("trace_ids", op, values),
            Field::Latency => self.latency(op, values),
            Field::Properties(_) | Field::Context(_) => {
                let texts = self.texts_of(field);
                self.any_of(&texts, op, values)
            }
        };
        if negated { format!("NOT ({holds})") } else { holds }
    }

    /// What holds of one text. For `is` the server can use the column's index.
    fn text(&mut self, text: &str, op: Op, values: &[Value]) -> String {
        match op {
            Op::Is | Op::IsNot => format!("{text} IN {}", self.bind_texts(values)),
            Op::Contains | Op::NotContains => {
                // By the server's rules and by Rust's, the lower case of one letter may be several.
                let parts = values.iter().map(|value| value.text().to_lowercase()).collect();
                let parts = self.bind("", "Array(String)", Param::Texts(parts));
                format!("multiSearchAny(lowerUTF8({text}), {parts})")
            }
            Op::StartsWith => {
                let begins = self.bind_texts(values);
                format!("arrayExists(begin -> startsWith({text}, begin), {begins})")
            }
            Op::Gt | Op::Gte | Op::Lt | Op::Lte => {
                let orders = self.orders(&format!("toFloat64OrZero({text})"), op, values);
                format!("match({text}, {NUMBER}) AND {orders}")
            }
            Op::Set | Op::NotSet => format!("{text} != ''"),
        }
    }

    /// What holds of a text in a list.
    fn texts(&mut self, list: &str, op: Op, values: &[Value]) -> String {
        if op == Op::Is {
            return format!("hasAny({list}, {})", self.bind_texts(values));
        }
        format!("arrayExists(text -> {}, {list})", self.text("text", op, values))
    }

    /// The same where numbers are equal as numbers.
    fn any_of(&mut self, list: &str, op: Op, values: &[Value]) -> String {
        let numbers: Vec<_> = values.iter().filter_map(Value::number).collect();
        if op != Op::Is || numbers.is_empty() {
            return self.texts(list, op, values);
        }
        // As the server writes them: 1e20 in digits.
        let has_exponent = |value: &&Value| value.text().contains(['e', 'E']);
        let long = values.iter().filter(has_exponent).filter_map(Value::number);
        let long = long.filter(|number| value::LONG.contains(&number.abs())).map(|number| number.to_string());
        let texts = values.iter().map(|value| value.text().to_owned()).chain(long).collect();
        let texts = self.bind("", "Array(String)", Param::Texts(texts));
        let numbers = self.bind("_numbers", "Array(Float64)", Param::Numbers(numbers));
        // + 0 makes a negative zero, which IN tells from zero, one.
        format!(
            "arrayExists(text -> text IN {texts} OR match(text, {SHORT_NUMBER}) AND toFloat64OrZero(text) + 0 IN {numbers}, {list})"
        )
    }

    fn user(&mut self, op: Op, values: &[Value]) -> String {
        // Only of an id, whose index is of use then.
        if op == Op::Is && !values.iter().any(|value| value.text().starts_with("anon:")) {
            return self.text("user_id", op, values);
        }
        self.text(USER, op, values)
    }

    fn latency(&mut self, op: Op, values: &[Value]) -> String {
        match op {
            Op::Is => {
                let numbers = values.iter().filter_map(Value::number).collect();
                format!("latency IN {}", self.bind("", "Array(Float64)", Param::Numbers(numbers)))
            }
            Op::Set => "latency > 0".to_owned(),
            op => format!("latency > 0 AND {}", self.orders("latency", op, values)),
        }
    }

    /// Against the one value that the others follow from.
    fn orders(&mut self, number: &str, op: Op, values: &[Value]) -> String {
        let numbers = values.iter().filter_map(Value::number);
        let (sign, value) = match op {
            Op::Gt => (">", numbers.reduce(f64::min)),
            Op::Gte => (">=", numbers.reduce(f64::min)),
            Op::Lt => ("<", numbers.reduce(f64::max)),
            _ => ("<=", numbers.reduce(f64::max)),
        };
        // There is one: of a filter that orders, all values are numbers.
        format!("{number} {sign} {}", self.bind("", "Float64", Param::Number(value.unwrap_or_default())))
    }

    fn bind_texts(&mut self, values: &[Value]) -> String {
        let texts = values.iter().map(|value| value.text().to_owned()).collect();
        self.bind("", "Array(String)", Param::Texts(texts))
    }
}

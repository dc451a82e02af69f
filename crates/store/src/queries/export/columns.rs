//! What a column of an export is called, and how the table tells it.

/// What a column's values are, as far as a format writes them in a way of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Texts or numbers.
    List,
    /// A number or a time.
    Plain,
}

/// A column of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    name: &'static str,
    /// Over the columns of the table, which stand behind `e.`.
    pub(super) sql: &'static str,
    pub(super) kind: Kind,
}

/// Those of which an export is, where nothing else is asked for. JSON texts are never empty.
const USUAL: [Column; 8] = [
    text("event_id", "toString(e.id)"),
    text("event_type", "toString(e.event_name)"),
    text("tenant_id", "toString(e.tenant)"),
    text("user_id", "e.user_id"),
    plain("timestamp", "e.created_at"),
    text("data", "if(e.properties = '', '{}', e.properties)"),
    text("metadata", "if(e.context = '', '{}', e.context)"),
    plain("inserted_at", "e.received_at"),
];

/// Those of the table besides. What only tells versions of a row apart is left out, and so is the view of the
/// properties that has lost some of them.
const OTHERS: [Column; 23] = [
    text("tenant", "toString(e.tenant)"),
    text("id", "toString(e.id)"),
    plain("created_at", "e.created_at"),
    plain("updated_at", "e.updated_at"),
    plain("received_at", "e.received_at"),
    text("source", "toString(e.source)"),
    text("kind", "toString(e.kind)"),
    text("event_name", "toString(e.event_name)"),
    text("message_id", "e.message_id"),
    text("conversation_id", "e.conversation_id"),
    text("conversation_metadata", "e.conversation_metadata"),
    text("anonymous_id", "e.anonymous_id"),
    text("error", "e.error"),
    plain("latency", "e.latency"),
    text("input", "e.input"),
    text("output", "e.output"),
    list("input_embeddings", "e.input_embeddings"),
    list("output_embeddings", "e.output_embeddings"),
    list("subjects", "e.subjects"),
    list("tags", "e.tags"),
    list("trace_ids", "e.trace_ids"),
    text("properties", "e.properties"),
    text("context", "e.context"),
];

const fn text(name: &'static str, sql: &'static str) -> Column {
    Column { name, sql, kind: Kind::Text }
}

const fn plain(name: &'static str, sql: &'static str) -> Column {
    Column { name, sql, kind: Kind::Plain }
}

const fn list(name: &'static str, sql: &'static str) -> Column {
    Column { name, sql, kind: Kind::List }
}

impl Column {
    /// Those of an export that names none.
    pub fn usual() -> Vec<Self> {
        USUAL.to_vec()
    }

    /// All that there are.
    pub fn all() -> impl Iterator<Item = Self> {
        USUAL.into_iter().chain(OTHERS)
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|column| column.name == name)
    }

    /// Its name, which has letters and underscores alone.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

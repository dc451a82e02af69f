//! Events as a file: ClickHouse writes it, and what it has written goes on as it is.

mod columns;

use std::time::Duration;

use bytes::Bytes;
use clickhouse::query::BytesCursor;
use model::EventId;
use tokio::time::timeout;

pub use columns::Column;
use columns::Kind;

use super::sql_time;
use crate::ask::{Besides, query_id};
use crate::{Limits, Scope, Store, StoreError, within};

/// In the order of the table's key, so that rows are written as they are read, and memory is bounded.
const EXPORT: &str = "SELECT /* columns */ FROM {events} AS e ORDER BY e.created_at, UUIDToNum(e.id)";

/// Where an export goes on.
const AFTER: &str = " AND created_at >= {after_time:DateTime64(3, 'UTC')}
    AND (created_at, UUIDToNum(id)) > ({after_time:DateTime64(3, 'UTC')}, UUIDToNum({after_id:UUID}))";

/// Whether the server works on a question of this name. The embedded engine names its questions by comments.
const WORKS: &str = "SELECT count() FROM {processes} WHERE query_id = ? OR Settings['log_comment'] = ?";

/// How often in a row the server may fail to say whether it works on an export.
const MAX_UNKNOWN: u32 = 5;

/// How long it may take to say so.
const WORKS_WITHIN: Duration = Duration::from_secs(10);

/// What makes a spreadsheet take a cell for a formula, and the quote that is put in front of it: also in front of
/// itself, so that it can be taken off again.
const FORMULA: &str = r"'^[=+\\-@＝＋－＠\\t\\r\\n\']'";

/// Rows and bytes of a group of rows of Parquet: the server holds a few of them.
const GROUP_ROWS: &str = "100000";
const GROUP_BYTES: &str = "33554432";

/// The form of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportFormat {
    /// A JSON object a line.
    #[default]
    Ndjson,
    /// A row a line, below a line of names. Lists are JSON, and no cell is taken for a formula.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// An export as the server writes it.
pub struct Export {
    bytes: BytesCursor,
    store: Store,
    /// By what name the server knows the question.
    query_id: String,
    /// After how long without a piece the server is asked whether it works on one.
    patience: Duration,
    /// What goes before the first piece.
    head: Option<Bytes>,
}

impl Export {
    /// The next piece of the file. The server's own limit of time would count what the client takes to read, so there
    /// is none: a piece is waited for as long as the server works on it, through events that are not wanted too. How
    /// many rows it may read is limited.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let (mut works, mut unknown) = (true, 0);
        let piece = loop {
            match timeout(self.patience, self.bytes.next()).await {
                Ok(piece) => break piece?,
                Err(_) if !works => return Err(StoreError::no_answer(self.patience)),
                Err(_) => {}
            }
            match self.store.works_on(&self.query_id).await {
                // What it wrote last may be on its way when it has ended, so that there is one more wait.
                Ok(answer) => (works, unknown) = (answer, 0),
                // It may be too busy to say.
                Err(_) if unknown < MAX_UNKNOWN => unknown += 1,
                Err(error) => return Err(error),
            }
        };
        match (self.head.take(), piece) {
            (Some(head), Some(piece)) => Ok(Some([head, piece].concat().into())),
            (head, piece) => Ok(piece.or(head)),
        }
    }
}

impl Store {
    /// The events of the scope as a file of these columns, oldest first and those of one millisecond by their ids;
    /// behind one of them if it goes on there.
    pub fn export(
        &self,
        scope: &Scope<'_>,
        columns: &[Column],
        format: ExportFormat,
        after: Option<EventId>,
    ) -> Result<Export, StoreError> {
        let limits = Limits { time: Duration::ZERO, rows: 0, ..scope.limits };
        let query_id = query_id(scope.query_id.unwrap_or("export"));
        let scope = Scope { limits, query_id: None, ..scope.clone() };
        let mut besides = Besides::default();
        if after.is_some() {
            besides.conditions += AFTER;
        }
        let selected: Vec<_> =
            columns.iter().map(|column| format!("{} AS {}", format.value(column), column.name())).collect();
        let sql = EXPORT.replace("/* columns */", &selected.join(", "));
        let mut question = self.ask_besides(&scope, &sql, besides);
        if let Some(after) = after {
            question = question.param("after_time", sql_time(after.created_at()));
            question = question.param("after_id", after.to_string());
        }
        for (name, value) in [
            ("query_id", query_id.as_str()),
            ("date_time_output_format", "iso"),
            ("output_format_json_escape_forward_slashes", "0"),
            ("output_format_parquet_row_group_size", GROUP_ROWS),
            ("output_format_parquet_row_group_size_bytes", GROUP_BYTES),
        ] {
            question = question.setting(name, value);
        }
        let bytes = question.fetch_bytes(format.of_server())?;
        Ok(Export {
            bytes,
            store: self.clone(),
            query_id,
            patience: self.timeout(),
            head: (format == ExportFormat::Csv).then(|| head(columns)),
        })
    }

    /// Asked as look-ups are, for which the embedded engine keeps places that exports can't take.
    async fn works_on(&self, query_id: &str) -> Result<bool, StoreError> {
        let sql = WORKS.replace("{processes}", &self.config.processes());
        let works = self.looker.query(&sql).bind(query_id).bind(query_id);
        // An answer of the others is one.
        let works = works.with_setting("skip_unavailable_shards", "1");
        Ok(within(WORKS_WITHIN, works.fetch_one::<u64>()).await? > 0)
    }
}

impl ExportFormat {
    /// What the server calls it. Of CSV the one without names, which it can send while it writes.
    fn of_server(self) -> &'static str {
        match self {
            Self::Ndjson => "JSONEachRow",
            Self::Csv => "CSV",
            Self::Parquet => "Parquet",
        }
    }

    /// A column's value as the format has it.
    fn value(self, Column { sql, kind, .. }: &Column) -> String {
        match (self, kind) {
            (Self::Csv, Kind::Text) => format!("if(match({sql}, {FORMULA}), concat('\\'', {sql}), {sql})"),
            (Self::Csv, Kind::List) => format!("toJSONString({sql})"),
            _ => (*sql).to_owned(),
        }
    }
}

/// The line of names.
fn head(columns: &[Column]) -> Bytes {
    let names: Vec<_> = columns.iter().map(Column::name).collect();
    format!("{}\n", names.join(",")).into()
}

//! Events as a file, for warehouses and spreadsheets.

use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::Response;
use model::{EventId, Source};
use serde::Deserialize;
use serde::de::{self, Deserializer};
use store::queries::{Column, Export, ExportFormat};
use store::{Field, Filter, Filters, Op, StoreError, Value};
use utoipa::{IntoParams, ToSchema};

use crate::asked::{Asked, DEFAULT_DAYS, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};
use crate::streamed::{self, Listing};

/// Which events are exported, and in which form.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Wanted {
    /// Those that came in this dialect: `native`, `segment`, `event_service` or `redis`.
    #[serde(deserialize_with = "source")]
    #[param(value_type = Option<String>, example = "native")]
    source: Option<Source>,
    /// Those of this name.
    #[serde(deserialize_with = "parameters::text")]
    event_name: Option<String>,
    /// Names of columns with commas between them: those that come unasked, `event_id`, `event_type`, `tenant_id`,
    /// `user_id`, `timestamp`, `data`, `metadata` and `inserted_at`, and all others of an event.
    #[serde(deserialize_with = "columns")]
    #[param(value_type = Option<String>, example = "event_id,timestamp,latency")]
    columns: Vec<Column>,
    /// A JSON object a line, as if it is absent, a row a line, or Apache Parquet.
    #[serde(deserialize_with = "format")]
    #[param(value_type = Option<Format>, inline)]
    format: ExportFormat,
    /// The last event that is already there: only those behind it are wanted.
    #[serde(deserialize_with = "after")]
    #[param(value_type = Option<String>)]
    after: Option<EventId>,
}

impl Default for Wanted {
    fn default() -> Self {
        let (columns, format) = (Column::usual(), ExportFormat::Ndjson);
        Self { source: None, event_name: None, columns, format, after: None }
    }
}

/// The form of an export.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "read by the description alone")]
enum Format {
    Ndjson,
    Csv,
    Parquet,
}

impl Wanted {
    fn filters(&self) -> Result<Filters, ApiError> {
        let source = self.source.map(|source| (Field::Source, Value::from(source.as_str())));
        let name = self.event_name.as_deref().map(|name| (Field::EventName, Value::from(name)));
        let filters = source.into_iter().chain(name);
        let filters: Result<Vec<_>, _> =
            filters.map(|(field, value)| Filter::new(field, Op::Is, vec![value])).collect();
        Ok(filters?.try_into()?)
    }
}

/// All events of a period as a file, oldest first, those of one millisecond by their ids.
#[utoipa::path(
    get,
    path = "/export",
    tag = "questions",
    params(Wanted, Period),
    responses((status = 200, description = "The file, sent while it is written: without its end it is not whole", content(
        (String = "application/x-ndjson"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.apache.parquet"),
    )))
)]
pub(crate) async fn export(call: Call) -> Result<Response, ApiError> {
    let (wanted, period) = (call.parameters::<Wanted>()?, call.parameters::<Period>()?);
    let (place, request_id, filters) =
        (call.place.clone(), call.caller.request_id.clone(), wanted.filters()?);
    let asked = Asked::about(call, &period, Some(DEFAULT_DAYS), filters).await?;
    let question = |error| ApiError::question(error, NARROW);
    let Wanted { columns, format, after, .. } = wanted;
    let export = asked.store().export(&asked.scope(), &columns, format, after).map_err(question)?;
    let mut response =
        streamed::answer(File { export, format }, &place, request_id).await.map_err(question)?;
    let name = match format {
        ExportFormat::Ndjson => "attachment; filename=\"events.ndjson\"",
        ExportFormat::Csv => "attachment; filename=\"events.csv\"",
        ExportFormat::Parquet => "attachment; filename=\"events.parquet\"",
    };
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

/// The pieces of a file.
struct File {
    export: Export,
    format: ExportFormat,
}

impl Listing for File {
    type Item = Bytes;

    fn content_type(&self) -> &'static str {
        match self.format {
            ExportFormat::Ndjson => "application/x-ndjson; charset=utf-8",
            ExportFormat::Csv => "text/csv; charset=utf-8; header=present",
            ExportFormat::Parquet => "application/vnd.apache.parquet",
        }
    }

    fn head(&self) -> &'static [u8] {
        b""
    }

    fn separator(&self) -> &'static [u8] {
        b""
    }

    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        self.export.next().await
    }

    fn write(&self, piece: &Bytes, chunk: &mut Vec<u8>) {
        chunk.extend_from_slice(piece);
    }

    fn tail(&self, _: &mut Vec<u8>) {}
}

fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Source>, D::Error> {
    let Some(name) = parameters::text(deserializer)? else { return Ok(None) };
    let unknown = || de::Error::custom("source must be native, segment, event_service or redis");
    Source::parse(&name).map(Some).ok_or_else(unknown)
}

fn columns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Column>, D::Error> {
    let Some(names) = parameters::text(deserializer)? else { return Ok(Column::usual()) };
    let mut columns: Vec<Column> = Vec::new();
    for name in names.split(',') {
        let Some(column) = Column::parse(name) else {
            let (name, all): (String, Vec<_>) = (name.chars().take(64).collect(), Column::all().collect());
            let all: Vec<_> = all.iter().map(Column::name).collect();
            let all = all.join(", ");
            return Err(de::Error::custom(format_args!("columns: unknown {name:?}: there are {all}")));
        };
        if columns.contains(&column) {
            return Err(de::Error::custom(format_args!("columns: {name} is named twice")));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ExportFormat, D::Error> {
    match parameters::text(deserializer)?.as_deref() {
        None | Some("ndjson") => Ok(ExportFormat::Ndjson),
        Some("csv") => Ok(ExportFormat::Csv),
        Some("parquet") => Ok(ExportFormat::Parquet),
        Some(_) => Err(de::Error::custom("format must be ndjson, csv or parquet")),
    }
}

fn after<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<EventId>, D::Error> {
    let Some(id) = parameters::text(deserializer)? else { return Ok(None) };
    EventId::parse(&id).map(Some).map_err(|_| de::Error::custom("after must be the id of an event"))
}

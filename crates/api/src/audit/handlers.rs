//! The two trails: of a subject, and of a trace.

use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::Response;
use model::wire;
use store::Filters;

use super::asked::{Format, Wanted};
use super::histories::Told;
use super::shapes::AuditTrail;
use super::trail::{Named, Trail};
use super::written::Written;
use crate::asked::{Asked, NARROW};
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::Period;
use crate::places::Class;
use crate::streamed;

/// What happened to a subject: all events that ever named it, oldest first, deleted ones too.
#[utoipa::path(
    get,
    path = "/audit/subjects/{subject}",
    tag = "audit",
    params(("subject" = String, Path, description = "The subject, such as a sample or an instrument"), Wanted, Period),
    responses((status = 200, description = "A page of it, or all", content(
        (AuditTrail = "application/json"),
        (String = "text/csv"),
        (String = "application/x-ndjson"),
    )))
)]
pub(crate) async fn of_subject(call: Call) -> Result<Response, ApiError> {
    let subject = named(&call, "subject")?;
    answer(call, Named::Subject(subject)).await
}

/// What belongs together: all events that ever named a trace, oldest first, deleted ones too.
#[utoipa::path(
    get,
    path = "/audit/traces/{trace_id}",
    tag = "audit",
    params(("trace_id" = String, Path, description = "The trace, such as a run"), Wanted, Period),
    responses((status = 200, description = "A page of it, or all", content(
        (AuditTrail = "application/json"),
        (String = "text/csv"),
        (String = "application/x-ndjson"),
    )))
)]
pub(crate) async fn of_trace(call: Call) -> Result<Response, ApiError> {
    let trace_id = named(&call, "trace_id")?;
    answer(call, Named::Trace(trace_id)).await
}

fn named(call: &Call, name: &'static str) -> Result<String, ApiError> {
    let text = call.segment(name)?;
    wire::check_id(name, &text)?;
    Ok(text)
}

async fn answer(call: Call, named: Named) -> Result<Response, ApiError> {
    let wanted = call.parameters::<Wanted>()?.checked()?;
    let (format, period) = (wanted.format, call.parameters::<Period>()?);
    let told = if wanted.history {
        call.app.places.exchange(&call.place, Class::History, &call.caller.tenant)?;
        Some(Told::new(Duration::from_millis(call.app.config.history_timeout_ms)))
    } else {
        None
    };
    let (place, request_id) = (call.place.clone(), call.caller.request_id.clone());
    let mut asked = Asked::about(call, &period, None, Filters::NONE).await?;
    if let Some(cursor) = wanted.cursor() {
        asked = asked.within(cursor.range);
    }
    let file = (format != Format::Json).then(|| attachment(&named, format));
    let question = |error| ApiError::question(error, NARROW);
    let after = wanted.cursor().map(|cursor| cursor.after.id);
    let trail = Trail::begin(asked, named, after, wanted.limit()).await.map_err(question)?;
    if format == Format::Json && wanted.digest && trail.has_more() {
        let words = "digest=true is of the whole period, which is more than one answer holds: ask for a shorter one, \
                     or for format=ndjson";
        return Err(ApiError::Invalid(words.to_owned()));
    }
    let written = Written::new(trail, format, wanted.digest, told);
    let mut response = streamed::answer(written, &place, request_id).await.map_err(question)?;
    if let Some(file) = file.and_then(|file| HeaderValue::from_maybe_shared(file).ok()) {
        response.headers_mut().insert(CONTENT_DISPOSITION, file);
    }
    Ok(response)
}

/// What a browser keeps the answer as: a name without anything that a file system or a header could take amiss.
fn attachment(named: &Named, format: Format) -> String {
    let (kind, name) = named.kind_and_name();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let name: String = name.chars().take(64).map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"audit-{kind}-{name}.{format}\"")
}

//! A statement's way from the request to the response.

use std::sync::Arc;

use axum::{
    body::Body as HttpBody,
    extract::{Query, Request as HttpRequest},
    http::{HeaderMap, Method, header, request::Parts},
    response::Response,
};
use bytes::Bytes;

use super::{
    form,
    response::{self, Answer},
};
use crate::{
    body::Body,
    database::Database,
    exception::{Exception, code},
    insert,
    request::Request,
    select::{self, Reply},
    sql::{DataInsert, Shape, outside},
};

/// So much of the body decides whether it is an `INSERT` with rows behind it. ClickHouse by default
/// takes no statement whose text is longer (`max_query_size`).
const HEAD_BYTES: usize = 256 << 10;

/// Carries out the request's statement.
pub(super) async fn answer(database: Arc<Database>, request: HttpRequest) -> Result<Response, Exception> {
    let (parts, body) = request.into_parts();
    let (mut request, mut body) = read(&parts, body)?;
    let query_id = request.query_id.clone();
    let answer = async {
        if let Some(boundary) = content_type(&parts.headers).and_then(form::boundary) {
            let mut form = Vec::new();
            body.read_into(&mut form, usize::MAX).await?;
            for (name, value) in form::fields(form.into(), boundary).await? {
                request.set(&name, value)?;
            }
        }
        dispatch(&database, request, &mut body).await
    };
    Ok(answer.await.unwrap_or_else(|exception| response::failed(&exception, &query_id)))
}

/// What is known of the request before its body.
fn read(parts: &Parts, body: HttpBody) -> Result<(Request, Body), Exception> {
    let url = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
        .map_err(|error| Exception::new(code::BAD_ARGUMENTS, "BAD_ARGUMENTS", error))?;
    let request = Request::read(parts.method != Method::POST, url.0, &parts.headers)?;
    let body = Body::new(&parts.headers, body, request.decompress)?;
    Ok((request, body))
}

/// Finds out where the statement ends, and whether rows follow it.
async fn dispatch(
    database: &Arc<Database>,
    mut request: Request,
    body: &mut Body,
) -> Result<Response, Exception> {
    let mut text = std::mem::take(&mut request.query).into_bytes();
    let request = Arc::new(request);
    // The statement is in the URL, or in the body, or begins in the one and goes on in the other.
    let mut insert = DataInsert::find(&text);
    if insert.is_none() {
        if !text.is_empty() {
            text.push(b'\n');
        }
        body.read_into(&mut text, HEAD_BYTES).await?;
        insert = DataInsert::find(&text);
    }
    if let Some(insert) = insert {
        return take_in(database, &request, insert, text, body).await;
    }
    body.read_into(&mut text, usize::MAX).await?;
    if text.is_empty() && request.readonly {
        return Ok(response::ok());
    }
    carry_out(database, &request, text).await
}

async fn take_in(
    database: &Database,
    request: &Arc<Request>,
    insert: DataInsert,
    text: Vec<u8>,
    body: &mut Body,
) -> Result<Response, Exception> {
    refuse_writing(request)?;
    outside::check(&insert.statement)?;
    let rows = Bytes::from(text).split_off(insert.data);
    let progress = insert::run(database, request, insert, rows, body).await?;
    Ok(empty(request).whole(&Bytes::new(), progress))
}

async fn carry_out(
    database: &Arc<Database>,
    request: &Arc<Request>,
    text: Vec<u8>,
) -> Result<Response, Exception> {
    outside::check(&text)?;
    let shape = Shape::of(&text);
    if shape.inserts {
        refuse_writing(request)?;
    }
    let format = request.format(&shape);
    let answer = Answer {
        query_id: &request.query_id,
        content_type: database.formats().content_type(format),
        format: Some(format),
        compress: request.compress,
    };
    Ok(match select::run(database, request, text, &shape).await? {
        Reply::Whole(result, progress) if result.is_empty() && !shape.selects => {
            empty(request).whole(&result, progress)
        }
        Reply::Whole(result, progress) => answer.whole(&result, progress),
        Reply::Stream(first, rest) => answer.stream(first, rest),
    })
}

/// What is answered to a statement without a result.
fn empty(request: &Request) -> Answer<'_> {
    Answer {
        query_id: &request.query_id,
        content_type: "text/plain; charset=UTF-8",
        format: None,
        compress: request.compress,
    }
}

/// The engine keeps a read-only request from writing, but for an insert into a table function.
fn refuse_writing(request: &Request) -> Result<(), Exception> {
    if request.readonly {
        let message = "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. \
            You should use method POST for modifying queries";
        return Err(Exception::new(code::READONLY, "READONLY", message));
    }
    Ok(())
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

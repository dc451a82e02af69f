//! `/ui/session`: who is signed in, or could be.

use std::time::Duration;

use axum::http::header::{ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::{Tenant, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use utoipa::ToSchema;

use super::{Session, cookie, is_sent};
use crate::auth::Caller;
use crate::call::Call;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::own_page::{self, Sender};
use crate::reply::Reply;
use crate::shapes::{Failure, Good, Said};
use crate::voice::Answer;

/// In bytes; a key has 46.
const MAX_BODY_BYTES: usize = 4 << 10;

/// How long it takes to be told that a key is wrong.
const WRONG_KEY_TAKES: Duration = Duration::from_secs(1);

/// A key to sign in with.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SignIn {
    /// Of scope `read` and any others.
    #[schema(example = "mr_Yk0l8gW0c1Vb4vB0mUo5n0g0T1m2Jx4h1cQyS7dJm8o")]
    key: String,
}

/// Who looks at the page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Viewer {
    /// Whether keys are asked for.
    needs_key: bool,
    /// Whose events are shown; null if somebody has to sign in first.
    #[schema(value_type = Option<String>, example = "acme")]
    tenant: Option<Tenant>,
    /// What may be done to them: `ingest`, `read`, `admin`.
    #[schema(value_type = Vec<String>, example = json!(["read"]))]
    scopes: Vec<&'static str>,
    /// When the session ends unless it is used; null without one.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Whether there was a session that counts no more: it is over, its key was taken out, or the API was started anew.
    ended: bool,
    /// Where keys are not asked for, those that `X-Tenant` may name; null where they are.
    #[schema(value_type = Option<Vec<String>>)]
    tenants: Option<Vec<Tenant>>,
}

/// Who looks at the page, whether keys are asked for, and where they are not which tenants there are. Of tenants whose
/// first events came within a minute it may not know yet.
#[utoipa::path(
    get,
    path = "/ui/session",
    tag = "session",
    responses((status = 200, description = "Who looks at the page, if that is known", body = Good<Viewer>))
)]
pub(crate) async fn show(call: Call) -> Result<Reply<Viewer>, ApiError> {
    let Call { app, caller, headers, .. } = call;
    if let Some(keys) = app.auth.keys() {
        let session = app.auth.sessions.find(&headers, &keys);
        let ended = session.is_none() && is_sent(&headers);
        return Ok(Reply::ok(Viewer { ended, ..Viewer::of(session.as_ref()) }));
    }
    let asked = Timestamp::now();
    let Caller { tenant, scopes, .. } = app.auth.caller(caller.request_id, &headers, Some(Scope::Read))?;
    // The page can be shown without them.
    let known = app.kept_tenants.get((), asked, async || app.store.tenants().await.map_err(ApiError::from));
    let mut tenants = known.await.unwrap_or_default();
    if !tenants.contains(&tenant) {
        tenants.push(tenant.clone());
        tenants.sort();
    }
    let (scopes, tenants) = (scopes.names(), Some(tenants));
    Ok(Reply::ok(Viewer { needs_key: false, tenant: Some(tenant), scopes, tenants, ..Viewer::of(None) }))
}

/// Signs the page in: from then on a cookie shows what the key would, to requests of the page itself. It lasts 12 hours
/// from its last use, and 30 days at most.
#[utoipa::path(
    post,
    path = "/ui/session",
    tag = "session",
    request_body = SignIn,
    responses(
        (status = 200, description = "Who looks at the page from now on", body = Good<Viewer>, headers(("Set-Cookie" = String, description = "The session"))),
        (status = 401, description = "The key is not known", body = Failure),
        (status = 403, description = "The key may not read, or another page asks", body = Failure),
    )
)]
pub(crate) async fn sign_in(call: Call) -> Result<Response, ApiError> {
    let Call { app, route, caller, headers, body, .. } = call;
    from_own_page(&headers)?;
    let taken = app.bodies.read(&headers, body, MAX_BODY_BYTES).await?;
    let (SignIn { key }, _) = taken.parsed(|body, _| parsed(body)).await?;
    let keys = app
        .auth
        .keys()
        .ok_or_else(|| ApiError::Invalid("no keys are asked for here: nobody signs in".into()))?;
    let Some(entry) = keys.find(key.trim().as_bytes()) else {
        sleep(WRONG_KEY_TAKES).await;
        return Err(ApiError::Unauthorized("the key is not known"));
    };
    if !entry.scopes.has(Scope::Read) {
        return Err(ApiError::NotInScope(Scope::Read.name()));
    }
    let (session, cookie) = app.auth.sessions.begin(entry, is_secure(&headers));
    let reply = Reply::new(StatusCode::OK, "signed in").with(Viewer::of(Some(&session)));
    let mut response = reply.write(route.voice, &caller.request_id);
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// Signs the page out.
#[utoipa::path(
    delete,
    path = "/ui/session",
    tag = "session",
    responses(
        (status = 200, description = "The browser has forgotten the session", body = Said),
        (status = 403, description = "Another page asks", body = Failure),
    )
)]
pub(crate) async fn sign_out(call: Call) -> Result<Response, ApiError> {
    from_own_page(&call.headers)?;
    let reply = Reply::<()>::new(StatusCode::OK, "signed out");
    let mut response = reply.write(call.route.voice, &call.caller.request_id);
    response.headers_mut().insert(SET_COOKIE, cookie::forgotten());
    Ok(response)
}

/// No page of somebody else's signs anybody in or out.
fn from_own_page(headers: &HeaderMap) -> Result<(), ApiError> {
    match own_page::sender(headers) {
        Sender::OtherPage => Err(ApiError::Forbidden("only the page itself signs in and out")),
        Sender::OwnPage | Sender::Person | Sender::Unknown => Ok(()),
    }
}

fn parsed(body: &[u8]) -> Result<SignIn, ApiError> {
    serde_json::from_slice(body).map_err(|_| ApiError::Invalid("the body must be {\"key\": \"…\"}".into()))
}

/// Whether the page came over TLS, as far as its browser or a proxy says.
fn is_secure(headers: &HeaderMap) -> bool {
    let begins = |name: &str, text: &str| {
        headers.get(name).is_some_and(|value| value.as_bytes().starts_with(text.as_bytes()))
    };
    begins(ORIGIN.as_str(), "https://") || begins("x-forwarded-proto", "https")
}

impl Viewer {
    /// Where keys are asked for.
    fn of(session: Option<&Session<'_>>) -> Self {
        Self {
            needs_key: true,
            tenant: session.map(|session| session.entry.tenant.clone()),
            scopes: session.map(|session| session.entry.scopes.names()).unwrap_or_default(),
            expires_at: session.and_then(Session::expires_at),
            ended: false,
            tenants: None,
        }
    }
}

//! What a route is.

use axum::http::Method;
use axum::response::Response;
use futures_util::future::BoxFuture;
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{RefOr, Schema};

use crate::call::Call;
use crate::keys::Scope;
use crate::places::Class;
use crate::voice::{Answer, Voice};

/// A method on a path.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// At most one segment is variable, `{name}`, or all from one on, `{*name}`. Served with and without a trailing
    /// slash.
    pub(crate) path: &'static str,
    /// Other paths by which clients of its dialect know it.
    pub(crate) aliases: &'static [&'static str],
    /// What numbers and the API's description call it.
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    /// What a key must be for; `None` if none is needed.
    pub(crate) scope: Option<Scope>,
    pub(crate) key_place: KeyPlace,
    pub(crate) voice: Voice,
    /// What stands at its handler for the API's description; `None` of the page, which is not for programs.
    pub(crate) described: Option<fn() -> Described>,
    pub(crate) handler: Handler,
}

/// Where a key may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    /// In the headers: the caller is known before the handler is called.
    Headers,
    /// There, in the query, or where only the handler finds it: so it asks whose the key is (`Auth::find`).
    Anywhere,
}

/// What an annotation says of a handler.
pub(crate) struct Described {
    pub(crate) operation: Operation,
    /// The shapes that it names.
    pub(crate) shapes: Vec<(String, RefOr<Schema>)>,
}

/// Reads the annotation, which `utoipa::path` calls `__path_` and the handler's name.
pub(crate) fn described<A: utoipa::Path + SchemaReferences + Tags<'static>>() -> Described {
    let mut shapes = Vec::new();
    A::schemas(&mut shapes);
    let mut operation = A::operation();
    operation.tags = Some(A::tags().into_iter().map(str::to_owned).collect());
    Described { operation, shapes }
}

/// Answers a call.
pub(crate) type Handler = fn(Call) -> BoxFuture<'static, Response>;

/// A handler's answer, written in the voice of its route.
pub(crate) fn run<F>(call: Call, handler: impl FnOnce(Call) -> F) -> BoxFuture<'static, Response>
where
    F: Future<Output: Answer> + Send + 'static,
{
    let (voice, id) = (call.route.voice, call.caller.request_id.clone());
    let answered = handler(call);
    Box::pin(async move { answered.await.write(voice, &id) })
}
